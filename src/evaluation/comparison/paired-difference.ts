/** The difference between two classifiers' shares of right answers on the same grouped images, with its interval. */

import type { ImageGroups } from "../image-groups.ts";
import { kishSize } from "../intervals/effective-size.ts";
import type { Interval } from "../intervals/proportion.ts";
import { Z95 } from "../intervals/wilson-interval.ts";

/** A difference in [-1, 1], and the centre and variance that its interval goes by. */
export interface PairedDifference {
  readonly value: number;
  readonly centre: number;
  readonly variance: number;
}

/**
 * The mean over images of `differences`: 1 where only the first classifier is right, -1 where only the second is, 0 where both or
 * neither are, null for an image that does not count. Null where none counts.
 *
 * Centre and variance are those of the groups and of two halves of a group more, of which one speaks for the first classifier in
 * one voice and one for the second. With every image for itself and whole pseudo-groups this is the interval of Bonett and Price
 * (2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data"), which has a width
 * where the classifiers never differ.
 */
export function pairedDifference(
  differences: ArrayLike<number | null>,
  { of: groupOf, count: groups }: ImageGroups,
): PairedDifference | null {
  const sizes = new Float64Array(groups);
  const sums = new Float64Array(groups);
  for (let image = 0; image < differences.length; image++) {
    const difference = differences[image]!;
    if (difference === null) continue;
    sizes[groupOf[image]!]! += 1;
    sums[groupOf[image]!]! += difference;
  }
  const images = sizes.reduce((total, size) => total + size, 0);
  if (images === 0) return null;
  const sum = sums.reduce((total, part) => total + part, 0);
  const pseudo = images / kishSize(sizes);
  const centre = sum / (images + pseudo);
  let squares = 0.5 * pseudo ** 2 * ((1 - centre) ** 2 + (1 + centre) ** 2);
  sizes.forEach((size, group) => {
    squares += (sums[group]! - centre * size) ** 2;
  });
  return { value: sum / images, centre, variance: squares / (images + pseudo) ** 2 };
}

/** The plain mean of differences on different images, such as those of each class. */
export function meanDifference(parts: readonly PairedDifference[]): PairedDifference {
  const mean = (name: keyof PairedDifference) => parts.reduce((total, part) => total + part[name], 0) / parts.length;
  return { value: mean("value"), centre: mean("centre"), variance: mean("variance") / parts.length };
}

/** The 95 % interval, within [-1, 1]. */
export function differenceInterval({ value, centre, variance }: PairedDifference): Interval {
  const half = Z95 * Math.sqrt(variance);
  return [Math.max(-1, Math.min(value, centre - half)), Math.min(1, Math.max(value, centre + half))];
}
