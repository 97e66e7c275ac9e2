/** What an optimizer works on, and how it is told the numbers of an update. */
import type { TrainedRegion } from "../../program/parameter-store.ts";

/** All parameters with their gradients and state, each in one float32 array. */
export interface FlatArrays {
  readonly weights: Uint8Array;
  readonly gradients: Uint8Array;
  /** In the order of `optimizerSlots`. */
  readonly slots: readonly Uint8Array[];
  /** All that is trained, one region after the other from the beginning on. */
  readonly trained: readonly TrainedRegion[];
}

/** The way in and out of an update that was appended to a program. */
export interface OptimizerUpdate {
  /** Numbers of one update, which are read from memory; to be called before it runs. `scale` is the factor that clips the gradients. */
  setScalars(learningRate: number, updates: number, scale: number): void;
  /**
   * Whether all weights and the optimizer's state are finite after an update; of Adam's mean squares, without kernels, a part of them each
   * time. The update has summed them up on its way: looking afterwards would cost a part of a step.
   */
  isFinite(): boolean;
}

/** Whether all values are finite, as in float64 no sum of those of float32 overflows. */
export function areFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return Number.isFinite(sum);
}
