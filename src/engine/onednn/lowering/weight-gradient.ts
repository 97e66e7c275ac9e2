/** The gradient of a layer's weights: oneDNN's primitive, or a kernel of our own where that is faster. */
import type { MemoryDescriptor } from "../library/descriptors.ts";
import type { Value } from "../program/value.ts";

/** What the gradient of weights is computed from, and where it goes; undefined where it is not wanted. */
export interface WeightGradientTensors {
  /** What the forward pass read, and the gradient of what it gave, in any layout. */
  readonly source: Value;
  readonly gradient: Value;
  readonly diffWeights: Value | undefined;
  readonly diffBias: Value | undefined;
}

/** A way to compute the gradient of a layer's weights. */
export interface WeightGradient {
  /** The layout in which it writes the gradient of the weights. */
  readonly layout: MemoryDescriptor;
  /** Appends the instructions to the program. */
  append(tensors: WeightGradientTensors): void;
}
