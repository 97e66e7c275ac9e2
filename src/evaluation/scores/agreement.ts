/** Agreement of prediction and truth beyond what their frequencies alone would give, from a confusion matrix. */
import { type ConfusionMatrix, correctCount, predictedCounts, supports } from "./confusion-matrix.ts";

const dot = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((total, value, index) => total + value * right[index]!, 0);

const total = (values: readonly number[]): number => values.reduce((whole, value) => whole + value, 0);

/**
 * The Matthews correlation coefficient of any number of classes, in [-1, 1] (Gorodkin 2004, "Comparing two K-category
 * assignments by a K-category correlation coefficient"). 0 where truth or prediction is one class only, as in scikit-learn.
 */
export function matthewsCorrelation(matrix: ConfusionMatrix): number {
  const support = supports(matrix);
  const predicted = predictedCounts(matrix);
  const samples = total(support);
  const covariance = correctCount(matrix) * samples - dot(support, predicted);
  const spread = (samples ** 2 - dot(support, support)) * (samples ** 2 - dot(predicted, predicted));
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}

/**
 * Cohen's kappa (1960), unweighted, in [-1, 1]. NaN where truth and prediction are both one and the same class, so that chance
 * alone agrees everywhere.
 */
export function cohenKappa(matrix: ConfusionMatrix): number {
  const support = supports(matrix);
  const samples = total(support);
  const chance = dot(support, predictedCounts(matrix)) / samples;
  return chance === samples ? Number.NaN : (correctCount(matrix) - chance) / (samples - chance);
}
