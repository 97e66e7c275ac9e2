/** A part of a number of images, with the interval that says how far it can be trusted. */
import { wilsonInterval } from "./wilson-interval.ts";

/** A 95 % interval, both ends included. */
export type Interval = readonly [low: number, high: number];

export interface Proportion {
  readonly count: number;
  /** Images that could have counted. */
  readonly of: number;
  /** `count / of`; null where `of` is 0. */
  readonly value: number | null;
  /** Wilson's 95 % interval, which takes the images as independent; null where `of` is 0. */
  readonly interval: Interval | null;
}

/** `count` of `of` images as a proportion with Wilson's interval; throws RangeError where `count` is no part of `of`. */
export function proportion(count: number, of: number): Proportion {
  if (of === 0 && count === 0) return { count, of, value: null, interval: null };
  return { count, of, interval: wilsonInterval(count, of), value: count / of };
}
