/** Thresholds of confidence below which a classifier says that it does not know, chosen on some images for others. */
import { EvaluationError } from "../../errors.ts";
import { type Ranking, walkRanking } from "../ranking.ts";

const checkPart = (name: string, part: number): void => {
  if (!(part > 0 && part <= 1)) throw new EvaluationError(`abstention: expected ${name} in (0, 1], got ${part}`);
};

/**
 * The highest confidence at which at least the part `coverage` of the images is answered. `ranking` is that of
 * `rankByConfidence`. Throws {@link EvaluationError} for a part outside of (0, 1].
 */
export function thresholdForCoverage(ranking: Ranking, coverage: number): number {
  checkPart("a coverage", coverage);
  const wanted = Math.ceil(coverage * ranking.order.length - 1e-9);
  const step = ranking.ends.findIndex((end) => end >= wanted);
  return ranking.scores[step]!;
}

/**
 * The lowest confidence at which at least the part `accuracy` of the answers is right, so that as many images as possible are
 * answered; null where no threshold gives that. Other images may do worse: it is a choice, not a guarantee.
 * Throws {@link EvaluationError} for a part outside of (0, 1].
 */
export function thresholdForAccuracy(ranking: Ranking, accuracy: number): number | null {
  checkPart("an accuracy", accuracy);
  let found: number | null = null;
  walkRanking(ranking, undefined, (wrong, right, step) => {
    if (right >= accuracy * (wrong + right) - 1e-9) found = ranking.scores[step]!;
  });
  return found;
}
