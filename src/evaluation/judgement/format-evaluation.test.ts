/** How an evaluation looks in a terminal. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isic9Classes } from "../../dataset/testing/isic9-classes.ts";
import { Random } from "../../random.ts";
import { evaluateClassification } from "./evaluation.ts";
import { formatEvaluation } from "./format-evaluation.ts";

/** Predictions that are certain of one class each. */
function certain(classes: readonly string[], truth: readonly number[], predicted: readonly number[]) {
  const probabilities = new Float32Array(truth.length * classes.length);
  predicted.forEach((label, image) => {
    probabilities[image * classes.length + label] = 1;
  });
  return evaluateClassification({ protocol: "official", classes, truth, probabilities });
}

const random = Random.of(1);
const truth = Array.from({ length: 118 }, () => random.integer(9));
const nine = certain(
  isic9Classes,
  truth,
  truth.map((label) => (random.uniform() < 0.4 ? label : random.integer(9))),
);

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => [...line].length));

describe("formatEvaluation", () => {
  it("shows figures, classes and the confusion matrix in 100 columns", () => {
    expect(formatEvaluation(nine)).toMatchSnapshot();
    expect(widest(formatEvaluation(nine))).toBeLessThanOrEqual(100);
  });

  it("says that the interval goes by the groups, and how far", () => {
    const half = { protocol: "official", classes: ["a", "b"], truth: [0, 0, 0, 0, 1, 1, 1, 1] };
    const probabilities = Float32Array.from(half.truth.flatMap(() => [1, 0]));
    const groups = [0, 0, 0, 0, 1, 1, 1, 1];
    const grouped = evaluateClassification({ ...half, probabilities, groups });
    expect(grouped).toMatchObject({ groups: 2, intervalMethod: "Wilson, on the effective number of images" });
    expect(formatEvaluation(grouped)).toMatch(
      /^intervals {10}Wilson's, on 1 effective image \(8 images in 2 groups\)$/m,
    );
    const alone = evaluateClassification({ ...half, probabilities });
    expect(formatEvaluation(alone)).toMatch(/^intervals {10}Wilson's$/m);
    expect(alone.accuracyInterval[0]).toBeGreaterThan(grouped.accuracyInterval[0]);
  });

  it("numbers the classes where words do not fit", () => {
    const text = formatEvaluation(nine, { columns: 80 });
    expect(text).toMatchSnapshot();
    expect(widest(text)).toBeLessThanOrEqual(80);
  });

  it("numbers the classes where cut words would look alike", () => {
    const text = formatEvaluation(certain(["photographs1", "photographs2"], [0, 1], [1, 0]), { columns: 36 });
    expect(text).toContain("1 photographs1");
  });

  it("says that phantom data are phantom data", () => {
    expect(formatEvaluation({ ...nine, origin: "phantom" })).toContain("phantom data");
    expect(formatEvaluation(nine)).not.toContain("phantom");
  });

  it("says what was judged, and what was kept out", () => {
    const text = formatEvaluation({
      ...nine,
      protocol: "clean",
      trainingImages: 2031,
      groupedBy: ["content", "lesion"],
      leftOut: { content: 18, group: 26 },
      curation: { plan: "0123456789abcdef", leftOut: 215, relabelled: 3, classesLeftOut: ["wart"] },
      dataFingerprint: "fedcba9876543210",
    });
    expect(text.split("\n").slice(0, 5)).toEqual([
      "clean: 118 images of 9 classes",
      "2,031 training images, grouped by content, lesion",
      "left out: 18 test images whose content, and 26 whose group, is in training",
      "curated: 215 left out, 3 relabelled, without wart (plan 0123456789ab)",
      "data fingerprint fedcba987654",
    ]);
    expect(formatEvaluation({ ...nine, protocol: "grouped:5", fold: 0 })).toMatch(/^fold 0$/m);
  });

  it("marks undefined scores and says what they count as", () => {
    const text = formatEvaluation(certain(["a", "b", "c"], [0, 0], [0, 1]));
    expect(text).toMatch(/^c +- +- +- +0$/m);
    expect(text).toContain("counts as 0 in the means");
    expect(formatEvaluation(certain(["a", "b"], [0, 1], [0, 1]))).not.toContain("counts as 0");
  });

  it("does not pass control characters of a class name on to the terminal", () => {
    const text = formatEvaluation(certain(["a\u001b[31m", "b\nc"], [0, 1], [0, 1]));
    expect(text).not.toContain("\u001b");
    expect(text).toContain("b?c");
  });

  it("keeps the confusion matrix within the width, for any number of classes", () => {
    const anyClasses = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }), {
      minLength: 1,
      maxLength: 60,
      selector: (name) => name,
    });
    fc.assert(
      fc.property(anyClasses, fc.integer({ min: 60, max: 200 }), (classes, columns) => {
        const labels = classes.map((_, index) => index);
        const evaluation = certain(classes, [...labels, ...labels], [...labels, ...labels.toReversed()]);
        const matrix = formatEvaluation(evaluation, { columns }).split(
          /columns: prediction\)\n|largest confusions\n/,
        )[1]!;
        expect(widest(matrix)).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 60 },
    );
  });

  it("prints a page of 1,500 classes, with the worst and what they are taken for", () => {
    const classes = Array.from({ length: 1500 }, (_, i) => `class ${i}`);
    const truth = [...classes.keys(), 7, 7, 9];
    const predicted = [...classes.keys(), 8, 8, 8];
    const text = formatEvaluation(certain(classes, truth, predicted));
    expect(text.split("\n").length).toBeLessThan(60);
    expect(widest(text)).toBeLessThanOrEqual(110);
    const lines = text.split("\n").map((line) => line.trim().replace(/ {2,}/g, "  "));
    const table = lines.findIndex((line) => line.startsWith("class  precision"));
    expect(lines.slice(table + 1, table + 3)).toEqual([
      "class 7  100.0 %  33.3 %  50.0 %  3",
      "class 9  100.0 %  50.0 %  66.7 %  2",
    ]);
    expect(text).toContain(
      "The table shows the 20 classes with the lowest recall, of 1,500. The JSON lists all of them",
    );
    expect(lines.slice(lines.indexOf("largest confusions") + 1)).toEqual([
      "truth  prediction  images  of",
      "class 7  class 8  2  3",
      "class 9  class 8  1  2",
    ]);
  });

  it("keeps the underscores at a name's ends", () => {
    expect(formatEvaluation(certain(["__proto__", "a"], [0, 1], [0, 1]))).toContain("__proto__  a\n");
    expect(formatEvaluation(certain(["___", "a"], [0, 1], [0, 1]))).toContain("___  a\n");
  });
});
