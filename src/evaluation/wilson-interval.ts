/** The Wilson score interval of a proportion. */

/** The 97.5th percentile of the standard normal distribution: two sides of 2.5 % leave 95 %. */
const Z95 = 1.959963984540054;

/**
 * The 95 % interval [low, high] of a proportion of `successes` in `trials` independent trials (Wilson 1927,
 * "Probable inference, the law of succession, and statistical inference"); no continuity correction.
 * Unlike the textbook's normal approximation it stays within [0, 1] and is useful at 0 and at `trials` successes.
 * Throws RangeError unless both are whole numbers with 0 <= successes <= trials and trials >= 1.
 */
export function wilsonInterval(successes: number, trials: number): readonly [low: number, high: number] {
  if (!Number.isInteger(trials) || trials < 1) {
    throw new RangeError(`wilsonInterval: expected at least one trial, got ${trials}`);
  }
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`wilsonInterval: expected 0 to ${trials} successes, got ${successes}`);
  }
  const proportion = successes / trials;
  const z2 = Z95 ** 2;
  const scale = 1 + z2 / trials;
  const centre = (proportion + z2 / (2 * trials)) / scale;
  const half = (Z95 / scale) * Math.sqrt((proportion * (1 - proportion)) / trials + z2 / (4 * trials ** 2));
  // At 0 and at all successes the bound is exactly 0 or 1; rounding must not put it outside of the proportion.
  return [successes === 0 ? 0 : centre - half, successes === trials ? 1 : centre + half];
}
