/** Averages of the weights of a training, which are often better than the last weights. The engine keeps them. */
import type { TrainingPlan } from "../engine/engine.ts";
import type { Tensors } from "../tensor.ts";

/** Steps between two looks at the weights: each reads and writes as much as half an update. */
const STEPS = 4;

/** Where a training stands after an update. */
export interface AveragePosition {
  /** Finished epochs. */
  readonly epoch: number;
  /** Updates of the epoch under way, from 1. */
  readonly step: number;
  readonly stepsPerEpoch: number;
}

type AveragingPlan = Pick<TrainingPlan, "setAverage" | "updateAverage" | "average">;

/** An average that a training follows: what is judged and kept in place of the weights, where there is one yet. */
export interface WeightAverage {
  /** Called after each update. */
  follow(position: AveragePosition): Promise<void>;
  /** Undefined before there is one. */
  tensors(): Promise<Tensors | undefined>;
}

/**
 * The exponential moving average of the weights (Polyak and Juditsky 1992). It looks at them every few steps and at the end of an epoch, so that
 * what is judged and kept holds the last update; when depends on the position alone, so that a stop in between changes nothing.
 *
 * @param decay per step
 * @param start where the average stands; the first look forgets the untrained weights
 */
export function movingAverage(plan: AveragingPlan, decay: number, start: Tensors): WeightAverage {
  plan.setAverage(start);
  return {
    async follow({ epoch, step, stepsPerEpoch }) {
      if (step % STEPS !== 0 && step !== stepsPerEpoch) return;
      const updates = ((step - 1) % STEPS) + 1;
      const before = epoch * stepsPerEpoch + step - updates;
      // The decay begins lower, as the first weights are far off; before the first look there is nothing to keep.
      await plan.updateAverage(Math.min(decay ** updates, before / (before + 9 * updates)));
    },
    tensors: async () => plan.average(),
  };
}

/** Finished epochs before those whose weights are averaged: the last of `epochs` are always. */
export const epochsBeforeAverage = (fraction: number, epochs: number): number => Math.floor(fraction * epochs);

/** How many finished epochs a training has when there is an average of its weights; undefined where there never is. */
export function averagedFrom({ averaging, swa = 0, epochs }: AverageSettings): number | undefined {
  if (averaging > 0) return 0;
  return swa > 0 ? epochsBeforeAverage(swa, epochs) + 1 : undefined;
}

/** The settings that decide it; those of an earlier version may lack `swa`. */
interface AverageSettings {
  readonly averaging: number;
  readonly swa?: number | undefined;
  readonly epochs: number;
}

/** What {@link stochasticAverage} works on. */
export interface StochasticAverageOptions {
  readonly plan: AveragingPlan & Pick<TrainingPlan, "parameters" | "setParameters" | "measureStatistics">;
  /** Finished epochs before the first whose weights count. */
  readonly begin: number;
  /** What there is of it yet. */
  readonly start: Tensors | undefined;
  /** Calls back with each batch of training images of an epoch, made as they were; undefined where the network has no batch normalisation. */
  readonly eachBatch:
    | ((epoch: number, visit: (input: Uint8Array | Float32Array, batch: number) => Promise<void>) => Promise<void>)
    | undefined;
}

/**
 * Stochastic weight averaging (Izmailov et al. 2018): the mean of the weights at the ends of epochs. Its batch normalisation has the mean
 * statistics of the training images of that epoch, for which they are gone through once more after each of these epochs.
 */
export function stochasticAverage({ plan, begin, start, eachBatch }: StochasticAverageOptions): WeightAverage {
  let exists = start !== undefined;
  if (start) plan.setAverage(start);
  return {
    async follow({ epoch, step, stepsPerEpoch }) {
      if (step !== stepsPerEpoch || epoch < begin) return;
      const trained = await plan.parameters();
      if (!exists) plan.setAverage(trained);
      exists = true;
      const before = epoch - begin;
      await plan.updateAverage(before / (before + 1));
      if (eachBatch === undefined) return;
      plan.setParameters(await plan.average());
      await eachBatch(epoch, async (input, batch) => plan.measureStatistics(input, 1 / (batch + 1)));
      plan.setAverage(await plan.parameters());
      plan.setParameters(trained);
    },
    tensors: async () => (exists ? plan.average() : undefined),
  };
}
