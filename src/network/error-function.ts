/** The error function, to double precision. */

const seriesFactor = 2 / Math.sqrt(Math.PI);

/** Beyond it the function is 1 in double precision. */
const largest = 6;

/** erf(x) = 2 / sqrt(pi) exp(-x²) (x + 2x³/3 + 4x⁵/15 + …): all terms have one sign (Abramowitz and Stegun 1964, 7.1.6). */
export function errorFunction(x: number): number {
  if (!(Math.abs(x) < largest)) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Number.EPSILON * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return seriesFactor * Math.exp(-x * x) * sum;
}
