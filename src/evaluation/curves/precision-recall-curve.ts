/** The precision-recall curve of a score, and the average precision. */
import { type Counts, type Ranking, walkRanking } from "../ranking.ts";

/** A point of a precision-recall curve; rates are in [0, 1]. */
export interface PrecisionRecallPoint {
  /** Images with this score or a higher one are called positive; null: none is. */
  readonly threshold: number | null;
  readonly recall: number;
  readonly precision: number;
}

/**
 * The curve from recall 0 (with precision 1, by scikit-learn's convention) to recall 1, one point per distinct score. Empty
 * without a positive image.
 */
export function precisionRecallCurve(ranking: Ranking): readonly PrecisionRecallPoint[] {
  const steps: [truePositives: number, falsePositives: number][] = [];
  const { positives } = walkRanking(ranking, undefined, (truePositives, falsePositives) => {
    steps.push([truePositives, falsePositives]);
  });
  if (positives === 0) return [];
  return [
    { threshold: null, recall: 0, precision: 1 },
    ...steps.map(([truePositives, falsePositives], step) => ({
      threshold: ranking.scores[step]!,
      recall: truePositives / positives,
      precision: truePositives / (truePositives + falsePositives),
    })),
  ];
}

/**
 * Average precision: precision at each distinct score, weighted with the recall gained there, without interpolation (as
 * scikit-learn). Its value for a score that says nothing is the prevalence. NaN without a positive image.
 */
export function averagePrecision(ranking: Ranking, counts?: Counts): number {
  let sum = 0;
  let before = 0;
  const { positives } = walkRanking(ranking, counts, (truePositives, falsePositives) => {
    if (truePositives > before) {
      sum += (truePositives - before) * (truePositives / (truePositives + falsePositives));
      before = truePositives;
    }
  });
  return positives === 0 ? Number.NaN : sum / positives;
}
