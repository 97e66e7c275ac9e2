/** The moving average of the weights of a training, which is often better than the last weights (Polyak and Juditsky 1992). */
import type { TrainingPlan } from "../engine/engine.ts";
import type { Tensors } from "../network/parameters.ts";

/** Steps between two looks at the weights: copying them out of the engine costs a part of a step. */
const STEPS = 4;

export class WeightAverage {
  readonly #decay: number;
  readonly tensors: Tensors;

  /** @param decay per step; the average begins as `start`, which it takes over and changes */
  constructor(decay: number, start: Tensors) {
    this.#decay = decay;
    this.tensors = new Map(
      [...start].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
    );
  }

  /** Called after each update; `updates` counts them from 1. The decay begins lower, as the first weights are far off. */
  follow(plan: Pick<TrainingPlan, "parameters">, updates: number): void {
    if (updates % STEPS !== 0) return;
    const looks = updates / STEPS;
    const keep = Math.min(this.#decay ** STEPS, looks / (looks + 9));
    for (const [name, { data }] of plan.parameters()) {
      const average = this.tensors.get(name)!.data;
      for (let i = 0; i < average.length; i++) average[i] = keep * average[i]! + (1 - keep) * data[i]!;
    }
  }
}
