/** Random numbers of the beta distribution, from which mixing draws its proportions. */
import type { Random } from "../../random.ts";

/** A number of the gamma distribution of scale 1 (Marsaglia and Tsang 2000); `shape` is positive. */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A number in [0, 1] of the distribution Beta(alpha, alpha); `alpha` is positive. */
export function symmetricBeta(alpha: number, random: Random): number {
  const [x, y] = [gamma(alpha, random), gamma(alpha, random)];
  // Both vanish only where alpha is tiny; the distribution is then all but a coin.
  return x + y > 0 ? x / (x + y) : random.integer(2);
}
