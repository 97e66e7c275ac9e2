/** What stands above all figures: a final model that is worse than the first, and a test that does not bear out cross-validation. */
import { describe, expect, it } from "vitest";
import type { StudyReport } from "../study-report.ts";
import { cautions } from "./cautions.ts";

type Report = Pick<StudyReport, "evaluation" | "recipes">;
type Interval = readonly [number, number] | null;

interface Case {
  readonly right: readonly [final: number, first: number] | null;
  readonly difference?: Interval;
  readonly balancedDifference?: number;
  readonly test?: { readonly value: number; readonly interval: Interval };
  readonly validated?: { readonly value: number; readonly interval: Interval };
  readonly supports?: readonly number[];
}

const alike = { value: 0.45, interval: [0.4, 0.5] as const };

/** The part of a report that cautions are made of: 100 test images. */
function report({
  right,
  difference = null,
  balancedDifference = 0,
  test = alike,
  validated = alike,
  supports = [60, 40],
}: Case): Report {
  const comparison = right && {
    rival: "the notebook's network on raw images",
    samples: 100,
    first: { count: right[0], of: 100 },
    second: { count: right[1], of: 100 },
    accuracyDifference: { value: (right[0] - right[1]) / 100, interval: difference },
    balancedAccuracyDifference: { value: balancedDifference, interval: difference },
  };
  return {
    evaluation: {
      comparisons: comparison ? [comparison] : [],
      figures: { balancedAccuracy: test },
      perClass: supports.map((support, label) => ({ class: "abc"[label], support })),
    },
    recipes: { chosen: "best", recipes: [{ name: "best", balancedAccuracy: validated }] },
  } as unknown as Report;
}

const plain = (sentences: readonly string[]): string => sentences.join("\n").replaceAll("\u00a0", " ");

describe("cautions", () => {
  it("are none where the final model is better and the test agrees with cross-validation", () => {
    expect(cautions(report({ right: [50, 40], balancedDifference: 0.1 }))).toEqual([]);
    expect(cautions(report({ right: [40, 40] }))).toEqual([]);
    expect(cautions(report({ right: null }))).toEqual([]);
  });

  it("say that the final model gets fewer right, and whether the test images alone explain it", () => {
    expect(plain(cautions(report({ right: [29, 42], difference: [-0.22, -0.04] })))).toBe(
      "The final model is worse than the first one: it classifies 29 of 100 test images correctly, against 42 for the notebook's network on raw images. " +
        "The choice of test images does not explain the difference between these two models.",
    );
    expect(plain(cautions(report({ right: [41, 42], difference: [-0.1, 0.08] })))).toMatch(
      /classifies 41 of 100 .* 42 for .*\. So few test images do not show which of the two models is better\.$/,
    );
  });

  it("say so of balanced accuracy where only that is worse", () => {
    expect(plain(cautions(report({ right: [43, 42], balancedDifference: -0.05 })))).toMatch(
      /^The final model's balanced accuracy is lower than the first one's: 45\.0 % on the test images, against 50\.0 % for the/,
    );
  });

  it("say that the test lies outside cross-validation's interval, and whether that may be chance", () => {
    const validated = { value: 0.44, interval: [0.41, 0.47] as const };
    const outside = { value: 0.29, interval: [0.2, 0.38] as const };
    expect(plain(cautions(report({ right: null, validated, test: outside })))).toBe(
      "Balanced accuracy on the test images is 29.0 %, below the cross-validation interval of 41.0 to 47.0 % (estimate: 44.0 %). " +
        "The test's own interval (20.0 to 38.0 %) does not contain the cross-validation estimate: " +
        "either the test images differ in kind from the training images, or the final model differs from the cross-validated ones.",
    );
    const wide = { value: 0.5, interval: [0.4, 0.6] as const };
    expect(plain(cautions(report({ right: null, validated, test: wide })))).toMatch(
      /above the cross-validation interval .* so the small test set may explain the difference\.$/,
    );
    expect(cautions(report({ right: null, validated, test: { value: 0.42, interval: [0.3, 0.5] } }))).toEqual([]);
  });

  it("say that a test without a class and cross-validation are not of the same classes", () => {
    const outside = { value: 0.9, interval: [0.7, 0.96] as const };
    const said = (supports: readonly number[]) => plain(cautions(report({ right: null, test: outside, supports })));
    expect(said([60, 0, 40])).toMatch(
      /cover 2 of 3 classes \(none of b\) and cross-validation covers all, so the two figures describe different classes/,
    );
    expect(said([60, 10, 30])).not.toMatch(/describe different classes/);
  });
});
