/** What is gained by not answering where the classifier is unsure: error rate by the part of images answered. */

import type { ImageGroups } from "../image-groups.ts";
import { type Proportion, proportion } from "../intervals/proportion.ts";
import { type Counts, type Ranking, rankImages, walkRanking } from "../ranking.ts";
import type { Verdicts } from "../verdicts.ts";

/** A point of a risk-coverage curve; both are in [0, 1]. */
export interface RiskCoveragePoint {
  /** Images with this confidence or a higher one are answered. */
  readonly threshold: number;
  /** The part of the images that is answered. */
  readonly coverage: number;
  /** The part of the answers that is wrong. */
  readonly risk: number;
}

/** What a threshold of confidence answers, and how well. */
export interface SelectiveAccuracy {
  readonly threshold: number;
  readonly coverage: Proportion;
  /** Of the images answered, the part answered rightly; none are answered where `of` is 0. */
  readonly accuracy: Proportion;
}

/** Images by falling confidence; positive are the wrong answers. */
export const rankByConfidence = ({ confidence, correct }: Pick<Verdicts, "confidence" | "correct">): Ranking =>
  rankImages(
    correct.map((right) => !right),
    confidence,
  );

/** One point per distinct confidence, from few answers to all. */
export function riskCoverageCurve(ranking: Ranking): readonly RiskCoveragePoint[] {
  const points: RiskCoveragePoint[] = [];
  const images = ranking.order.length;
  walkRanking(ranking, undefined, (wrong, right, step) => {
    const answered = wrong + right;
    points.push({ threshold: ranking.scores[step]!, coverage: answered / images, risk: wrong / answered });
  });
  return points;
}

/**
 * The area under the risk-coverage curve (Geifman and El-Yaniv 2017): the mean over k of the error rate among the k most
 * confident images. Images of equal confidence have no order, so each stands for their mean. NaN without images.
 */
export function riskCoverageArea(ranking: Ranking, counts?: Counts): number {
  let sum = 0;
  let wrongBefore = 0;
  let answeredBefore = 0;
  walkRanking(ranking, counts, (wrong, right) => {
    const answered = wrong + right;
    const rate = (wrong - wrongBefore) / (answered - answeredBefore);
    for (let k = answeredBefore + 1; k <= answered; k++) sum += (wrongBefore + rate * (k - answeredBefore)) / k;
    wrongBefore = wrong;
    answeredBefore = answered;
  });
  return sum / answeredBefore;
}

/** Coverage and accuracy where images with at least this confidence are answered. */
export function selectiveAccuracy(
  { confidence, correct }: Pick<Verdicts, "confidence" | "correct">,
  threshold: number,
  groups: ImageGroups,
): SelectiveAccuracy {
  const answered = Array.from(confidence, (value) => value >= threshold);
  return {
    threshold,
    coverage: proportion(answered, groups),
    accuracy: proportion(
      answered.map((own, image) => (own ? correct[image]! : null)),
      groups,
    ),
  };
}
