/** Dunnett's two-sided critical values: how far the largest of several t statistics against one control goes by chance. */
import { EvaluationError } from "../../errors.ts";

/** The standard normal distribution function, to 1e-7 (the rational approximation 26.2.17 of Abramowitz and Stegun 1964). */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * series;
  return z < 0 ? tail : 1 - tail;
}

/** Points with weights that sum to 1, of a density known up to a factor, evenly from `low` to `high`. */
function points(density: (x: number) => number, low: number, high: number, count: number) {
  const all = Array.from({ length: count }, (_, i) => {
    const x = low + ((high - low) * i) / (count - 1);
    return { x, weight: density(x) };
  });
  const sum = all.reduce((total, { weight }) => total + weight, 0);
  return all.map(({ x, weight }) => ({ x, weight: weight / sum }));
}

/**
 * The c that the largest of `comparisons` absolute t statistics stays below with the probability `level` where nothing differs
 * (Dunnett 1955, 1964): each compares a mean with that of one control of the same size, all with one estimate of the variance of
 * `freedom` degrees of freedom. With one comparison it is Student's. Infinite without a degree of freedom.
 *
 * Found by bisection on P(c) = E over s of the integral of phi(z) [Phi(z + sqrt(2) c s) - Phi(z - sqrt(2) c s)]^comparisons dz,
 * where s is chi / sqrt(freedom); to about 0.002 of itself.
 *
 * @throws EvaluationError unless `level` lies between 0 and 1 and there is a comparison
 */
export function dunnettCriticalValue(level: number, comparisons: number, freedom: number): number {
  if (!(level > 0 && level < 1) || !(comparisons >= 1)) {
    throw new EvaluationError(
      `dunnettCriticalValue: expected a level between 0 and 1 and at least one comparison, got ${level} and ${comparisons}`,
    );
  }
  if (freedom < 1) return Number.POSITIVE_INFINITY;
  const control = points((z) => Math.exp(-0.5 * z * z), -8, 8, 49);
  // In u = ln s, where the density is s^freedom exp(-freedom s^2 / 2).
  const spread = 9 / Math.sqrt(2 * freedom);
  const scales = points(
    (u) => Math.exp(freedom * (u - 0.5 * Math.exp(2 * u) + 0.5)),
    -spread - 18 / freedom,
    spread,
    81,
  ).filter(({ weight }) => weight > 1e-12);
  const below = (c: number): number =>
    scales.reduce((total, { x, weight }) => {
      const width = Math.SQRT2 * c * Math.exp(x);
      const all = control.reduce(
        (sum, point) =>
          sum + point.weight * (normalBelow(point.x + width) - normalBelow(point.x - width)) ** comparisons,
        0,
      );
      return total + weight * all;
    }, 0);
  let [low, high] = [0, 2];
  while (below(high) < level) high *= 2;
  while (high - low > 1e-3 * high) {
    const middle = (low + high) / 2;
    if (below(middle) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
