/** Two classifiers on the same images: is the difference more than chance? */
import type { Random } from "../random.ts";
import { balancedAccuracy, scoresByClass } from "./class-scores.ts";
import { clusterBootstrap, type Estimate } from "./cluster-bootstrap.ts";
import { verdicts } from "./confidence.ts";
import { confusionMatrix, correctCount } from "./confusion-matrix.ts";
import { type GroupLabels, separateImages } from "./image-groups.ts";
import { mcnemar } from "./mcnemar.ts";
import { checkPredictions } from "./predictions.ts";
import { type Proportion, proportion } from "./proportion.ts";
import type { Counts } from "./ranking.ts";

export interface ComparisonOptions {
  readonly classes: readonly string[];
  readonly truth: ArrayLike<number>;
  /** (images, classes) of the one and the other, for the same images in the same order. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Images that belong together, such as those of one lesion; unless given, every image stands alone. */
  readonly groups?: GroupLabels;
  readonly replicates?: number;
  readonly random: Random;
}

export interface ModelComparison {
  readonly samples: number;
  readonly first: Proportion;
  readonly second: Proportion;
  /** Images that one has right and the other wrong. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** McNemar's exact p-value, which takes the images as independent; with grouped images look at the intervals below. */
  readonly mcnemar: number;
  /** First less second, with intervals from the grouped bootstrap of the pairs. */
  readonly accuracyDifference: Estimate;
  readonly balancedAccuracyDifference: Estimate;
}

/**
 * Compares two classifiers on the same images by their most probable classes. Both must have been settled before these images
 * were looked at: comparing many and telling of the best needs other images. Throws EvaluationError for bad input.
 */
export function compareModels({
  classes,
  truth,
  first,
  second,
  groups = separateImages(truth.length),
  replicates = 1000,
  random,
}: ComparisonOptions): ModelComparison {
  const [one, other] = [first, second].map((probabilities) => {
    const predictions = { classes, truth, probabilities };
    checkPredictions(predictions);
    return verdicts(predictions);
  }) as [ReturnType<typeof verdicts>, ReturnType<typeof verdicts>];
  const figures = (predicted: Uint32Array, counts: Counts) => {
    const matrix = confusionMatrix(truth, predicted, classes.length, counts);
    return { correct: correctCount(matrix), balanced: balancedAccuracy(scoresByClass(classes, matrix)) };
  };
  const estimates = clusterBootstrap({
    groups,
    replicates,
    random,
    statistic: (counts) => {
      const [left, right] = [figures(one.predicted, counts), figures(other.predicted, counts)];
      const samples = counts.reduce((total, count) => total + count, 0);
      return {
        accuracyDifference: (left.correct - right.correct) / samples,
        balancedAccuracyDifference: left.balanced - right.balanced,
      };
    },
  });
  const samples = truth.length;
  const right = (flags: readonly boolean[]) => flags.filter(Boolean).length;
  const onlyFirst = right(one.correct.map((flag, image) => flag && !other.correct[image]));
  const onlySecond = right(other.correct.map((flag, image) => flag && !one.correct[image]));
  return {
    samples,
    first: proportion(right(one.correct), samples),
    second: proportion(right(other.correct), samples),
    onlyFirst,
    onlySecond,
    mcnemar: mcnemar(onlyFirst, onlySecond),
    ...estimates,
  };
}
