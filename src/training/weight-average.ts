/** The moving average of the weights of a training, which is often better than the last weights (Polyak and Juditsky 1992). */
import type { TrainingPlan } from "../engine/engine.ts";
import type { Tensors } from "../tensor.ts";

/** Steps between two looks at the weights: copying them out of the engine costs a part of a step. */
const STEPS = 4;

/** Where a training stands after an update. */
export interface AveragePosition {
  /** Finished epochs. */
  readonly epoch: number;
  /** Updates of the epoch under way, from 1. */
  readonly step: number;
  readonly stepsPerEpoch: number;
}

/** The exponential moving average of the weights (Polyak and Juditsky 1992). */
export class WeightAverage {
  readonly #decay: number;
  readonly tensors: Tensors;

  /** @param decay per step; the average takes over `start` and changes it. The first look forgets the untrained weights. */
  constructor(decay: number, start: Tensors) {
    this.#decay = decay;
    this.tensors = new Map(
      [...start].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
    );
  }

  /**
   * Called after each update. Looks at the weights every few steps and at the end of an epoch, so that what is judged and kept holds
   * the last update; when depends on the position alone, so that a stop in between changes nothing.
   */
  async follow(plan: Pick<TrainingPlan, "parameters">, { epoch, step, stepsPerEpoch }: AveragePosition): Promise<void> {
    if (step % STEPS !== 0 && step !== stepsPerEpoch) return;
    const updates = ((step - 1) % STEPS) + 1;
    const before = epoch * stepsPerEpoch + step - updates;
    // The decay begins lower, as the first weights are far off; before the first look there is nothing to keep.
    const keep = Math.min(this.#decay ** updates, before / (before + 9 * updates));
    for (const [name, { data }] of await plan.parameters()) {
      const average = this.tensors.get(name)!.data;
      for (let i = 0; i < average.length; i++) average[i] = keep * average[i]! + (1 - keep) * data[i]!;
    }
  }
}
