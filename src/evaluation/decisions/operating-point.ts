/** A threshold chosen on some images for the sensitivity wanted, and what it does on others. */

import { EvaluationError } from "../../errors.ts";
import type { ImageGroups } from "../image-groups.ts";
import { rankImages, walkRanking } from "../ranking.ts";
import { type DiagnosticRates, diagnosticRates, type TestCounts } from "../scores/diagnostic-rates.ts";

/** Truth and score of images for a question with two answers. */
export interface ScoredImages {
  readonly positive: ArrayLike<boolean | number>;
  readonly scores: ArrayLike<number>;
}

/**
 * The highest threshold at which at least `sensitivity` of the positive images have this score or a higher one: of all
 * thresholds with the wanted sensitivity the one with the best specificity. Null without a positive image.
 * Throws {@link EvaluationError} for a sensitivity outside of (0, 1].
 */
export function thresholdForSensitivity({ positive, scores }: ScoredImages, sensitivity: number): number | null {
  if (!(sensitivity > 0 && sensitivity <= 1)) {
    throw new EvaluationError(`operating point: expected a sensitivity in (0, 1], got ${sensitivity}`);
  }
  const ranking = rankImages(positive, scores);
  const positives = ranking.positive.reduce((total, flag) => total + flag, 0);
  if (positives === 0) return null;
  // 0.28 x 25 is 7.000000000000001 in floating point, and still 7 images.
  const wanted = Math.ceil(sensitivity * positives - 1e-9);
  let found: number | undefined;
  walkRanking(ranking, undefined, (truePositives, _, step) => {
    if (truePositives >= wanted) found ??= ranking.scores[step]!;
  });
  return found!;
}

/** Counts of images whose score reaches the threshold, and of those whose score does not; `counts` weighs a resample. */
export function countsAtThreshold(
  { positive, scores }: ScoredImages,
  threshold: number,
  counts?: ArrayLike<number>,
): TestCounts {
  let truePositives = 0;
  let falsePositives = 0;
  let falseNegatives = 0;
  let trueNegatives = 0;
  for (let image = 0; image < scores.length; image++) {
    const count = counts === undefined ? 1 : counts[image]!;
    const called = scores[image]! >= threshold;
    if (positive[image]) {
      if (called) truePositives += count;
      else falseNegatives += count;
    } else if (called) falsePositives += count;
    else trueNegatives += count;
  }
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}

/** Sensitivity, specificity, PPV and NPV of a threshold, with intervals that go by the groups. */
export const ratesAtThreshold = (
  { positive, scores }: ScoredImages,
  threshold: number,
  groups: ImageGroups,
): DiagnosticRates =>
  diagnosticRates(
    { positive: Array.from(positive, Boolean), called: Array.from(scores, (score) => score >= threshold) },
    groups,
  );
