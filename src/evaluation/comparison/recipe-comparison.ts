/** Several recipes on the same folds: which differences are more than the seed of a training and the choice of images explain. */

import { EvaluationError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { type GroupLabels, groupSizes, numberGroups } from "../image-groups.ts";
import { boundedInterval } from "../intervals/bounded-interval.ts";
import { clusterBootstrap, type Estimate } from "../intervals/cluster-bootstrap.ts";
import { kishSize, sizeOfMean } from "../intervals/effective-size.ts";
import { balancedAccuracy, scoresByClass } from "../scores/class-scores.ts";
import { confusionMatrix } from "../scores/confusion-matrix.ts";
import { dunnettCriticalValue } from "./dunnett.ts";

/** The images that all recipes are cross-validated on. */
export interface FoldedImages {
  readonly truth: readonly number[];
  readonly classes: readonly string[];
  /** For each image the fold in which it is held out, from 0; groups stand in one fold each. */
  readonly foldOf: readonly number[];
  readonly folds: number;
  readonly groups: GroupLabels;
}

/**
 * The classes that a recipe's models say of the images that they did not see: one array (images) per repetition of the
 * cross-validation. No two trainings, of one recipe or of several, may share a seed.
 */
export type OutOfFoldClasses = readonly ArrayLike<number>[];

/** What a comparison of recipes needs. */
export interface RecipeComparisonOptions extends FoldedImages {
  /** At least two; the first is the one that the others are compared with. */
  readonly recipes: readonly OutOfFoldClasses[];
  /** Comparisons such as this one that are told of together: the error rate holds for all of them. Default 1. */
  readonly families?: number;
  readonly replicates?: number;
  readonly random: Random;
}

/** A difference with an interval that holds for all comparisons at once. */
export interface RecipeDifference extends Estimate {
  /** Whether the interval leaves out 0. */
  readonly distinguishable: boolean;
}

/** How recipes compare, over images and over training seeds. */
export interface RecipeComparison {
  /** Of each recipe, with a 95 % interval of its own, over images (groups whole) and over trainings. */
  readonly balancedAccuracy: readonly Estimate[];
  /** Balanced accuracy of each further recipe less that of the first. */
  readonly differences: readonly RecipeDifference[];
  /** The difference, in [0, 1], above which one is told from chance. */
  readonly visible: number;
  /** Trainings of each recipe: folds times repetitions. */
  readonly trainings: number;
}

function imagesByClass(truth: readonly number[], classes: readonly string[]): number[] {
  const images = classes.map(() => 0);
  for (const label of truth) images[label]! += 1;
  return images;
}

/**
 * What each fold contributes to a recipe's balanced accuracy, (folds): the sum over the fold's right images of folds / (classes x
 * images of their class), averaged over repetitions. Their mean is the balanced accuracy of the pooled predictions.
 */
export function foldContributions(
  { truth, classes, foldOf, folds }: Omit<FoldedImages, "groups">,
  repetitions: OutOfFoldClasses,
): number[] {
  const images = imagesByClass(truth, classes);
  const present = images.filter((count) => count > 0).length;
  const contributions = new Array<number>(folds).fill(0);
  for (const predicted of repetitions) {
    for (const [image, label] of truth.entries()) {
      if (predicted[image] === label) {
        contributions[foldOf[image]!]! += folds / (present * images[label]! * repetitions.length);
      }
    }
  }
  return contributions;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * The mean square of what recipe and fold do not explain of (recipes, folds): residuals of the two-way layout, whose degrees of
 * freedom are (recipes - 1)(folds - 1). It holds the randomness of training, and that recipes do differently on different images.
 */
function residualVariance(contributions: readonly (readonly number[])[], folds: number): number {
  const ofRecipe = contributions.map(mean);
  const ofFold = Array.from({ length: folds }, (_, fold) => mean(contributions.map((own) => own[fold]!)));
  const overall = mean(ofRecipe);
  const squares = contributions.flatMap((own, recipe) =>
    own.map((value, fold) => (value - ofRecipe[recipe]! - ofFold[fold]! + overall) ** 2),
  );
  return squares.reduce((a, b) => a + b, 0) / ((contributions.length - 1) * (folds - 1));
}

/**
 * The {@link residualVariance} where a single training says otherwise of a single image of the rarest class. Where recipes and folds
 * explain all, as of recipes that never err, the layout shows no variance, and still it cannot show less than that.
 */
function leastVariance({ truth, classes, folds }: Omit<FoldedImages, "groups">, recipes: readonly OutOfFoldClasses[]) {
  const images = imagesByClass(truth, classes).filter((count) => count > 0);
  const ofImage = folds / (images.length * Math.min(...images) * recipes[0]!.length);
  return ofImage ** 2 / (recipes.length * folds);
}

const indexOfLargest = (values: readonly number[]): number =>
  values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);

/** The differences of a {@link RecipeComparison}, and what they are measured by. */
export interface RecipeDifferences extends Pick<RecipeComparison, "differences" | "visible"> {
  /** Of one training of one recipe, in the two-way layout of recipes and folds. */
  readonly variance: number;
  readonly freedom: number;
}

/**
 * Balanced accuracy of each further recipe less that of the first, with intervals that hold for all at once.
 *
 * Every training has a seed of its own, so folds are repetitions of the comparison, with other seeds and other images each time: the
 * two-way layout of recipes and folds gives the variance of a difference. Folds share training images, so their mean varies
 * by more than 1 / folds of it: 1 / folds + 1 / (folds - 1) is taken (Nadeau and Bengio 2003, "Inference for the
 * generalization error": the ratio of test to training images). Dunnett's critical value makes the intervals of all recipes of
 * the comparison hold at once, and Bonferroni's correction those of all `families`.
 * src/evaluation/comparison/recipe-comparison.proof.ts counts the false claims of recipes that are one recipe under other seeds.
 *
 * @throws EvaluationError for fewer than two recipes or folds
 */
export function recipeDifferences({
  recipes,
  families = 1,
  ...images
}: Omit<RecipeComparisonOptions, "groups" | "replicates" | "random">): RecipeDifferences {
  const { folds } = images;
  if (recipes.length < 2 || folds < 2) {
    throw new EvaluationError(
      `compareRecipes: expected at least two recipes and two folds, got ${recipes.length} and ${folds}`,
    );
  }
  const contributions = recipes.map((repetitions) => foldContributions(images, repetitions));
  const values = contributions.map(mean);
  const variance = Math.max(residualVariance(contributions, folds), leastVariance(images, recipes));
  const freedom = (recipes.length - 1) * (folds - 1);
  const error = Math.sqrt(2 * variance * (1 / folds + 1 / (folds - 1)));
  // No difference is larger than 1.
  const visible = Math.min(1, dunnettCriticalValue(1 - 0.05 / families, recipes.length - 1, freedom) * error);
  const differences = values.slice(1).map((value): RecipeDifference => {
    const difference = value - values[0]!;
    return {
      value: difference,
      interval: [Math.max(-1, difference - visible), Math.min(1, difference + visible)],
      distinguishable: Math.abs(difference) > visible,
    };
  });
  return { differences, visible, variance, freedom };
}

/** Compares recipes by the balanced accuracy of grouped cross-validation; throws EvaluationError where they cannot be compared. */
export function compareRecipes({ replicates = 1000, random, ...options }: RecipeComparisonOptions): RecipeComparison {
  const { recipes, truth, classes, groups, folds } = options;
  const { differences, visible, variance, freedom } = recipeDifferences(options);
  const ofTraining = dunnettCriticalValue(0.95, 1, freedom) * Math.sqrt(variance / folds);
  const imageGroups = numberGroups(groups, truth.length);
  const sizes = classes.flatMap((_, label) => {
    const size = kishSize(
      groupSizes(
        imageGroups,
        truth.map((own) => own === label),
      ),
    );
    return size > 0 ? [size] : [];
  });
  const worth = sizeOfMean(
    sizes.map(() => 1),
    sizes,
  );
  return {
    balancedAccuracy: recipes.map((repetitions) =>
      widened(
        boundedInterval(
          clusterBootstrap({
            groups,
            replicates,
            random,
            statistic: (counts) =>
              mean(
                repetitions.map((predicted) =>
                  balancedAccuracy(scoresByClass(classes, confusionMatrix(truth, predicted, classes.length, counts))),
                ),
              ),
          }),
          { low: 0, high: 1, groups: worth },
        ),
        ofTraining,
      ),
    ),
    differences,
    visible,
    trainings: folds * recipes[0]!.length,
  };
}

/**
 * By how much the best of several recipes is flattered by having been chosen: its balanced accuracy less that of choosing by other
 * images. For that the recipe that is best on all other folds is judged on each fold in turn. An estimate with a wide spread, right
 * in the mean: of recipes that are all alike it gives by how much the largest exceeds what they are.
 *
 * @param recipes the whole choice, (recipes); of equals the first is chosen
 */
export function optimismOfBest(images: Omit<FoldedImages, "groups">, recipes: readonly OutOfFoldClasses[]): number {
  const contributions = recipes.map((repetitions) => foldContributions(images, repetitions));
  const byOthers = Array.from({ length: images.folds }, (_, fold) => {
    const elsewhere = contributions.map((own) => mean(own.filter((_value, other) => other !== fold)));
    return contributions[indexOfLargest(elsewhere)]![fold]!;
  });
  return Math.max(...contributions.map(mean)) - mean(byOthers);
}

/** The interval of a figure that has one more cause of variance, independent of the first: half widths add as squares (Zou and Donner 2008). */
function widened({ value, interval }: Estimate, halfWidth: number): Estimate {
  if (value === null || interval === null) return { value, interval };
  const [low, high] = interval;
  return {
    value,
    interval: [
      Math.max(0, value - Math.hypot(value - low, halfWidth)),
      Math.min(1, value + Math.hypot(high - value, halfWidth)),
    ],
  };
}
