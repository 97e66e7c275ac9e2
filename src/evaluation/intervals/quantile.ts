/** Quantiles of sorted numbers. */

/** The quantile at `part` in [0, 1] of rising numbers, linear between two of them (Hyndman and Fan's type 7, numpy's default). */
export function quantile(rising: ArrayLike<number>, part: number): number {
  const place = part * (rising.length - 1);
  const below = Math.floor(place);
  const fraction = place - below;
  const low = rising[below]!;
  const high = rising[Math.min(below + 1, rising.length - 1)]!;
  // From the nearer end, as numpy: exact at both ends and never beyond them.
  return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction);
}
