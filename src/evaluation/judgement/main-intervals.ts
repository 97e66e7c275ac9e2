/** The intervals of the main figures: each from the method that holds for it at any value and for a handful of images. */

import { groupSizes, type ImageGroups } from "../image-groups.ts";
import { boundedInterval, groupsOfArea, seenRange } from "../intervals/bounded-interval.ts";
import type { Estimate, Estimates, Resampled } from "../intervals/cluster-bootstrap.ts";
import { kishSize, sizeOfMean } from "../intervals/effective-size.ts";
import { meanInterval } from "../intervals/mean-of-proportions.ts";
import type { Proportion } from "../intervals/proportion.ts";
import type { Predictions } from "../predictions.ts";
import type { ClassRates } from "../scores/diagnostic-rates.ts";
import { brierScores, LEAST_PROBABILITY, negativeLogLikelihoods, type ProperScores } from "../scores/proper-scores.ts";
import { verdicts } from "../verdicts.ts";
import type { MainFigures, MeanFigures } from "./main-figures.ts";

/** What the intervals of the main figures are made from. */
export interface MainIntervalOptions {
  readonly estimates: Estimates<MainFigures, Resampled>;
  readonly accuracy: Proportion;
  /** In the order of the classes. */
  readonly rates: readonly ClassRates[];
  readonly predictions: Predictions;
  readonly groups: ImageGroups;
}

const asEstimate = ({ value, interval }: Proportion): Estimate => ({ value, interval });

/** The mean scores with their intervals. Their losses are skewed: a few images of the worst kind may be missing, or one too many. */
export function properIntervals(
  { brier, negativeLogLikelihood }: Estimates<ProperScores, Resampled>,
  predictions: Predictions,
  imageGroups: ImageGroups,
): Estimates<ProperScores> {
  const groups = kishSize(groupSizes(imageGroups));
  const losses = negativeLogLikelihoods(predictions);
  return {
    brier: boundedInterval(brier, { ...seenRange(brierScores(predictions), 0, 2), groups }),
    negativeLogLikelihood: boundedInterval(negativeLogLikelihood, {
      ...seenRange(losses, 0, -Math.log(LEAST_PROBABILITY)),
      groups,
    }),
  };
}

/**
 * The main figures with their 95 % intervals. Proportions keep theirs, balanced accuracy has that of a mean of proportions, all others
 * the one of a bounded figure.
 */
export function mainIntervals({
  estimates,
  accuracy,
  rates,
  predictions,
  groups,
}: MainIntervalOptions): Estimates<MainFigures> {
  const all = kishSize(groupSizes(groups));
  const sizes = rates.map((_, label) => {
    const own = Array.from(predictions.truth, (other) => other === label);
    const others = own.map((flag) => !flag);
    return { own: kishSize(groupSizes(groups, own)), others: kishSize(groupSizes(groups, others)) };
  });
  const ofArea = sizes.map(({ own, others }, label) =>
    groupsOfArea(estimates.perClass[label]!.auroc.value ?? 0.5, own, others),
  );
  const recall = meanInterval(rates.map(({ sensitivity }) => sensitivity));
  const share = (estimate: Resampled, worth: number): Estimate =>
    boundedInterval(estimate, { low: 0, high: 1, groups: worth });

  const present = rates.flatMap(({ sensitivity }, label) => (sensitivity.of > 0 ? [label] : []));
  const tested = present.length / rates.length;

  /** The means over the classes that have images, in which each has the weight that `weigh` gives it. */
  const meansOf = (means: Estimates<MeanFigures, Resampled>, weigh: (support: number) => number) => {
    const weights = present.map((label) => weigh(rates[label]!.sensitivity.of));
    const worth = sizeOfMean(
      weights,
      present.map((label) => sizes[label]!.own),
    );
    const areaWorth = sizeOfMean(
      weights,
      present.map((label) => ofArea[label]!),
    );
    return {
      precision: share(means.precision, worth),
      f1: share(means.f1, worth),
      averagePrecision: share(means.averagePrecision, worth),
      auroc: share(means.auroc, areaWorth),
    };
  };

  return {
    accuracy: asEstimate(accuracy),
    balancedAccuracy: {
      value: estimates.balancedAccuracy.value,
      interval: recall,
    },
    mcc: boundedInterval(estimates.mcc, { low: -1, high: 1, groups: all }),
    kappa: boundedInterval(estimates.kappa, { low: -1, high: 1, groups: all }),
    // A class without images counts there, with a recall of 0.
    macro: {
      ...meansOf(estimates.macro, () => 1),
      recall: { value: estimates.macro.recall.value, interval: recall && [recall[0] * tested, recall[1] * tested] },
    },
    // The weighted mean of the recalls is the accuracy.
    weighted: { ...meansOf(estimates.weighted, (support) => support), recall: asEstimate(accuracy) },
    ...properIntervals(estimates, predictions, groups),
    meanConfidence: boundedInterval(estimates.meanConfidence, {
      ...seenRange(verdicts(predictions).confidence, 0, 1),
      groups: all,
    }),
    perClass: estimates.perClass.map((own, label) => {
      const { sensitivity, specificity, ppv, npv } = rates[label]!;
      return {
        sensitivity: asEstimate(sensitivity),
        specificity: asEstimate(specificity),
        ppv: asEstimate(ppv),
        npv: asEstimate(npv),
        f1: share(own.f1, sizes[label]!.own),
        auroc: share(own.auroc, ofArea[label]!),
        averagePrecision: share(own.averagePrecision, sizes[label]!.own),
      };
    }),
  };
}
