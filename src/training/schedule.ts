/** The learning rate of every step. */

/** The schedules of the learning rate. */
export const scheduleNames = ["cosine", "constant"] as const;

/** The name of a schedule. */
export type ScheduleName = (typeof scheduleNames)[number];

/** How the learning rate changes during a training. */
export interface Schedule {
  readonly name: ScheduleName;
  /** The highest learning rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** Steps of linear warm-up; at most half of all steps are used for it. */
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

const afterWarmup: { readonly [K in ScheduleName]: (progress: number) => number } = {
  // Loshchilov and Hutter 2017 (SGDR), one cycle without restarts.
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
  constant: () => 1,
};

/** The learning rate for a step, counted from 0: linear warm-up from peak / warmupSteps, then the schedule. */
export function learningRateAt(step: number, { name, peak, warmupSteps, totalSteps }: Schedule): number {
  const warmup = Math.min(Math.round(warmupSteps), Math.floor(totalSteps / 2));
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return peak * afterWarmup[name]((step - warmup) / (totalSteps - warmup));
}
