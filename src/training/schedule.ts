/** The learning rate of every step. */
import { TrainingError } from "../errors.ts";
import { valueInWords } from "../text/value-in-words.ts";

/** The schedules of the learning rate. */
export const scheduleNames = ["cosine", "constant"] as const;

/** The name of a schedule. */
export type ScheduleName = (typeof scheduleNames)[number];

/** Where a training stands when a schedule of one's own is asked for the learning rate of a step. */
export interface SchedulePosition {
  /** The step over the whole training, counted from 0. */
  readonly step: number;
  /** Steps of the whole training. */
  readonly totalSteps: number;
  /** The epoch, counted from 0. */
  readonly epoch: number;
  readonly stepsPerEpoch: number;
  /** What the setting `warmupEpochs` comes to: at most half of all steps. A function makes the warm-up itself, or leaves it out. */
  readonly warmupSteps: number;
}

/**
 * A schedule of one's own: the factor of the highest learning rate for a step, finite and at least 0. It is the whole schedule, warm-up
 * included. For the same position it must always give the same factor, so that a training that was stopped goes on as it would have.
 */
export type ScheduleFunction = (position: SchedulePosition) => number;

/** How the learning rate changes during a training. */
export interface Schedule {
  readonly schedule: ScheduleName | ScheduleFunction;
  /** The highest learning rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** Steps of linear warm-up; at most half of all steps are used for it. */
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

const afterWarmup: { readonly [K in ScheduleName]: (progress: number) => number } = {
  // Loshchilov and Hutter 2017 (SGDR), one cycle without restarts.
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
  constant: () => 1,
};

/**
 * The learning rate for a step, counted from 0: linear warm-up from peak / warmupSteps, then the schedule; or what a function says.
 * Throws TrainingError where that is no finite number of at least 0.
 */
export function learningRateAt(
  step: number,
  { schedule, peak, warmupSteps, totalSteps, stepsPerEpoch }: Schedule,
): number {
  const warmup = Math.min(Math.round(warmupSteps), Math.floor(totalSteps / 2));
  if (typeof schedule === "function") {
    const epoch = Math.floor(step / stepsPerEpoch);
    const factor: unknown = schedule({ step, totalSteps, epoch, stepsPerEpoch, warmupSteps: warmup });
    const rate = typeof factor === "number" ? peak * factor : Number.NaN;
    if (rate >= 0 && rate < Number.POSITIVE_INFINITY) return rate;
    throw new TrainingError(
      `schedule: the function gave ${valueInWords(factor)} in epoch ${epoch + 1}, step ${(step % stepsPerEpoch) + 1}; expected a finite ` +
        "number of at least 0, by which the highest learning rate is multiplied",
    );
  }
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return peak * afterWarmup[schedule]((step - warmup) / (totalSteps - warmup));
}
