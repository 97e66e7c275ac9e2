/** Softmax cross-entropy with soft targets, per-class weights, focusing and logit adjustment, and its gradient. Both engines end in it. */
import type { FloatArray } from "../network/parameters.ts";

/** Probabilities from logits, row by row, (rows, classes); `out` may be `logits`. */
export function softmax<A extends FloatArray>(logits: FloatArray, classes: number, out: A): A {
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[start + c]! - largest);
    const logSum = largest + Math.log(sum);
    for (let c = 0; c < classes; c++) out[start + c] = Math.exp(logits[start + c]! - logSum);
  }
  return out;
}

/**
 * The weighted mean of -sum_c weight_c target_c log p_c over the rows; the divisor is the sum of weight_c target_c, so a
 * row of zeros does not count and hard labels agree with the field's usual weighted mean.
 *
 * @param logits (rows, classes)
 * @param targets (rows, classes), probabilities
 * @param gradient receives d loss / d logits
 * @returns the loss; 0 where all targets are zero
 */
export function softmaxCrossEntropy(
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  classWeights: readonly number[] | undefined,
  gradient: FloatArray,
): number {
  const weightOf = (c: number) => classWeights?.[c] ?? 1;
  let divisor = 0;
  for (let i = 0; i < targets.length; i++) divisor += weightOf(i % classes) * targets[i]!;
  if (divisor === 0) {
    gradient.fill(0);
    return 0;
  }
  let loss = 0;
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[start + c]! - largest);
    const logSum = largest + Math.log(sum);
    let mass = 0;
    for (let c = 0; c < classes; c++) {
      const weighted = weightOf(c) * targets[start + c]!;
      mass += weighted;
      if (weighted !== 0) loss -= weighted * (logits[start + c]! - logSum);
    }
    for (let c = 0; c < classes; c++) {
      const probability = Math.exp(logits[start + c]! - logSum);
      gradient[start + c] = (mass * probability - weightOf(c) * targets[start + c]!) / divisor;
    }
  }
  return loss / divisor;
}

/** What may differ from the plain cross-entropy. */
export interface LossOptions {
  /** Weight of each class; default 1 for all. */
  readonly classWeights?: readonly number[] | undefined;
  /**
   * The focal loss's exponent (Lin et al. 2017): each class's term is multiplied by (1 - p)^focusing, so that images that are
   * right already count less. Default 0: the cross-entropy itself.
   */
  readonly focusing?: number | undefined;
  /** Added to the logits in the loss alone: with the logarithms of the class frequencies, logit adjustment (Menon et al. 2021). */
  readonly logitOffsets?: readonly number[] | undefined;
}

/** {@link softmaxCrossEntropy} with all options; the divisor is the same whatever the focusing. */
export function trainingLoss(
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  { classWeights, focusing = 0, logitOffsets }: LossOptions,
  gradient: FloatArray,
): number {
  const adjusted = logitOffsets ? logits.map((value, i) => value + logitOffsets[i % classes]!) : logits;
  if (focusing === 0) return softmaxCrossEntropy(adjusted, targets, classes, classWeights, gradient);
  const weightOf = (c: number) => classWeights?.[c] ?? 1;
  let divisor = 0;
  for (let i = 0; i < targets.length; i++) divisor += weightOf(i % classes) * targets[i]!;
  if (divisor === 0) {
    gradient.fill(0);
    return 0;
  }
  const probabilities = softmax(adjusted, classes, new Float64Array(adjusted.length));
  const own = new Float64Array(classes);
  let loss = 0;
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, adjusted[start + c]!);
    let exponentials = 0;
    for (let c = 0; c < classes; c++) exponentials += Math.exp(adjusted[start + c]! - largest);
    const logSum = largest + Math.log(exponentials);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const weighted = weightOf(c) * targets[start + c]!;
      const p = probabilities[start + c]!;
      const logP = adjusted[start + c]! - logSum;
      // 1 - p without losing its digits where p is near 1.
      const rest = -Math.expm1(logP);
      const focus = rest ** focusing;
      if (weighted !== 0) loss -= weighted * focus * logP;
      // p d/dp of -(1 - p)^focusing log p; the slope of the first factor is 0 where p is 1.
      const slope = rest === 0 ? 0 : focusing * rest ** (focusing - 1) * p * logP;
      own[c] = weighted === 0 ? 0 : weighted * (slope - focus);
      sum += own[c]!;
    }
    for (let c = 0; c < classes; c++) gradient[start + c] = (own[c]! - probabilities[start + c]! * sum) / divisor;
  }
  return loss / divisor;
}
