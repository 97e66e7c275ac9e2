/** Precision, recall and F1: per class and as means over the classes. */
import { type ConfusionMatrix, predictedCounts, supports } from "./confusion-matrix.ts";

/** Precision, recall and F1, in [0, 1]. */
export interface Scores {
  /** Of the images predicted as this class, the part that is of it. */
  readonly precision: number;
  /** Of the images of this class, the part predicted as it; also called sensitivity. */
  readonly recall: number;
  /** The harmonic mean of precision and recall. */
  readonly f1: number;
}

/** The scores of one class. */
export interface ClassScores extends Scores {
  readonly class: string;
  /** Images of this class. */
  readonly support: number;
}

/** As scikit-learn's `zero_division=0`: a ratio of nothing is 0. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/**
 * Scores of every class, in the order of the matrix. As scikit-learn with `labels` = all classes and `zero_division=0`:
 * precision is 0 for a class that is never predicted, recall is 0 for a class without images, F1 is 0 where both are.
 */
export function scoresByClass(classes: readonly string[], matrix: ConfusionMatrix): readonly ClassScores[] {
  const support = supports(matrix);
  const predicted = predictedCounts(matrix);
  return classes.map((name, index) => {
    const hits = matrix[index]![index]!;
    return {
      class: name,
      precision: ratio(hits, predicted[index]!),
      recall: ratio(hits, support[index]!),
      f1: ratio(2 * hits, predicted[index]! + support[index]!),
      support: support[index]!,
    };
  });
}

function weightedMean(scores: readonly Scores[], weights: readonly number[]): Scores {
  const whole = weights.reduce((total, weight) => total + weight, 0);
  const mean = (name: keyof Scores) =>
    ratio(
      scores.reduce((total, score, index) => total + score[name] * weights[index]!, 0),
      whole,
    );
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

/** The plain mean over all classes. A class without images counts, with 0, as in scikit-learn with `labels` = all classes. */
export const macroScores = (scores: readonly ClassScores[]): Scores =>
  weightedMean(
    scores,
    scores.map(() => 1),
  );

/** The mean over the classes, each weighted with its support; a class without images does not count. */
export const weightedScores = (scores: readonly ClassScores[]): Scores =>
  weightedMean(
    scores,
    scores.map(({ support }) => support),
  );

/** The mean recall over the classes that have images; others are left out (scikit-learn's `balanced_accuracy_score`). */
export function balancedAccuracy(scores: readonly ClassScores[]): number {
  const present = scores.filter(({ support }) => support > 0);
  return ratio(
    present.reduce((total, { recall }) => total + recall, 0),
    present.length,
  );
}
