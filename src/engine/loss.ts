/** Softmax cross-entropy with soft targets, label smoothing, class weights, focusing and logit adjustment, and its gradient. Both engines end in it. */
import type { FloatArray } from "../tensor.ts";

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
 * A loss of one's own, called between the forward and the backward pass. What it gets are copies, which it may keep and change.
 *
 * @param logits (rows, classes)
 * @param targets (rows, classes), probabilities
 * @param gradient receives d loss / d logits, (rows, classes), all of it: what is not written to is refused
 * @returns the loss of the batch; a training ends with an error where it is not finite
 */
export type LossFunction = (
  logits: Float64Array,
  targets: Float64Array,
  classes: number,
  gradient: Float64Array,
) => number;

/** The loss of a training: the cross-entropy with what may differ from the plain one, or a function of one's own. */
export type LossOptions =
  | (CrossEntropyOptions & { readonly loss?: undefined })
  | ({ readonly [K in keyof CrossEntropyOptions]?: undefined } & { readonly loss: LossFunction });

/** What may differ from the plain cross-entropy. */
export interface CrossEntropyOptions {
  /** Weight of each class; default 1 for all. */
  readonly classWeights?: readonly number[] | undefined;
  /**
   * The focal loss's exponent (Lin et al. 2017): each class's term is multiplied by (1 - p)^focusing, so that images that are
   * right already count less. Default 0: the cross-entropy itself.
   */
  readonly focusing?: number | undefined;
  /** Added to the logits in the loss alone: with the logarithms of the class frequencies, logit adjustment (Menon et al. 2021). */
  readonly logitOffsets?: readonly number[] | undefined;
  /**
   * The part of each target that is spread over all classes (Szegedy et al. 2016), in [0, 1); default 0. It is spread as the offsets say:
   * evenly where there are none, by frequency where they are log frequencies.
   */
  readonly labelSmoothing?: number | undefined;
}

/**
 * The training loss of a batch. With targets m, class weights w, smoothing e, focusing g, p the softmax of the logits plus the offsets
 * and s the softmax of the offsets alone, row i has the weight W_i = sum_c w_c m_ic and the smoothed targets
 *
 *     u_ic = (1 - e) w_c m_ic + e s_c W_i
 *     loss = - sum_ic u_ic (1 - p_ic)^g log p_ic / sum_i W_i
 *
 * Smoothing comes after the weights: a class's weight is for its images, not for what smoothing gives it of other images. Without
 * smoothing and focusing this is the field's usual weighted mean, and a row of zeros does not count. As the divisor is the
 * batch's own, weights compare the images of one batch with each other.
 *
 * Images that look alike, with U the sum of their u, have the lowest loss where U_c h(p_c) is the same number for all classes, with
 * h(p) = (1 - p)^g / p - g (1 - p)^(g - 1) log p. Without focusing h is 1 / p, so that p = U / sum U. With focusing p is flatter
 * than that but in the same order (Charoenphakdee et al. 2021). docs/architecture.md says what this means for each pair of options.
 *
 * @param logits (rows, classes)
 * @param targets (rows, classes), probabilities
 * @param gradient receives d loss / d logits
 * @returns the loss; 0 where all targets are zero
 */
export function trainingLoss(
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  { classWeights, focusing = 0, logitOffsets, labelSmoothing = 0 }: CrossEntropyOptions,
  gradient: FloatArray,
): number {
  const weights = Float64Array.from({ length: classes }, (_, c) => classWeights?.[c] ?? 1);
  const offsets = Float64Array.from({ length: classes }, (_, c) => logitOffsets?.[c] ?? 0);
  const spread = softmax(offsets, classes, new Float64Array(classes));
  let divisor = 0;
  for (let i = 0; i < targets.length; i++) divisor += weights[i % classes]! * targets[i]!;
  if (divisor === 0) {
    gradient.fill(0);
    return 0;
  }
  const logProbabilities = new Float64Array(classes);
  /** p_c d/dp_c of the class's term. */
  const slopes = new Float64Array(classes);
  let loss = 0;
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    let rowWeight = 0;
    for (let c = 0; c < classes; c++) {
      largest = Math.max(largest, logits[start + c]! + offsets[c]!);
      rowWeight += weights[c]! * targets[start + c]!;
    }
    let exponentials = 0;
    for (let c = 0; c < classes; c++) exponentials += Math.exp(logits[start + c]! + offsets[c]! - largest);
    const logSum = largest + Math.log(exponentials);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const logP = logits[start + c]! + offsets[c]! - logSum;
      const target = (1 - labelSmoothing) * weights[c]! * targets[start + c]! + labelSmoothing * spread[c]! * rowWeight;
      // 1 - p without losing its digits where p is near 1.
      const rest = -Math.expm1(logP);
      const focus = rest ** focusing;
      if (target !== 0) loss -= target * focus * logP;
      // The slope of (1 - p)^focusing is 0 where p is 1.
      const slope = focusing === 0 || rest === 0 ? 0 : focusing * rest ** (focusing - 1) * Math.exp(logP) * logP;
      logProbabilities[c] = logP;
      slopes[c] = target === 0 ? 0 : target * (slope - focus);
      sum += slopes[c]!;
    }
    for (let c = 0; c < classes; c++) {
      gradient[start + c] = (slopes[c]! - Math.exp(logProbabilities[c]!) * sum) / divisor;
    }
  }
  return loss / divisor;
}
