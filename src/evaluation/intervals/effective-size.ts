/** How many independent images a figure of grouped images is worth, which its interval then goes by. */

/**
 * The number of groups that images in groups of these sizes are worth where a group speaks with one voice: (sum m)^2 / sum m^2
 * (Kish 1965, "Survey sampling"). The number of images where each stands alone, less than the number of groups where sizes differ.
 */
export function kishSize(sizes: ArrayLike<number>): number {
  let images = 0;
  let squares = 0;
  for (let group = 0; group < sizes.length; group++) {
    images += sizes[group]!;
    squares += sizes[group]! ** 2;
  }
  return squares === 0 ? 0 : images ** 2 / squares;
}

/** The number of independent images, or groups, that a weighted mean is worth of figures that are worth `sizes` each. */
export function sizeOfMean(weights: readonly number[], sizes: readonly number[]): number {
  const whole = weights.reduce((total, weight) => total + weight, 0);
  return 1 / weights.reduce((total, weight, index) => total + (weight / whole) ** 2 / sizes[index]!, 0);
}

/** A figure with what tells how many independent images it is worth. */
export interface SizedFigure {
  /** In [0, 1], as a proportion. */
  readonly value: number;
  /** The variance of the value, estimated from the groups; null where they give none. */
  readonly variance: number | null;
  /** What the groups are worth if each speaks with one voice, as `kishSize` has it. */
  readonly groups: number;
}

/**
 * The number of independent images n at which a proportion has the figure's variance, value (1 - value) / n: the number of images
 * divided by the design effect (Kish 1965; Korn and Graubard 1998, "Confidence intervals for proportions with small expected
 * number of positive counts estimated from survey data").
 *
 * The groups estimate that variance badly where few of them differ from the rest, and as 0 where none does, at 0 % and 100 %. So
 * half a group more is counted, which says the opposite of the value in one voice: with few errors n is drawn towards
 * the number of groups and equals it where there are none; with many it makes no difference. The half was chosen by simulation
 * (coverage.proof.ts): a whole group covers more than 98 %, none less than 90 %.
 */
export function effectiveSize({ value, variance, groups }: SizedFigure): number {
  if (variance === null) return groups;
  return (value * (1 - value) + 0.5 / groups) / (variance + 0.5 / groups ** 2);
}
