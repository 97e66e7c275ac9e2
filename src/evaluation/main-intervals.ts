/** The intervals of the main figures: each from the method that holds for it at any value and for a handful of images. */
import { boundedInterval, groupsOfArea, unlessDegenerate } from "./bounded-interval.ts";
import type { Estimate, Estimates, Resampled } from "./cluster-bootstrap.ts";
import type { ClassRates } from "./diagnostic-rates.ts";
import { kishSize, sizeOfMean } from "./effective-size.ts";
import { groupSizes, type ImageGroups } from "./image-groups.ts";
import type { MainFigures, MeanFigures } from "./main-figures.ts";
import { meanInterval } from "./mean-of-proportions.ts";
import { LEAST_PROBABILITY, type ProperScores } from "./proper-scores.ts";
import type { Proportion } from "./proportion.ts";

export interface MainIntervalOptions {
  readonly estimates: Estimates<MainFigures, Resampled>;
  readonly accuracy: Proportion;
  /** In the order of the classes. */
  readonly rates: readonly ClassRates[];
  readonly truth: ArrayLike<number>;
  readonly groups: ImageGroups;
}

const asEstimate = ({ value, interval }: Proportion): Estimate => ({ value, interval });

/** The intervals of mean scores of images in groups that are worth `groups`. */
export const properIntervals = (
  { brier, negativeLogLikelihood }: Estimates<ProperScores, Resampled>,
  groups: number,
): Estimates<ProperScores> => ({
  brier: unlessDegenerate(brier, { low: 0, high: 2, groups }),
  negativeLogLikelihood: unlessDegenerate(negativeLogLikelihood, {
    low: 0,
    high: -Math.log(LEAST_PROBABILITY),
    groups,
  }),
});

/**
 * The main figures with their 95 % intervals. Proportions keep theirs, balanced accuracy has that of a mean of proportions, areas, F1,
 * means over classes, kappa and the Matthews coefficient have bounded ones, scores of probabilities percentiles.
 */
export function mainIntervals({
  estimates,
  accuracy,
  rates,
  truth,
  groups,
}: MainIntervalOptions): Estimates<MainFigures> {
  const all = kishSize(groupSizes(groups));
  const sizes = rates.map((_, label) => {
    const own = Array.from(truth, (other) => other === label);
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
    ...properIntervals(estimates, all),
    meanConfidence: unlessDegenerate(estimates.meanConfidence, { low: 0, high: 1, groups: all }),
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
