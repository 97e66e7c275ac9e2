/** Decision curves: whether acting on a model does more good than acting on everybody or on nobody. */

import { EvaluationError } from "../../errors.ts";
import type { Counts } from "../ranking.ts";
import { countsAtThreshold, type ScoredImages } from "./operating-point.ts";

/** Net benefits per image at one threshold probability. */
export type NetBenefit = {
  /** True positives per image, less false positives per image weighed with the odds of the threshold. */
  readonly model: number;
  /** The same where all images are called positive. Calling none positive has 0. */
  readonly all: number;
  /** Needless acts per image that the model spares against acting on all, at the same number of needed acts. */
  readonly avoided: number;
};

/** A point of a decision curve. */
export interface DecisionPoint extends NetBenefit {
  /** The probability from which on one would act: 0.1 says that nine needless acts are worth one that was needed. */
  readonly threshold: number;
}

/** The thresholds of a curve unless told: 1 to 50 %, beyond which hardly anybody would wait to act on a possible cancer. */
export const decisionThresholds: readonly number[] = Array.from({ length: 50 }, (_, index) => (index + 1) / 100);

/** Net benefit at every threshold, of images that are known to be fit for it; `counts` weighs a resample. */
export const netBenefits = (
  images: ScoredImages,
  thresholds: readonly number[],
  counts?: Counts,
): readonly NetBenefit[] =>
  thresholds.map((threshold) => {
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = countsAtThreshold(
      images,
      threshold,
      counts,
    );
    const positives = truePositives + falseNegatives;
    const negatives = falsePositives + trueNegatives;
    const odds = threshold / (1 - threshold);
    const model = (truePositives - falsePositives * odds) / (positives + negatives);
    const all = (positives - negatives * odds) / (positives + negatives);
    return { model, all, avoided: (model - all) / odds };
  });

/** Throws {@link EvaluationError} for scores that are no probabilities, or thresholds outside of (0, 1). */
export function checkDecision({ scores }: ScoredImages, thresholds: readonly number[]): void {
  for (let image = 0; image < scores.length; image++) {
    // Sums of float32 probabilities may exceed 1 by their rounding.
    if (!(scores[image]! >= 0 && scores[image]! <= 1.001)) {
      throw new EvaluationError(
        `decision curve: image ${image}: expected a probability in [0, 1], got ${scores[image]}`,
      );
    }
  }
  const odd = thresholds.find((threshold) => !(threshold > 0 && threshold < 1));
  if (odd !== undefined) throw new EvaluationError(`decision curve: expected thresholds in (0, 1), got ${odd}`);
}

/**
 * Net benefit by threshold probability (Vickers and Elkin 2006). The scores must be probabilities; where they are badly calibrated
 * the curve shows the harm. Throws {@link EvaluationError} for a score outside of [0, 1] or a threshold outside of (0, 1).
 */
export function decisionCurve(
  images: ScoredImages,
  thresholds: readonly number[] = decisionThresholds,
): readonly DecisionPoint[] {
  checkDecision(images, thresholds);
  return netBenefits(images, thresholds).map((benefit, index) => ({ threshold: thresholds[index]!, ...benefit }));
}
