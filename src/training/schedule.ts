/** The learning rate of every step. */
import { TrainingError } from "../errors.ts";
import { valueInWords } from "../text/value-in-words.ts";

/** The schedules of the learning rate. */
export const scheduleNames = [
  "cosine",
  "constant",
  "step",
  "polynomial",
  "oneCycle",
  "warmRestarts",
  "plateau",
] as const;

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

/** The numbers of schedules; those left out have their usual values. */
export interface ScheduleNumbers {
  /** Of `step`: epochs after which the rate falls again, by default a third of those after the warm-up. */
  readonly stepEpochs?: number | undefined;
  /** Of `step` and `plateau`: what the rate is multiplied by when it falls, by default 0.1. */
  readonly gamma?: number | undefined;
  /** Of `polynomial`: the power, by default 1. */
  readonly power?: number | undefined;
  /** Of `warmRestarts`: epochs of the first cycle, by default as many as let three cycles fill the training. */
  readonly cycleEpochs?: number | undefined;
  /** Of `warmRestarts`: how many times longer each cycle is than the one before, by default 2. */
  readonly cycleFactor?: number | undefined;
  /** Of `plateau`: epochs without a lower validation loss after which the rate falls, by default 5. */
  readonly plateauPatience?: number | undefined;
}

/** The name of a number of schedules. */
export type ScheduleNumber = keyof ScheduleNumbers;

/** Which numbers each schedule has. */
export const scheduleNumbers: { readonly [K in ScheduleName]: readonly ScheduleNumber[] } = {
  cosine: [],
  constant: [],
  step: ["stepEpochs", "gamma"],
  polynomial: ["power"],
  oneCycle: [],
  warmRestarts: ["cycleEpochs", "cycleFactor"],
  plateau: ["plateauPatience", "gamma"],
};

/** How the learning rate changes during a training. */
export interface Schedule extends ScheduleNumbers {
  readonly schedule: ScheduleName | ScheduleFunction;
  /** The highest learning rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** Steps of linear warm-up; at most half of all steps are used for it. */
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/** Where a step stands after the warm-up. */
interface Elapsed {
  /** The part of the steps after the warm-up that is done. */
  readonly progress: number;
  /** Epochs since the warm-up, and those there are in all. */
  readonly epochs: number;
  readonly allEpochs: number;
  /** Validation losses of the finished epochs, as far as there are any. */
  readonly losses: readonly number[];
}

const halfCosine = (progress: number): number => (1 + Math.cos(Math.PI * progress)) / 2;

const afterWarmup: { readonly [K in ScheduleName]: (elapsed: Elapsed, numbers: ScheduleNumbers) => number } = {
  // Loshchilov and Hutter 2017 (SGDR), one cycle without restarts.
  cosine: ({ progress }) => halfCosine(progress),
  constant: () => 1,
  step: ({ epochs, allEpochs }, { stepEpochs = Math.max(1, Math.round(allEpochs / 3)), gamma = 0.1 }) =>
    gamma ** Math.floor(epochs / stepEpochs),
  polynomial: ({ progress }, { power = 1 }) => (1 - progress) ** power,
  // It has its warm-up in itself.
  oneCycle: () => 1,
  warmRestarts: ({ epochs, allEpochs }, numbers) => halfCosine(cycleProgress(epochs, allEpochs, numbers)),
  plateau: ({ losses }, numbers) => plateauFactor(losses, numbers),
};

/** The part of a cycle that is done (Loshchilov and Hutter 2017). */
function cycleProgress(epochs: number, allEpochs: number, { cycleEpochs, cycleFactor: factor = 2 }: ScheduleNumbers) {
  let length = cycleEpochs ?? allEpochs / (1 + factor + factor ** 2);
  let begun = 0;
  // Whole cycles end where rounding says that they do.
  while (epochs - begun >= length * (1 - 1e-12)) {
    begun += length;
    length *= factor;
  }
  return Math.max(0, epochs - begun) / length;
}

/** As PyTorch's ReduceLROnPlateau: a loss counts as lower by a ten-thousandth. */
function plateauFactor(losses: readonly number[], { plateauPatience = 5, gamma = 0.1 }: ScheduleNumbers): number {
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  let factor = 1;
  for (const loss of losses) {
    if (loss < best * (1 - 1e-4)) {
      best = loss;
      waited = 0;
    } else if (++waited > plateauPatience) {
      factor *= gamma;
      waited = 0;
    }
  }
  return factor;
}

/** Part of the steps in which the rate of one cycle rises, and what it begins and ends with, as in PyTorch. */
const oneCycle = { rises: 0.3, begin: 1 / 25, end: 1 / 25e4 };

/** Smith and Topin 2018, "Super-Convergence", in half cosines. */
function oneCycleFactor(step: number, totalSteps: number): number {
  const peak = oneCycle.rises * totalSteps - 1;
  if (step <= peak) return 1 + (oneCycle.begin - 1) * halfCosine(step / peak);
  const progress = (step - Math.max(0, peak)) / (totalSteps - 1 - Math.max(0, peak));
  return oneCycle.end + (1 - oneCycle.end) * halfCosine(totalSteps === 1 ? 0 : progress);
}

/**
 * The learning rate for a step, counted from 0: linear warm-up from peak / warmupSteps, then the schedule; or what a function says. The
 * schedule `oneCycle` rises by itself and has no other warm-up.
 *
 * @param losses validation losses of the finished epochs, which `plateau` goes by
 *
 * Throws TrainingError where that is no finite number of at least 0.
 */
export function learningRateAt(
  step: number,
  { schedule, peak, warmupSteps, totalSteps, stepsPerEpoch, ...numbers }: Schedule,
  losses: readonly number[] = [],
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
  if (schedule === "oneCycle") return peak * oneCycleFactor(step, totalSteps);
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const [done, all] = [step - warmup, totalSteps - warmup];
  const elapsed = { progress: done / all, epochs: done / stepsPerEpoch, allEpochs: all / stepsPerEpoch, losses };
  return peak * afterWarmup[schedule](elapsed, numbers);
}
