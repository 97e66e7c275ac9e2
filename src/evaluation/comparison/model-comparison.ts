/** Two classifiers on the same images: is the difference more than chance? */

import { type GroupLabels, numberGroups, separateImages } from "../image-groups.ts";
import type { Estimate } from "../intervals/cluster-bootstrap.ts";
import { type Proportion, proportion } from "../intervals/proportion.ts";
import { checkPredictions } from "../predictions.ts";
import { verdicts } from "../verdicts.ts";
import { differenceInterval, meanDifference, type PairedDifference, pairedDifference } from "./paired-difference.ts";
import { signFlip } from "./sign-flip.ts";

/** Two models' probabilities for the same images. */
export interface ComparisonOptions {
  readonly classes: readonly string[];
  readonly truth: ArrayLike<number>;
  /** (images, classes) of the one and the other, for the same images in the same order. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Images that belong together, such as those of one lesion; unless given, every image stands alone. */
  readonly groups?: GroupLabels;
}

/** How two models compare on the same images. */
export interface ModelComparison {
  readonly samples: number;
  /** Groups among the images; as many as images where each stands alone. */
  readonly groups: number;
  readonly first: Proportion;
  readonly second: Proportion;
  /** Images that one has right and the other wrong. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Two-sided, of no difference in accuracy. */
  readonly pValue: number;
  /** Sign flips of whole groups, where there are groups of several images; of single images they are McNemar's test. */
  readonly test: "McNemar's exact test" | "exact sign-flip test of groups";
  /** First less second, with intervals that go by the groups. */
  readonly accuracyDifference: Estimate;
  readonly balancedAccuracyDifference: Estimate;
}

const estimate = (difference: PairedDifference): Estimate => ({
  value: difference.value,
  interval: differenceInterval(difference),
});

/**
 * Compares two classifiers on the same images by their most probable classes. Both must have been settled before these images
 * were looked at: comparing many and telling of the best needs other images. Throws EvaluationError for bad input.
 */
export function compareModels({
  classes,
  truth,
  first,
  second,
  groups: labels = separateImages(truth.length),
}: ComparisonOptions): ModelComparison {
  const [one, other] = [first, second].map((probabilities) => {
    const predictions = { classes, truth, probabilities };
    checkPredictions(predictions);
    return verdicts(predictions).correct;
  }) as [readonly boolean[], readonly boolean[]];
  const samples = truth.length;
  const groups = numberGroups(labels, samples);
  const differences = one.map((right, image) => Number(right) - Number(other[image]));
  const byGroup = new Array<number>(groups.count).fill(0);
  for (const [image, difference] of differences.entries()) byGroup[groups.of[image]!]! += difference;
  const byClass = classes.flatMap(
    (_, label) =>
      pairedDifference(
        differences.map((difference, image) => (truth[image] === label ? difference : null)),
        groups,
      ) ?? [],
  );
  return {
    samples,
    groups: groups.count,
    first: proportion(one, groups),
    second: proportion(other, groups),
    onlyFirst: differences.filter((difference) => difference > 0).length,
    onlySecond: differences.filter((difference) => difference < 0).length,
    pValue: signFlip(byGroup),
    test: groups.count < samples ? "exact sign-flip test of groups" : "McNemar's exact test",
    accuracyDifference: estimate(pairedDifference(differences, groups)!),
    balancedAccuracyDifference: estimate(meanDifference(byClass)),
  };
}
