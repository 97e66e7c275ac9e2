/** The mean of several proportions, such as balanced accuracy, with an interval made of theirs. */
import type { Interval, Proportion } from "./proportion.ts";

/**
 * The 95 % interval of the plain mean of proportions of different images, by the recovery of variances from their own intervals
 * (MOVER; Zou and Donner 2008, "Construction of confidence limits about effect measures"): each bound is as far from the mean as
 * the distances of the parts' bounds, added as independent errors are. So it has a width where all parts are 0 or 1. Proportions
 * without images do not count; null where none has any.
 */
export function meanInterval(parts: readonly Proportion[]): Interval | null {
  const known = parts.filter(({ of }) => of > 0);
  if (known.length === 0) return null;
  const mean = known.reduce((total, { value }) => total + value!, 0) / known.length;
  const reach = (end: 0 | 1): number =>
    Math.sqrt(known.reduce((total, { value, interval }) => total + (value! - interval![end]) ** 2, 0)) / known.length;
  return [mean - reach(0), mean + reach(1)];
}
