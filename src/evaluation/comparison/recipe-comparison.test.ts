/** Recipes compared over folds: the arithmetic beside known tests, and false claims among recipes that are one recipe under other seeds. */
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { clusterBootstrap } from "../intervals/cluster-bootstrap.ts";
import { falseClaims, foundShifts, readRecordedSeeds } from "../reference-numbers/recipe-seeds.ts";
import { balancedAccuracy, scoresByClass } from "../scores/class-scores.ts";
import { confusionMatrix } from "../scores/confusion-matrix.ts";
import { compareRecipes, type FoldedImages, foldContributions, optimismOfBest } from "./recipe-comparison.ts";

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const images: FoldedImages = {
  classes: ["a", "b", "c"],
  truth: Array.from({ length: 120 }, (_, image) => (image % 6 === 0 ? 0 : image % 2 === 0 ? 1 : 2)),
  foldOf: Array.from({ length: 120 }, (_, image) => Math.floor(image / 24)),
  folds: 5,
  groups: Array.from({ length: 120 }, (_, image) => Math.floor(image / 3)),
};

/** Right for about `rate` of the images. */
const predictions = (rate: number, random: Random): number[] =>
  images.truth.map((label) => (random.uniform() < rate ? label : random.integer(3)));

describe("recipes on the same folds", () => {
  it("have contributions of folds whose mean is the balanced accuracy of all images", () => {
    const repetitions = [1, 2].map((seed) => predictions(0.5, Random.of(seed)));
    const pooled = repetitions.map((predicted) =>
      balancedAccuracy(scoresByClass(images.classes, confusionMatrix(images.truth, predicted, 3))),
    );
    expect(mean(foldContributions(images, repetitions))).toBeCloseTo(mean(pooled), 12);
  });

  it("are two in the paired t test of Nadeau and Bengio, whose factor is 1 / folds + 1 / (folds - 1)", () => {
    const recipes = [1, 2].map((seed) => [predictions(0.6, Random.of(seed))]);
    const { differences, visible, trainings } = compareRecipes({
      ...images,
      recipes,
      replicates: 40,
      random: Random.of(3),
    });
    const [one, other] = recipes.map((repetitions) => foldContributions(images, repetitions)) as [number[], number[]];
    const paired = other.map((value, fold) => value - one[fold]!);
    const variance = paired.reduce((sum, value) => sum + (value - mean(paired)) ** 2, 0) / 4;
    // Student's t of 4 degrees of freedom at 97.5 %.
    expect(visible).toBeCloseTo(2.776 * Math.sqrt(variance * (1 / 5 + 1 / 4)), 3);
    expect(differences[0]!.value).toBeCloseTo(mean(paired), 12);
    expect(trainings).toBe(5);
  });

  it("need a larger difference where more is claimed at once", () => {
    const recipes = Array.from({ length: 6 }, (_, seed) => [predictions(0.6, Random.of(seed))]);
    const visible = (families: number) =>
      compareRecipes({ ...images, recipes, families, replicates: 40, random: Random.of(3) }).visible;
    expect(visible(3)).toBeGreaterThan(visible(1));
  });

  it("have intervals of their own that hold those of the images alone", () => {
    const recipes = [1, 2, 3].map((seed) => [predictions(0.6, Random.of(seed))]);
    const { balancedAccuracy: estimates } = compareRecipes({
      ...images,
      recipes,
      replicates: 200,
      random: Random.of(3),
    });
    const { interval } = clusterBootstrap({
      groups: images.groups,
      replicates: 200,
      random: Random.of(3),
      statistic: (counts) =>
        balancedAccuracy(scoresByClass(images.classes, confusionMatrix(images.truth, recipes[0]![0]!, 3, counts))),
    });
    expect(estimates[0]!.interval![0]).toBeLessThan(interval![0]);
    expect(estimates[0]!.interval![1]).toBeGreaterThan(interval![1]);
  });

  it.each([
    ["never err", () => [...images.truth]],
    ["always err alike", () => images.truth.map((label) => (label + 1) % 3)],
    ["always say one class", () => images.truth.map(() => 1)],
  ])("have intervals with a width, and no difference of 0 points to be told, where all %s", (_, predicted) => {
    const { balancedAccuracy: estimates, ...compared } = compareRecipes({
      ...images,
      recipes: [[predicted()], [predicted()], [predicted()]],
      replicates: 40,
      random: Random.of(3),
    });
    // More than one image of the rarest class makes, in one training of 15.
    expect(compared.visible).toBeGreaterThan(1 / 60);
    for (const { value, interval } of [...estimates, ...compared.differences]) {
      expect(interval![0]).toBeLessThanOrEqual(value!);
      expect(interval![1]).toBeGreaterThanOrEqual(value!);
      expect(interval![1] - interval![0]).toBeGreaterThan(0.01);
    }
    expect(compared.differences.some(({ distinguishable }) => distinguishable)).toBe(false);
  });

  it("have differences whose intervals stay within -1 and 1, also where nothing can be told", () => {
    const few = { ...images, folds: 2, foldOf: images.foldOf.map((fold) => fold % 2) };
    const recipes = [predictions(0.9, Random.of(1)), images.truth.map((_, image) => image % 3), [...images.truth]];
    const { differences, visible } = compareRecipes({
      ...few,
      recipes: recipes.map((predicted) => [predicted]),
      families: 20,
      replicates: 40,
      random: Random.of(3),
    });
    expect(visible).toBe(1);
    for (const { value, interval, distinguishable } of differences) {
      expect(interval).toEqual([Math.max(-1, value! - 1), Math.min(1, value! + 1)]);
      expect(distinguishable).toBe(false);
    }
  });

  it("are refused where there is one, or one fold", () => {
    const one = [predictions(0.6, Random.of(1))];
    const random = Random.of(1);
    expect(() => compareRecipes({ ...images, recipes: [one], random })).toThrow(/at least two recipes and two folds/);
    expect(() => compareRecipes({ ...images, folds: 1, recipes: [one, one], random })).toThrow(
      /two folds, got 2 and 1/,
    );
  });

  it("flatter the best of them by what choosing on other folds does not find", () => {
    const recipes = Array.from({ length: 10 }, (_, seed) => [predictions(0.5, Random.of(7, seed))]);
    expect(optimismOfBest(images, recipes)).toBeGreaterThan(0);
    const clear = [...recipes, [[...images.truth]]];
    expect(optimismOfBest(images, clear)).toBeCloseTo(0, 12);
  });
});

describe("sham recipes: one recipe under other seeds (recipe-comparison.proof.ts draws more)", () => {
  const recorded = readRecordedSeeds(4);

  it("are told from each other by an interval over images alone, and not by one over trainings too", () => {
    const { before, now } = falseClaims(recorded, { recipes: 4, studies: 60, resamples: 100, seed: 1 });
    expect(before).toBeGreaterThan(0.3);
    expect(now).toBeLessThan(0.05);
  });

  it("do not hide a recipe that is 10 points better", () => {
    expect(foundShifts(recorded, { recipes: 4, shift: 0.1, studies: 60, seed: 2 })).toBeGreaterThan(0.8);
  });
});
