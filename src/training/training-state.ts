/** All that a training needs in order to go on as if it had never stopped. */
import type { OptimizerState } from "../engine/engine.ts";
import type { Tensors } from "../tensor.ts";
import type { Progress } from "./progress.ts";

/** Weights besides those that are trained. */
export interface Companions {
  /** Their moving average. */
  readonly average?: Tensors;
  /** Those of the lowest validation loss. */
  readonly best?: Tensors;
}

/** The weights to keep of a training that has ended: those of the lowest validation loss, else their average, else the last. */
export const keptWeights = ({ parameters, average, best }: Pick<TrainingState, "parameters" | keyof Companions>) =>
  best ?? average ?? parameters;

/** What a checkpoint keeps. */
export interface TrainingState extends Companions {
  readonly parameters: Tensors;
  readonly optimizer: OptimizerState;
  readonly progress: Progress;
}
