/** What is said of a comparison: no more than chance, more than it, and how far the chosen one is flattered. */
import { expect, it } from "vitest";
import type { Comparison } from "../study-report.ts";
import { gainInWords, optimismInWords, visibleInWords } from "./chance-in-words.ts";

/** Two recipes, the second chosen with `difference` more than the first. */
const comparison = (difference: number, more: Partial<Comparison> = {}): Comparison => ({
  recipes: [
    { name: "none", balancedAccuracy: { value: 0.5, interval: null }, difference: null },
    {
      name: "flips",
      balancedAccuracy: { value: 0.5 + difference, interval: null },
      difference: { value: difference, interval: null, distinguishable: difference > 0.04 },
    },
  ] as unknown as Comparison["recipes"],
  chosen: "flips",
  trainings: 5,
  visible: 0.04,
  choice: 4,
  optimism: 0.012,
  ...more,
});

const plain = (text: string | undefined): string | undefined => text?.replaceAll("\u00a0", " ");

it("calls a difference more than chance only beyond what trainings and images explain", () => {
  expect(gainInWords(comparison(0.03), "without")).toBe("3.0 points higher than without, which may be chance");
  expect(gainInWords(comparison(0.05), "without")).toBe(
    "5.0 points higher than without, which is more than chance explains",
  );
  expect(gainInWords(comparison(0.05, { chosen: "none" }), "without")).toBeUndefined();
});

it("says how large a difference must be to be seen", () => {
  expect(visibleInWords(comparison(0.05))).toBe(
    "With 5 trainings of each recipe, each with its own seed, only differences above 4.0 points exceed the variation between seeds and images " +
      "(95 %, for all comparisons of this study together).",
  );
  expect(visibleInWords(comparison(0.05, { visible: 1.4, trainings: 2 }))).toMatch(
    /2 trainings .* no difference can be distinguished/,
  );
  expect(visibleInWords(comparison(0.05, { visible: null }))).toBe("");
});

it("says that the best of several is flattered, and by how much", () => {
  expect(plain(optimismInWords(comparison(0.05)))).toMatch(
    /^Choosing the best of 4 recipes inflates its figure: .* scores 53\.8 %, 1\.2 points less/,
  );
  expect(plain(optimismInWords(comparison(0.05, { optimism: -0.01 })))).toMatch(
    /^Choosing the best .* scores no less\.$/,
  );
});
