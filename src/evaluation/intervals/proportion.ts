/** A part of a number of images, with the interval that says how far it can be trusted. */

import type { ImageGroups } from "../image-groups.ts";
import { effectiveSize, kishSize } from "./effective-size.ts";
import { type Interval, scoreInterval } from "./wilson-interval.ts";

export type { Interval } from "./wilson-interval.ts";

/** A proportion with its 95 % interval. */
export interface Proportion {
  readonly count: number;
  /** Images that could have counted. */
  readonly of: number;
  /** `count / of`; null where `of` is 0. */
  readonly value: number | null;
  /** Independent images that these are worth: `of` where every image is a group of its own; null where `of` is 0. */
  readonly effective: number | null;
  /** Wilson's 95 % interval for so many images; null where `of` is 0. */
  readonly interval: Interval | null;
}

/**
 * The part of the images whose outcome is true; an outcome of null leaves an image out of the whole. The interval is Wilson's on
 * the effective number of images, from the variance of the ratio between groups; where every image is a group of its own, and only
 * there for certain, it is Wilson's own, and it is never narrower than that.
 */
export function proportion(
  outcomes: ArrayLike<boolean | null>,
  { of: groupOf, count: groups }: ImageGroups,
): Proportion {
  const sizes = new Uint32Array(groups);
  const hits = new Uint32Array(groups);
  for (let image = 0; image < outcomes.length; image++) {
    const outcome = outcomes[image]!;
    if (outcome === null) continue;
    sizes[groupOf[image]!]! += 1;
    if (outcome) hits[groupOf[image]!]! += 1;
  }
  const of = sizes.reduce((total, size) => total + size, 0);
  const count = hits.reduce((total, hit) => total + hit, 0);
  if (of === 0) return { count, of, value: null, effective: null, interval: null };
  const value = count / of;
  const effective = effectiveNumber(value, sizes, hits);
  return { count, of, value, effective, interval: scoreInterval(value, effective) };
}

/** Images that groups of `sizes` with so many `hits` each are worth; at most as many as they are. */
function effectiveNumber(value: number, sizes: Uint32Array, hits: Uint32Array): number {
  let images = 0;
  let present = 0;
  let largest = 0;
  let squares = 0;
  sizes.forEach((size, group) => {
    images += size;
    if (size > 0) present += 1;
    largest = Math.max(largest, size);
    squares += (hits[group]! - value * size) ** 2;
  });
  if (largest === 1) return images;
  // The variance of a ratio of sums over groups, to first order.
  const variance = present < 2 ? null : ((present / (present - 1)) * squares) / images ** 2;
  return Math.min(images, effectiveSize({ value, variance, groups: kishSize(sizes) }));
}
