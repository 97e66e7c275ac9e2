/** Images whose label is probably wrong: confident learning on out-of-fold probabilities (Northcutt, Jiang and Chuang 2021). */

import { chosenPercent, percent } from "../../text/numbers.ts";
import { checkPredictions, type Predictions, predictedClasses } from "../predictions.ts";
import type { ConfusionMatrix } from "../scores/confusion-matrix.ts";

/** An image whose label may be wrong. */
export interface LabelErrorCandidate {
  /** Index of the image. */
  readonly image: number;
  readonly label: string;
  readonly suggested: string;
  /** The probability of the image's own label: the lower, the more doubtful. */
  readonly selfConfidence: number;
  readonly suggestedProbability: number;
}

/** What confident learning finds. */
export interface ConfidentLearning {
  /** In the order of the classes, the mean self-confidence of the images labelled so; null for a class without images. */
  readonly thresholds: readonly (number | null)[];
  /** Images by [label][class that they confidently are]; images that are confidently nothing do not count. */
  readonly confidentJoint: ConfusionMatrix;
  /** The estimated number of wrong labels, from the confident joint calibrated to the labels' own counts. */
  readonly estimated: number;
  /** The images off the diagonal of the confident joint, most doubtful first. */
  readonly candidates: readonly LabelErrorCandidate[];
}

/** A ranked list to look through and, where the models are good enough for it, how many labels are wrong. */
export interface LabelErrors {
  readonly images: number;
  /** The share of the images that the models classify correctly out of fold. */
  readonly accuracy: number;
  /** The estimated number of wrong labels; null where the accuracy is too low, for the reason that `notEstimated` gives. */
  readonly estimated: number | null;
  readonly notEstimated?: string;
  /** As in confident learning; null as `estimated` is, since its sums are that number. */
  readonly confidentJoint: ConfusionMatrix | null;
  /** Most doubtful first: all, or the first 100 where their number means nothing. */
  readonly candidates: readonly LabelErrorCandidate[];
}

/** Below this out-of-fold accuracy most candidates are images that the models merely find hard, and their number says nothing. */
const leastAccuracy = 0.8;

/** Candidates that are listed. */
export const mostListed = 100;

/** A mean of equal float32 numbers may exceed them by its rounding. */
const ROUNDING = 1e-6;

/** The mean probability of its own label over the images of each label. */
function meanSelfConfidence({ classes, truth, probabilities }: Predictions): readonly (number | null)[] {
  const sums = classes.map(() => 0);
  const counts = classes.map(() => 0);
  for (let image = 0; image < truth.length; image++) {
    sums[truth[image]!]! += probabilities[image * classes.length + truth[image]!]!;
    counts[truth[image]!]! += 1;
  }
  return sums.map((sum, label) => (counts[label] === 0 ? null : sum / counts[label]!));
}

/**
 * The joint distribution of given and true label: each row of the confident joint scaled to the number of images with that label,
 * then all divided by the number of images. A row without confident images is taken as rightly labelled.
 */
export function jointOfLabels(confidentJoint: ConfusionMatrix, labelCounts: readonly number[]): readonly number[][] {
  const images = labelCounts.reduce((total, count) => total + count, 0);
  return confidentJoint.map((row, label) => {
    const confident = row.reduce((total, count) => total + count, 0);
    return row.map((count, other) => {
      const share = confident === 0 ? Number(label === other) : count / confident;
      return (share * labelCounts[label]!) / images;
    });
  });
}

/**
 * Confident learning in full. An image is confidently of a class if its probability there reaches the mean that images labelled
 * so have (of several such classes, the most probable); where that is not its label, it is a candidate.
 *
 * The probabilities must come from networks that were not trained on the image, nor on another one of the same lesion.
 * Throws EvaluationError for predictions that cannot be judged.
 */
export function confidentLearning(predictions: Predictions): ConfidentLearning {
  checkPredictions(predictions);
  const { classes, truth, probabilities } = predictions;
  const thresholds = meanSelfConfidence(predictions);
  const confidentJoint = classes.map(() => classes.map(() => 0));
  const labelCounts = classes.map(() => 0);
  const candidates: LabelErrorCandidate[] = [];
  for (let image = 0; image < truth.length; image++) {
    const label = truth[image]!;
    labelCounts[label]! += 1;
    const row = probabilities.subarray(image * classes.length, (image + 1) * classes.length);
    let found = -1;
    row.forEach((probability, other) => {
      const threshold = thresholds[other]!;
      if (threshold === null || probability < threshold - ROUNDING) return;
      if (found < 0 || probability > row[found]!) found = other;
    });
    if (found < 0) continue;
    confidentJoint[label]![found]! += 1;
    if (found !== label) {
      candidates.push({
        image,
        label: classes[label]!,
        suggested: classes[found]!,
        selfConfidence: row[label]!,
        suggestedProbability: row[found]!,
      });
    }
  }
  const wrong = jointOfLabels(confidentJoint, labelCounts).flatMap((row, label) =>
    row.filter((_, other) => other !== label),
  );
  return {
    thresholds,
    confidentJoint,
    estimated: truth.length * wrong.reduce((total, share) => total + share, 0),
    candidates: candidates.sort(
      (left, right) => left.selfConfidence - right.selfConfidence || left.image - right.image,
    ),
  };
}

/**
 * Finds likely label errors by confident learning on out-of-fold probabilities. A candidate is a picture to look at again, not a
 * verdict: a weak network doubts what is merely hard, so that below an accuracy of 80 % no number is given.
 * Throws EvaluationError for predictions that cannot be judged.
 */
export function findLabelErrors(predictions: Predictions): LabelErrors {
  const { estimated, confidentJoint, candidates } = confidentLearning(predictions);
  const { truth } = predictions;
  const right = predictedClasses(predictions).reduce(
    (total, label, image) => total + Number(label === truth[image]),
    0,
  );
  const accuracy = right / truth.length;
  const ranked = { images: truth.length, accuracy };
  if (accuracy >= leastAccuracy) return { ...ranked, estimated, confidentJoint, candidates };
  return {
    ...ranked,
    estimated: null,
    notEstimated:
      `the models classify ${percent(accuracy)} of these images correctly out of fold; below ${chosenPercent(leastAccuracy)}, ` +
      "most images that they doubt are merely hard, which says nothing of their labels",
    confidentJoint: null,
    candidates: candidates.slice(0, mostListed),
  };
}
