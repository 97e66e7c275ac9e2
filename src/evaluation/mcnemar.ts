/** McNemar's exact test: whether two classifiers err equally often on the same images. */
import { EvaluationError } from "./predictions.ts";

/** ln(0!), ln(1!) … ln(n!). */
function logFactorials(most: number): Float64Array {
  const logarithms = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) logarithms[n] = logarithms[n - 1]! + Math.log(n);
  return logarithms;
}

/**
 * The two-sided p-value of McNemar's test (1947), exact for any counts: twice the binomial probability of so few, or fewer, of
 * the images that one classifier alone has right, were each as likely to be the other's. It takes images as independent.
 * Throws {@link EvaluationError} for counts that are no whole numbers.
 *
 * @param onlyFirst images that the first classifier has right and the second wrong
 * @param onlySecond the reverse
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  for (const count of [onlyFirst, onlySecond]) {
    if (!Number.isInteger(count) || count < 0) {
      throw new EvaluationError(`mcnemar: expected whole numbers of images, got ${onlyFirst} and ${onlySecond}`);
    }
  }
  const trials = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  const logarithms = logFactorials(trials);
  let tail = 0;
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logarithms[trials]! - logarithms[k]! - logarithms[trials - k]! - trials * Math.LN2);
  }
  return Math.min(1, 2 * tail);
}
