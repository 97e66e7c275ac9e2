/** The receiver operating characteristic of a score, and the area under it. */
import { type Counts, type Ranking, walkRanking } from "../ranking.ts";

/** A point of a ROC curve; rates are in [0, 1]. */
export interface RocPoint {
  /** Images with this score or a higher one are called positive; null: none is. */
  readonly threshold: number | null;
  readonly falsePositiveRate: number;
  readonly sensitivity: number;
}

/**
 * The curve from (0, 0) to (1, 1), one point per distinct score; points inside a straight line are left out, as scikit-learn's
 * `drop_intermediate`, which changes neither curve nor area. Empty without a positive or without a negative image.
 */
export function rocCurve(ranking: Ranking): readonly RocPoint[] {
  const steps: [truePositives: number, falsePositives: number][] = [];
  const { positives, negatives } = walkRanking(ranking, undefined, (truePositives, falsePositives) => {
    steps.push([truePositives, falsePositives]);
  });
  if (positives === 0 || negatives === 0) return [];
  const bends = steps.map(([tp, fp], step) => {
    const [tpBefore, fpBefore] = steps[step - 1] ?? [Number.NaN, Number.NaN];
    const [tpAfter, fpAfter] = steps[step + 1] ?? [Number.NaN, Number.NaN];
    // As scikit-learn: by equal steps, not merely equal slopes, and with both ends kept.
    return tpAfter - tp !== tp - tpBefore || fpAfter - fp !== fp - fpBefore;
  });
  const points = steps.map(([truePositives, falsePositives], step) => ({
    threshold: ranking.scores[step]!,
    falsePositiveRate: falsePositives / negatives,
    sensitivity: truePositives / positives,
  }));
  return [{ threshold: null, falsePositiveRate: 0, sensitivity: 0 }, ...points.filter((_, step) => bends[step])];
}

/**
 * The area under the curve: the probability that a positive image has a higher score than a negative one, ties counting half.
 * NaN without a positive or without a negative image.
 */
export function rocArea(ranking: Ranking, counts?: Counts): number {
  let area = 0;
  let truePositivesBefore = 0;
  let falsePositivesBefore = 0;
  const { positives, negatives } = walkRanking(ranking, counts, (truePositives, falsePositives) => {
    area += ((falsePositives - falsePositivesBefore) * (truePositives + truePositivesBefore)) / 2;
    truePositivesBefore = truePositives;
    falsePositivesBefore = falsePositives;
  });
  return positives === 0 || negatives === 0 ? Number.NaN : area / (positives * negatives);
}
