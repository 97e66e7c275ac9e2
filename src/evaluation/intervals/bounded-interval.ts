/** Intervals of figures that cannot leave a range, such as areas and F1, which hold near its ends and for a handful of images. */
import type { Estimate, Resampled } from "./cluster-bootstrap.ts";
import { effectiveSize } from "./effective-size.ts";
import { scoreInterval } from "./wilson-interval.ts";

/** The values that a figure can take, and the groups that it rests on. */
export interface FigureRange {
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
  { low, high, groups }: FigureRange,
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
 * The range of a mean of `values` that can go from `low` to `high`, of which most are far from there: as far as the values go, unless all
 * are equal. So the half group that `effectiveSize` counts more is as bad as the worst image, and not as bad as can be thought.
 */
export function seenRange(values: Float64Array, low: number, high: number): Pick<FigureRange, "low" | "high"> {
  const [least, most] = values.reduce(([from, to], value) => [Math.min(from, value), Math.max(to, value)], [high, low]);
  return least < most ? { low: least, high: most } : { low, high };
}

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
