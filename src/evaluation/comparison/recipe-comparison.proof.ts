/** False claims and found differences among recipes, counted in studies that are dealt from recorded trainings of one recipe under 20 seeds. */
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import {
  falseClaims,
  falseClaimsOfWholeStudies,
  foundShifts,
  readRecordedSeeds,
  shamRecipes,
  withFolds,
} from "../reference-numbers/recipe-seeds.ts";
import { foldContributions, optimismOfBest } from "./recipe-comparison.ts";

const studies = 300;
const allowed = 0.05;
/** Two standard errors of a part of 5 % that is counted in so many studies. */
const counting = 2 * Math.sqrt((allowed * (1 - allowed)) / studies);

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each([4, 10] as const)("of a recipe of %i epochs under other seeds", (epochs) => {
  const recorded = readRecordedSeeds(epochs);

  it.each([
    [2, 5],
    [4, 5],
    [7, 5],
    [4, 2],
    [7, 2],
  ])("%i shams on %i folds are rarely told apart, and often by an interval over images alone", (recipes, folds) => {
    const images = withFolds(recorded, folds);
    const { before, now } = falseClaims(images, { recipes, studies, resamples: 60, seed: 1 });
    expect(now).toBeLessThanOrEqual(allowed + counting);
    expect(before).toBeGreaterThan(2 * allowed);
  });

  it.each([
    [5, 0],
    [5, 0.03],
    [2, 0],
    [2, 0.03],
  ])(
    "whole studies of three chapters on %i folds claim nothing false, where every second sham varies by %f more",
    (folds, noise) => {
      const part = falseClaimsOfWholeStudies(withFolds(recorded, folds), { studies, seed: 2, noise });
      expect(part).toBeLessThanOrEqual(allowed + counting);
    },
  );

  it("the optimism of the best of ten is estimated rightly in the mean", () => {
    const value = (predicted: Uint8Array) => mean(foldContributions(recorded, [predicted]));
    const ofAll = mean(recorded.predicted.map(value));
    const differences = Array.from({ length: studies }, (_, study) => {
      const recipes = shamRecipes(recorded, 10, Random.of(4, study));
      const flattered = Math.max(...recipes.map(value)) - ofAll;
      return (
        flattered -
        optimismOfBest(
          recorded,
          recipes.map((predicted) => [predicted]),
        )
      );
    });
    expect(Math.abs(mean(differences))).toBeLessThan(0.003);
  });
});

describe("a recipe that is better than the others", () => {
  it.each([
    [10, 0.05, 4, 5, 0.25],
    [10, 0.1, 4, 5, 0.95],
    [10, 0.05, 7, 5, 0.25],
    [10, 0.1, 7, 5, 0.95],
    [10, 0.1, 7, 2, 0.15],
    [4, 0.1, 4, 5, 0.45],
    [4, 0.1, 7, 5, 0.45],
  ] as const)(
    "after %i epochs, by %f, among %i on %i folds, is found in at least a part of %f",
    (epochs, shift, recipes, folds, part) => {
      const images = withFolds(readRecordedSeeds(epochs), folds);
      const found = foundShifts(images, { recipes, shift, studies, seed: 3, families: 3 });
      expect(found).toBeGreaterThan(part);
    },
  );
});
