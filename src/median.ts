/** The median: the figure of a bench, since a busy machine only ever makes single steps slower. */

/** Of at least one number; the mean of the two in the middle where there is an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
