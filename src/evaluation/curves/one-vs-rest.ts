/** Every class against all others: curves of its probability and the areas under them. */

import type { Predictions } from "../predictions.ts";
import { type Counts, type Ranking, rankImages } from "../ranking.ts";
import { averagePrecision, type PrecisionRecallPoint, precisionRecallCurve } from "./precision-recall-curve.ts";
import { type RocPoint, rocArea, rocCurve } from "./roc-curve.ts";
import { thinCurve } from "./thin-curve.ts";

/** The curves of one class against the rest. */
export interface ClassCurves {
  readonly class: string;
  readonly support: number;
  readonly roc: readonly RocPoint[];
  readonly precisionRecall: readonly PrecisionRecallPoint[];
}

/** NaN where not defined. */
export type Areas = { readonly auroc: number; readonly averagePrecision: number };

/** The areas under the curves of every class. */
export type OneVsRestAreas = {
  /** In the order of the classes; NaN for a class without images. */
  readonly perClass: readonly Areas[];
  /** The plain mean over the classes with images. */
  readonly macro: Areas;
  /** The mean over the classes with images, weighted with their number. */
  readonly weighted: Areas;
};

/** The images ranked by each class's probability, in the order of the classes. */
export const rankByClass = ({ classes, truth, probabilities }: Predictions): readonly Ranking[] =>
  classes.map((_, label) =>
    rankImages(
      Array.from(truth, (own) => own === label),
      Float64Array.from({ length: truth.length }, (_, image) => probabilities[image * classes.length + label]!),
    ),
  );

/** Curves of every class with at most `points` points each; the areas come from all points. */
export const oneVsRestCurves = (
  classes: readonly string[],
  rankings: readonly Ranking[],
  points: number,
): readonly ClassCurves[] =>
  rankings.map((ranking, index) => ({
    class: classes[index]!,
    support: ranking.positive.reduce((total, positive) => total + positive, 0),
    roc: thinCurve(rocCurve(ranking), ["falsePositiveRate", "sensitivity"], points),
    precisionRecall: thinCurve(precisionRecallCurve(ranking), ["recall", "precision"], points),
  }));

function supportOf(ranking: Ranking, counts: Counts | undefined): number {
  let support = 0;
  ranking.order.forEach((image, place) => {
    support += ranking.positive[place]! * (counts === undefined ? 1 : counts[image]!);
  });
  return support;
}

function mean(areas: readonly Areas[], weights: readonly number[]): Areas {
  const of = (name: keyof Areas): number => {
    let sum = 0;
    let whole = 0;
    areas.forEach((area, index) => {
      if (Number.isNaN(area[name])) return;
      sum += area[name] * weights[index]!;
      whole += weights[index]!;
    });
    return sum / whole;
  };
  return { auroc: of("auroc"), averagePrecision: of("averagePrecision") };
}

/** Areas per class and their means, as scikit-learn's `roc_auc_score(multi_class="ovr")` and `average_precision_score`. */
export function oneVsRestAreas(rankings: readonly Ranking[], counts?: Counts): OneVsRestAreas {
  const perClass = rankings.map((ranking) => ({
    auroc: rocArea(ranking, counts),
    averagePrecision: averagePrecision(ranking, counts),
  }));
  const supports = rankings.map((ranking) => supportOf(ranking, counts));
  return {
    perClass,
    macro: mean(
      perClass,
      perClass.map(() => 1),
    ),
    weighted: mean(perClass, supports),
  };
}
