/** The rules of a study: what a budget allows, and what a learning curve is called. */
import { describe, expect, it } from "vitest";
import { planBudget, workingSize } from "./budget.ts";
import { type Recipe, trainingSeed } from "./cross-validated.ts";
import { type CurvePoint, judgeCurve } from "./learning-curve.ts";

const point = (epoch: number, training: readonly [number, number], held: readonly [number, number]): CurvePoint => ({
  epoch,
  trainingLoss: training[0],
  trainingAccuracy: training[1],
  validationLoss: held[0],
  validationAccuracy: held[1],
});

describe("a learning curve", () => {
  it.each([
    ["overfitting", "the loss held out rises", [point(1, [1.5, 0.4], [1.4, 0.4]), point(2, [0.9, 0.5], [1.6, 0.45])]],
    ["overfitting", "the accuracies are apart", [point(1, [1.5, 0.4], [1.4, 0.4]), point(2, [0.3, 0.9], [1.4, 0.5])]],
    [
      "underfitting",
      "the most frequent class is hardly beaten",
      [point(1, [2, 0.2], [2, 0.2]), point(2, [2, 0.25], [2, 0.2])],
    ],
    ["still improving", "the loss held out falls", [point(1, [2, 0.3], [2, 0.3]), point(2, [1.5, 0.5], [1.6, 0.45])]],
    ["balanced", "nothing of that", [point(1, [1.2, 0.5], [1.3, 0.5]), point(2, [1.2, 0.52], [1.29, 0.5])]],
  ] as const)("is called %s where %s", (verdict, _, points) => {
    expect(judgeCurve(points, 0.2).verdict).toBe(verdict);
  });
});

describe("a learning curve of a task that is done", () => {
  const losses = (...held: number[]) => held.map((loss, i) => point(i + 1, [loss, 1], [loss, 1]));

  it.each([
    ["all losses are 0", losses(0, 0, 0, 0)],
    ["a loss of next to nothing doubles", losses(1e-7, 1e-8, 1e-8, 2e-8)],
    ["a loss of 0 is no longer 0", losses(0, 0, 1e-6, 2e-6)],
  ])("is not called overfitting where %s", (_, points) => {
    const { verdict, why } = judgeCurve(points, 0.5);
    expect(verdict).toBe("balanced");
    expect(why).not.toMatch(/NaN|Infinity/);
  });

  it("says by how much a loss of 0 has risen", () => {
    const { verdict, why } = judgeCurve(losses(0.1, 0, 0.02, 0.2), 0.5);
    expect(verdict).toBe("overfitting");
    expect(why).toMatch(/lowest after epoch 2 and has since risen from 0\.000 to 0\.200$/);
  });

  it("is not called underfitting because nearly all images are of one class", () => {
    expect(judgeCurve(losses(0.01, 0.01), 0.97).verdict).toBe("balanced");
    const alwaysOne = [1, 2].map((epoch) => point(epoch, [0.14, 0.97], [0.14, 0.97]));
    expect(judgeCurve(alwaysOne, 0.97).verdict).toBe("underfitting");
  });
});

describe("the seed of a training", () => {
  it("is another one for every recipe, fold and repetition, and the same when the study is done again", () => {
    const recipes: Recipe[] = [
      { network: "notebook", augmentation: "none", epochs: 3 },
      { network: "notebook", augmentation: "flips", epochs: 3 },
    ];
    const all = () =>
      [0, 1].flatMap((studySeed) =>
        recipes.flatMap((recipe) =>
          [0, 1, 2].flatMap((fold) =>
            [0, 1].map((repetition) => trainingSeed(studySeed, recipe, { fold, folds: 3, repetition })),
          ),
        ),
      );
    expect(new Set(all()).size).toBe(24);
    expect(all()).toEqual(all());
    const reordered: Recipe = { epochs: 3, augmentation: "none", network: "notebook" };
    const training = { fold: 1, folds: 3, repetition: 0 };
    expect(trainingSeed(0, reordered, training)).toBe(trainingSeed(0, recipes[0]!, training));
  });
});

describe("a budget", () => {
  const options = {
    spentSeconds: 20,
    images: 2000,
    officialSpeed: 800,
    comparison: { configurations: 10, imagesPerSecond: 800 },
    recipes: { configurations: 2, imagesPerSecond: 500 },
    mostFolds: 5,
  };

  it("gives more folds or epochs for more time, and stays within it", () => {
    const plans = [5, 15, 30, 60, 240].map((minutes) => planBudget({ ...options, minutes }));
    plans.forEach((plan, i) => {
      expect(plan.trainingSeconds).toBeLessThan(plan.minutes * 60);
      expect(plan.overrun).toBe(false);
      const before = plans[i - 1];
      if (before) {
        expect(plan.folds).toBeGreaterThanOrEqual(before.folds);
        expect(plan.folds * plan.comparisonEpochs).toBeGreaterThanOrEqual(before.folds * before.comparisonEpochs);
        expect(plan.recipeEpochs).toBeGreaterThan(0);
      }
    });
    expect(plans.at(-1)!.folds).toBe(5);
  });

  it("repeats the folds with other seeds where all epochs that are of use fit, and stays within the time", () => {
    const plans = [60, 600, 2000].map((minutes) => planBudget({ ...options, minutes }));
    expect(plans.map(({ repetitions }) => repetitions)).toEqual([1, 3, 4]);
    for (const plan of plans) expect(plan.trainingSeconds).toBeLessThan(plan.minutes * 60);
    expect(plans.at(-1)).toMatchObject({ folds: 5, comparisonEpochs: 40, recipeEpochs: 80 });
  });

  it("says so where even the least takes longer", () => {
    expect(planBudget({ ...options, minutes: 0.1 })).toMatchObject({
      folds: 2,
      comparisonEpochs: 1,
      recipeEpochs: 0,
      overrun: true,
    });
  });

  it("leaves out the time that was spent before", () => {
    const epochs = [0, 200, 400].map(
      (spentSeconds) => planBudget({ ...options, minutes: 10, spentSeconds }).recipeEpochs,
    );
    expect(epochs[1]).toBeLessThan(epochs[0]!);
    expect(epochs[2]).toBeLessThan(epochs[1]!);
  });

  it("lowers the resolution only where there would be too few epochs", () => {
    const native = { comparison: 180, recipes: 128 };
    const sizes = [1, 2, 5, 30].map((minutes) => workingSize({ ...options, minutes }, native));
    expect(sizes[0]).toBe(64);
    expect(sizes.at(-1)).toBeUndefined();
    const sides = sizes.map((size) => size ?? native.comparison);
    expect(sides).toEqual([...sides].sort((a, b) => a - b));
  });

  it("takes no more folds than the rarest class has groups", () => {
    expect(planBudget({ ...options, minutes: 600, mostFolds: 3 }).folds).toBe(3);
  });
});
