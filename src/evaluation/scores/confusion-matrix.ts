/** The confusion matrix, from which accuracy and all per-class figures follow. */

/** Number of images by [true class][predicted class]. */
export type ConfusionMatrix = readonly (readonly number[])[];

/**
 * Counts the pairs of true and predicted class; both hold indices below `classes`. Every image counts once, or as often as
 * `counts` says.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
  counts?: ArrayLike<number>,
): ConfusionMatrix {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let image = 0; image < truth.length; image++) {
    matrix[truth[image]!]![predicted[image]!]! += counts === undefined ? 1 : counts[image]!;
  }
  return matrix;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Images of each true class: its support. */
export const supports = (matrix: ConfusionMatrix): readonly number[] => matrix.map(sum);

/** How often each class was predicted. */
export const predictedCounts = (matrix: ConfusionMatrix): readonly number[] =>
  matrix.map((_, predicted) => sum(matrix.map((row) => row[predicted]!)));

/** Images whose predicted class is the true one: the trace. */
export const correctCount = (matrix: ConfusionMatrix): number => sum(matrix.map((row, index) => row[index]!));
