/** The figures of an evaluation: against scikit-learn, by their properties, and the refusal of bad input. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { anyCaseOf, type Case } from "../reference-numbers/evaluation-cases.ts";
import { type Evaluation, evaluateClassification } from "./evaluation.ts";

type Figures = Omit<Evaluation, "accuracyInterval" | "protocol" | "samples" | "correct" | "classes">;

const evaluate = ({ classes, truth, probabilities }: Case): Evaluation =>
  evaluateClassification({ protocol: "official", classes, truth, probabilities: Float32Array.from(probabilities) });

/** Same structure and names, numbers within rounding. */
function expectFigures(actual: Evaluation, expected: Figures): void {
  expect(actual.accuracy).toBeCloseTo(expected.accuracy, 12);
  expect(actual.balancedAccuracy).toBeCloseTo(expected.balancedAccuracy, 12);
  expect(actual.confusionMatrix).toEqual(expected.confusionMatrix);
  expect(actual.perClass).toHaveLength(expected.perClass.length);
  const pairs = [
    [actual.macro, expected.macro],
    [actual.weighted, expected.weighted],
    ...actual.perClass.map((scores, index) => [scores, expected.perClass[index]!] as const),
  ] as const;
  for (const [ours, theirs] of pairs) {
    for (const name of ["precision", "recall", "f1"] as const) expect(ours[name]).toBeCloseTo(theirs[name], 12);
  }
  for (const name of ["class", "support"] as const) {
    expect(actual.perClass.map((scores) => scores[name])).toEqual(expected.perClass.map((scores) => scores[name]));
  }
}

const anyCase = anyCaseOf(7);

describe("agreement with scikit-learn", () => {
  const recorded = JSON.parse(
    readFileSync(new URL("../reference-numbers/sklearn-metrics.json", import.meta.url), "utf8"),
  ) as { cases: (Case & { name: string; figures: Figures })[] };

  it.each(recorded.cases)("recorded: $name", (example) => {
    expectFigures(evaluate(example), example.figures);
  });

  const python = "/usr/bin/python3";
  const missing = spawnSync(python, ["-c", "import sklearn"]).status !== 0;
  it(missing ? "live: needs Debian's python3-sklearn" : "live, on random cases", ({ skip }) => {
    if (missing) skip("no scikit-learn for /usr/bin/python3");
    const cases = fc.sample(anyCase, { numRuns: 100, seed: 7 });
    const script = fileURLToPath(new URL("../../../scripts/references/sklearn_metrics.py", import.meta.url));
    const answer = execFileSync(python, [script, "-"], { input: JSON.stringify(cases), encoding: "utf8" });
    const figures = JSON.parse(answer) as Figures[];
    expect(figures).toHaveLength(cases.length);
    cases.forEach((example, index) => {
      expectFigures(evaluate(example), figures[index]!);
    });
  });
});

describe("properties", () => {
  it("keeps the figures consistent with each other", () => {
    fc.assert(
      fc.property(anyCase, (example) => {
        const figures = evaluate(example);
        const total = figures.confusionMatrix.flat().reduce((sum, count) => sum + count, 0);
        const trace = figures.confusionMatrix.reduce((sum, row, index) => sum + row[index]!, 0);
        expect(total).toBe(figures.samples);
        expect(figures.correct).toBe(trace);
        expect(figures.accuracy).toBe(trace / figures.samples);
        expect(figures.accuracyInterval[0]).toBeLessThanOrEqual(figures.accuracy);
        expect(figures.accuracyInterval[1]).toBeGreaterThanOrEqual(figures.accuracy);
        // Recall weighted with support is accuracy.
        expect(figures.weighted.recall).toBeCloseTo(figures.accuracy, 12);
        for (const [index, { precision, recall, f1, support }] of figures.perClass.entries()) {
          expect(support).toBe(example.truth.filter((label) => label === index).length);
          const mean = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
          expect(f1).toBeCloseTo(mean, 12);
        }
        expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
      }),
    );
  });

  it("does not depend on the order of the images", () => {
    fc.assert(
      fc.property(anyCase, (example) => {
        const count = example.classes.length;
        const rows = example.truth.map((_, image) => example.probabilities.slice(image * count, (image + 1) * count));
        const reversed = {
          classes: example.classes,
          truth: example.truth.toReversed(),
          probabilities: rows.toReversed().flat(),
        };
        expect(evaluate(reversed)).toEqual(evaluate(example));
      }),
    );
  });

  it("is 1 throughout for perfect predictions of every class", () => {
    const figures = evaluate({ classes: ["a", "b"], truth: [0, 1, 1], probabilities: [0.9, 0.1, 0.2, 0.8, 0, 1] });
    const perfect = { precision: 1, recall: 1, f1: 1 };
    expect(figures).toMatchObject({ accuracy: 1, balancedAccuracy: 1, macro: perfect, weighted: perfect });
    expect(figures.accuracyInterval[1]).toBe(1);
  });
});

describe("subject", () => {
  it("travels with the figures, and only what was given", () => {
    const predictions = { classes: ["a", "b"], truth: [0], probabilities: Float32Array.of(0.5, 0.5) };
    const figures = evaluateClassification({ protocol: "official", origin: "phantom", ...predictions });
    expect(figures).toMatchObject({ protocol: "official", origin: "phantom" });
    expect(Object.keys(figures)).not.toContain("dataFingerprint");
    expect(Object.keys(figures)).not.toContain("probabilities");
  });
});

describe("bad input", () => {
  const good = { classes: ["a", "b"], truth: [0, 1], probabilities: [0.5, 0.5, 0.25, 0.75] };
  it.each([
    ["no image", { ...good, truth: [], probabilities: [] }, "expected at least one image, got none"],
    ["no class", { ...good, classes: [], probabilities: [] }, "expected at least one class, got none"],
    ["lengths that disagree", { ...good, truth: [0] }, "expected 1 images x 2 classes = 2 probabilities, got 4"],
    ["a label that is too high", { ...good, truth: [0, 2] }, "image 1: expected a label from 0 to 1, got 2"],
    ["a negative label", { ...good, truth: [-1, 1] }, "image 0: expected a label from 0 to 1, got -1"],
    ["a label between two classes", { ...good, truth: [0.5, 1] }, "image 0: expected a label from 0 to 1, got 0.5"],
    [
      "NaN",
      { ...good, probabilities: [0.5, 0.5, 0.25, Number.NaN] },
      "image 1: expected a probability in [0, 1] for b, got NaN",
    ],
    [
      "logits",
      { ...good, probabilities: [0.5, 0.5, -3, 4] },
      "image 1: expected a probability in [0, 1] for a, got -3",
    ],
    [
      "a row that does not sum to 1",
      { ...good, probabilities: [0.5, 0.5, 0.25, 0.25] },
      "image 1: expected probabilities that sum to 1, got a sum of 0.5",
    ],
  ])("refuses %s", (_, example, message) => {
    expect(() => evaluate(example)).toThrow(new EvaluationError(`evaluation: ${message}`));
  });
});
