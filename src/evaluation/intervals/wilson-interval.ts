/** The Wilson score interval of a proportion. */

/** A 95 % interval, both ends included. */
export type Interval = readonly [low: number, high: number];

/** The 97.5th percentile of the standard normal distribution: two sides of 2.5 % leave 95 %. */
export const Z95 = 1.959963984540054;

/**
 * The 95 % interval [low, high] of a proportion `value` seen in `size` independent images (Wilson 1927, "Probable inference, the
 * law of succession, and statistical inference"); no continuity correction. `size` need not be whole: it may be an effective number
 * of images. Unlike the textbook's normal approximation it stays within [0, 1], and it has a width at 0 and at 1.
 * Throws RangeError unless 0 <= value <= 1 and size > 0.
 */
export function scoreInterval(value: number, size: number): Interval {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`scoreInterval: expected a proportion in [0, 1], got ${value}`);
  if (!(size > 0 && size < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`scoreInterval: expected a positive number of images, got ${size}`);
  }
  const z2 = Z95 ** 2;
  const scale = 1 + z2 / size;
  const centre = (value + z2 / (2 * size)) / scale;
  const half = (Z95 / scale) * Math.sqrt((value * (1 - value)) / size + z2 / (4 * size ** 2));
  // At 0 and at 1 one bound is exactly the value; rounding must not put it on the wrong side.
  return [value === 0 ? 0 : Math.max(0, centre - half), value === 1 ? 1 : Math.min(1, centre + half)];
}

/**
 * Wilson's 95 % interval of `successes` in `trials` independent trials.
 * Throws RangeError unless both are whole numbers with 0 <= successes <= trials and trials >= 1.
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (!Number.isInteger(trials) || trials < 1) {
    throw new RangeError(`wilsonInterval: expected at least one trial, got ${trials}`);
  }
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`wilsonInterval: expected 0 to ${trials} successes, got ${successes}`);
  }
  return scoreInterval(successes / trials, trials);
}
