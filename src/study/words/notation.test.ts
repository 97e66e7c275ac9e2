/** How a study's texts write what its figures are of. */
import { expect, it } from "vitest";
import type { ClassScores } from "../../evaluation/scores/class-scores.ts";
import { testedClasses } from "./notation.ts";

it("names the classes that no test image is of, as they do not count in balanced accuracy", () => {
  const perClass = (supports: readonly number[]): ClassScores[] =>
    supports.map((support, label) => ({ class: "abc"[label]!, support, precision: 0, recall: 0, f1: 0 }));
  expect(testedClasses({ perClass: perClass([5, 3, 1]) })).toBe("3 classes");
  expect(testedClasses({ perClass: perClass([5, 0, 1]) })).toBe("2 of 3 classes (none of b)");
});
