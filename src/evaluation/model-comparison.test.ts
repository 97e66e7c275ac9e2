/** McNemar's test against published examples, and the comparison of two classifiers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";
import { mcnemar } from "./mcnemar.ts";
import { compareModels } from "./model-comparison.ts";
import { EvaluationError } from "./predictions.ts";

describe("mcnemar", () => {
  it("gives published exact p-values", () => {
    // Armitage and Berry 1994, Statistical Methods in Medical Research, p. 127: 12 and 2 discordant sputum specimens.
    expect(mcnemar(12, 2)).toBeCloseTo(0.0129, 4);
    // Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91, Table 1: 1 and 7 discordant children.
    expect(mcnemar(1, 7)).toBeCloseTo(0.0703, 4);
  });

  it("does not care which is first, is 1 for equal counts, and stays a probability for many", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5000 }), fc.nat({ max: 5000 }), (one, other) => {
        const p = mcnemar(one, other);
        expect(p).toBe(mcnemar(other, one));
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(mcnemar(one, one)).toBeCloseTo(1, 9);
      }),
    );
    // The normal approximation of 1,100 against 1,000, with continuity correction: z = 99 / sqrt(2100).
    expect(mcnemar(1100, 1000)).toBeCloseTo(0.0307, 3);
  });

  it("refuses what are no counts", () => {
    for (const [one, other] of [
      [-1, 2],
      [0.5, 2],
      [3, Number.NaN],
    ] as const) {
      expect(() => mcnemar(one, other)).toThrow(EvaluationError);
    }
  });
});

/** Certain predictions of two classes, right with the given chance. */
function predict(truth: readonly number[], chance: number, random: Random): Float32Array {
  return Float32Array.from(
    truth.flatMap((label) => {
      const said = random.uniform() < chance ? label : 1 - label;
      return said === 0 ? [1, 0] : [0, 1];
    }),
  );
}

describe("compareModels", () => {
  const truth = Array.from({ length: 600 }, (_, image) => (image % 3 === 0 ? 1 : 0));
  const classes = ["a", "b"];

  it("sees a real difference and its sign", () => {
    const random = Random.of(1);
    const comparison = compareModels({
      classes,
      truth,
      first: predict(truth, 0.9, random),
      second: predict(truth, 0.7, random),
      replicates: 200,
      random,
    });
    expect(comparison.mcnemar).toBeLessThan(1e-6);
    const { accuracyDifference: difference, first, second, onlyFirst, onlySecond } = comparison;
    expect(difference.value).toBeCloseTo(first.value! - second.value!, 12);
    expect(difference.value).toBeCloseTo((onlyFirst - onlySecond) / 600, 12);
    expect(difference.interval![0]).toBeGreaterThan(0);
    expect(comparison.balancedAccuracyDifference.interval![0]).toBeGreaterThan(0);
  });

  it("sees none between a classifier and itself", () => {
    const first = predict(truth, 0.8, Random.of(2));
    const comparison = compareModels({ classes, truth, first, second: first, replicates: 50, random: Random.of(3) });
    expect(comparison).toMatchObject({ onlyFirst: 0, onlySecond: 0, mcnemar: 1 });
    expect(comparison.accuracyDifference).toEqual({ value: 0, interval: [0, 0] });
  });

  it("holds a difference of zero in about 95 % of the runs, with lesions photographed more than once", () => {
    const random = Random.of(4);
    const runs = 300;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const groups: number[] = [];
      const rows: [number[], number[]] = [[], []];
      for (let lesion = 0; lesion < 60; lesion++) {
        const right = rows.map(() => random.uniform() < 0.7);
        for (let photograph = random.integer(3); photograph >= 0; photograph--) {
          groups.push(lesion);
          for (const [model, row] of rows.entries()) row.push(...(right[model] ? [1, 0] : [0, 1]));
        }
      }
      const [first, second] = rows.map((row) => Float32Array.from(row)) as [Float32Array, Float32Array];
      const alike = { classes, truth: groups.map(() => 0), first, second, groups, replicates: 150, random };
      const [low, high] = compareModels(alike).accuracyDifference.interval!;
      if (low <= 0 && high >= 0) covered += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.91);
    expect(covered / runs).toBeLessThan(0.985);
  });

  it("refuses predictions of other images", () => {
    const first = predict(truth, 0.8, Random.of(5));
    expect(() => compareModels({ classes, truth, first, second: first.subarray(2), random: Random.of(6) })).toThrow(
      new EvaluationError("evaluation: expected 600 images x 2 classes = 1200 probabilities, got 1198"),
    );
  });
});
