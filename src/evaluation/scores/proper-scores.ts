/** The two scores that only true probabilities make best: Brier's and the logarithmic one, image by image. */
import type { Predictions } from "../predictions.ts";
import type { Counts } from "../ranking.ts";

/** The squared distance between each image's probabilities and its truth, in [0, 2] (Brier 1950, over all classes). */
export const brierScores = ({ classes, truth, probabilities }: Predictions): Float64Array =>
  Float64Array.from({ length: truth.length }, (_, image) => {
    let distance = 0;
    for (let label = 0; label < classes.length; label++) {
      const wanted = truth[image] === label ? 1 : 0;
      distance += (probabilities[image * classes.length + label]! - wanted) ** 2;
    }
    return distance;
  });

/** The step of float32 at 1: a probability of 0 that comes true would cost infinitely much; this is what it counts as. */
export const LEAST_PROBABILITY = 2 ** -23;

/**
 * The negative natural logarithm of the probability of each image's truth, with probabilities kept within [2^-23, 1 - 2^-23] and
 * summing to 1, as scikit-learn's `log_loss` does with float32.
 */
export const negativeLogLikelihoods = ({ classes, truth, probabilities }: Predictions): Float64Array =>
  Float64Array.from({ length: truth.length }, (_, image) => {
    const kept = probabilities
      .subarray(image * classes.length, (image + 1) * classes.length)
      .reduce<number[]>((row, value) => {
        row.push(Math.min(Math.max(value, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY));
        return row;
      }, []);
    return Math.log(kept.reduce((sum, value) => sum + value, 0) / kept[truth[image]!]!);
  });

/** The mean over images, each counted as often as `counts` says. */
export function countedMean(values: Float64Array, counts: Counts): number {
  let sum = 0;
  let whole = 0;
  for (let image = 0; image < values.length; image++) {
    sum += values[image]! * counts[image]!;
    whole += counts[image]!;
  }
  return sum / whole;
}

/** Means over the images: the Brier score, and the log loss in nats. */
export type ProperScores = { readonly brier: number; readonly negativeLogLikelihood: number };

/** Prepares the mean scores of predictions as a statistic for the bootstrap. */
export function properScores(predictions: Predictions): (counts: Counts) => ProperScores {
  const brier = brierScores(predictions);
  const losses = negativeLogLikelihoods(predictions);
  return (counts) => ({ brier: countedMean(brier, counts), negativeLogLikelihood: countedMean(losses, counts) });
}
