/** Intervals of figures that cannot leave a range, such as areas and F1, which hold near its ends and for a handful of images. */
import type { Estimate, Resampled } from "./cluster-bootstrap.ts";
import { effectiveSize } from "./effective-size.ts";
import { scoreInterval } from "./wilson-interval.ts";

export interface Range {
  readonly low: number;
  readonly high: number;
  /** What the groups that the figure speaks of are worth, as `kishSize` has it. */
  readonly groups: number;
}

/**
 * The figure with Wilson's 95 % interval for as many independent images as its bootstrap variance is worth (`effectiveSize`), within
 * its range. Percentiles of resamples say 100 to 100 % where no resample errs, and too little before that: of a class of
 * four lesions they held the sensitivity in 38 % of the simulated runs.
 */
export function boundedInterval(
  { value, standardError }: Pick<Resampled, "value" | "standardError">,
  { low, high, groups }: Range,
): Estimate {
  if (value === null || groups === 0) return { value, interval: null };
  const width = high - low;
  // Rounding may put a figure out of its range by a little.
  const share = Math.min(1, Math.max(0, (value - low) / width));
  const size = effectiveSize({
    value: share,
    variance: standardError === null ? null : (standardError / width) ** 2,
    groups,
  });
  const [from, to] = scoreInterval(share, size);
  return { value, interval: [Math.min(value, low + from * width), Math.max(value, low + to * width)] };
}

/**
 * The figure with its percentile interval, or, where all resamples are equal and say nothing, with the interval that the groups alone
 * allow. For means of numbers that are rarely all at an end of their range, such as the Brier score.
 */
export const unlessDegenerate = ({ value, interval, standardError }: Resampled, range: Range): Estimate =>
  interval !== null && interval[0] < interval[1]
    ? { value, interval }
    : boundedInterval({ value, standardError: standardError === 0 ? null : standardError }, range);

/**
 * What the groups of positive and negative images are worth for the area under the ROC curve: the number of images at which a
 * proportion has the variance that Hanley and McNeil (1982, "The meaning and use of the area under a ROC curve") give the area.
 */
export function groupsOfArea(area: number, positives: number, negatives: number): number {
  if (positives === 0 || negatives === 0) return 0;
  const ofPositives = ((positives - 1) * (1 - area)) / (2 - area);
  const ofNegatives = ((negatives - 1) * area) / (1 + area);
  return (positives * negatives) / (1 + ofPositives + ofNegatives);
}
