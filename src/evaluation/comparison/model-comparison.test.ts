/** The comparison of two classifiers on the same images. */
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { compareModels } from "./model-comparison.ts";

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
    });
    expect(comparison.test).toBe("McNemar's exact test");
    expect(comparison.pValue).toBeLessThan(1e-6);
    const { accuracyDifference: difference, first, second, onlyFirst, onlySecond } = comparison;
    expect(difference.value).toBeCloseTo(first.value! - second.value!, 12);
    expect(difference.value).toBeCloseTo((onlyFirst - onlySecond) / 600, 12);
    expect(difference.interval![0]).toBeGreaterThan(0);
    expect(comparison.balancedAccuracyDifference.interval![0]).toBeGreaterThan(0);
  });

  it("sees none between a classifier and itself", () => {
    const first = predict(truth, 0.8, Random.of(2));
    const comparison = compareModels({ classes, truth, first, second: first });
    expect(comparison).toMatchObject({ onlyFirst: 0, onlySecond: 0, pValue: 1 });
    const { value, interval } = comparison.accuracyDifference;
    expect(value).toBe(0);
    expect(interval![0]).toBeLessThan(-0.002);
    expect(interval![1]).toBeGreaterThan(0.002);
  });

  it("goes by lesions where they are known", () => {
    // 40 lesions with 5 images each; of 6 lesions only the first is right in all images, of 1 only the second.
    const lesions = Array.from({ length: 200 }, (_, image) => Math.floor(image / 5));
    const certain = (wrong: (lesion: number) => boolean) =>
      Float32Array.from(lesions.flatMap((lesion) => (wrong(lesion) ? [0, 1] : [1, 0])));
    const models = {
      classes,
      truth: lesions.map(() => 0),
      first: certain((lesion) => lesion === 10),
      second: certain((lesion) => lesion < 6),
    };
    const known = compareModels({ ...models, groups: lesions });
    const unknown = compareModels(models);
    expect(unknown.pValue).toBeLessThan(1e-4);
    expect(known).toMatchObject({ groups: 40, onlyFirst: 30, onlySecond: 5, test: "exact sign-flip test of groups" });
    // As McNemar's test of 6 and 1 lesions.
    expect(known.pValue).toBeCloseTo(0.125, 12);
    expect(known.accuracyDifference.value).toBe(unknown.accuracyDifference.value);
    expect(known.accuracyDifference.interval![0]).toBeLessThan(0);
    expect(unknown.accuracyDifference.interval![0]).toBeGreaterThan(0);
  });

  it("refuses predictions of other images", () => {
    const first = predict(truth, 0.8, Random.of(5));
    expect(() => compareModels({ classes, truth, first, second: first.subarray(2) })).toThrow(
      new EvaluationError("evaluation: expected 600 images x 2 classes = 1200 probabilities, got 1198"),
    );
  });
});
