/** Ages in bands wide enough to count images in. */

/** First ages of the bands after the first. */
const starts = [30, 45, 60, 75];

/** The band of an age in years, such as "45 to 59"; null for an unknown one. */
export function ageBand(age: number | null): string | null {
  if (age === null || !Number.isFinite(age)) return null;
  const next = starts.findIndex((start) => age < start);
  if (next === 0) return `under ${starts[0]}`;
  return next < 0 ? `${starts.at(-1)} and over` : `${starts[next - 1]} to ${starts[next]! - 1}`;
}
