/** Images whose label is probably wrong: confident learning on out-of-fold probabilities (Northcutt, Jiang and Chuang 2021). */
import type { ConfusionMatrix } from "./confusion-matrix.ts";
import { checkPredictions, type Predictions } from "./predictions.ts";

export interface LabelErrorCandidate {
  /** Index of the image. */
  readonly image: number;
  readonly label: string;
  readonly suggested: string;
  /** The probability of the image's own label: the lower, the more doubtful. */
  readonly selfConfidence: number;
  readonly suggestedProbability: number;
}

export interface LabelErrors {
  readonly images: number;
  /** In the order of the classes, the mean self-confidence of the images labelled so; null for a class without images. */
  readonly thresholds: readonly (number | null)[];
  /** Images by [label][class that they confidently are]; images that are confidently nothing do not count. */
  readonly confidentJoint: ConfusionMatrix;
  /** The estimated number of wrong labels, from the confident joint calibrated to the labels' own counts. */
  readonly estimated: number;
  /** The images off the diagonal of the confident joint, most doubtful first. */
  readonly candidates: readonly LabelErrorCandidate[];
}

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
 * Finds likely label errors. An image is confidently of a class if its probability there reaches the mean that images labelled
 * so have (of several such classes, the most probable); where that is not its label, it is a candidate.
 *
 * The probabilities must come from networks that were not trained on the image, nor on another one of the same lesion. A
 * candidate is a picture to look at again, not a verdict: a weak network doubts what is merely hard.
 * Throws EvaluationError for predictions that cannot be judged.
 */
export function findLabelErrors(predictions: Predictions): LabelErrors {
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
    images: truth.length,
    thresholds,
    confidentJoint,
    estimated: truth.length * wrong.reduce((total, share) => total + share, 0),
    candidates: candidates.sort(
      (left, right) => left.selfConfidence - right.selfConfidence || left.image - right.image,
    ),
  };
}
