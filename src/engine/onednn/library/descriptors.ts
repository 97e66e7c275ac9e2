/** What the engine asks of oneDNN, in one form for both C interfaces: `interface-2.ts` and `interface-3.ts` provide it. */

import type { Pointer } from "../../../foreign/library.ts";
import type { HeightWidth, Sides } from "../../../network/windows.ts";
import type { BinaryAlgorithm, DataType, ElementwiseAlgorithm, PoolingAlgorithm } from "./constants.ts";

/** The shape, type and layout of a tensor; `pointer` is oneDNN's own record of it. */
export interface MemoryDescriptor {
  readonly dimensions: readonly number[];
  readonly type: DataType;
  readonly pointer: Pointer;
}

/** A configured operation, before it is compiled to a primitive. Freed by {@link Descriptors.dispose}. */
export type PrimitiveDescriptor = bigint;

/**
 * Layout: oneDNN's choice, strides in elements for each dimension, or, of maps, blocks of 16 channels: (images, blocks, rows, columns, 16), where what
 * the last block has too many is padding.
 */
export type Layout = "any" | "channelBlocks" | readonly number[];

/** What happens to a result before it is stored, in order. */
export type PostOperation =
  | { readonly kind: "relu" }
  | ({ readonly kind: "elementwise" } & Pick<Elementwise, "algorithm" | "alpha" | "beta">)
  | { readonly kind: "sqrt" }
  | { readonly kind: "linear"; readonly scale: number; readonly shift: number }
  /** Adds `scale` times what the destination held. */
  | { readonly kind: "sum"; readonly scale: number }
  /** The second operand is passed when the primitive runs, as {@link Descriptors.postOperationArgument}. */
  | { readonly kind: "binary"; readonly algorithm: BinaryAlgorithm; readonly operand: MemoryDescriptor };

/** Tensors and geometry of a convolution. */
export interface Convolution {
  readonly source: MemoryDescriptor;
  readonly weights: MemoryDescriptor;
  readonly bias: MemoryDescriptor | undefined;
  readonly destination: MemoryDescriptor;
  readonly stride: HeightWidth;
  readonly padding: Sides;
  /** From one weight's place to the next's: 1 where they are neighbours, which oneDNN counts as 0. */
  readonly dilation: HeightWidth;
}

/** Tensors of a dense layer. */
export type InnerProduct = Pick<Convolution, "source" | "weights" | "bias" | "destination">;

/** Tensors and geometry of a pooling. */
export interface Pooling {
  readonly algorithm: PoolingAlgorithm;
  readonly source: MemoryDescriptor;
  readonly destination: MemoryDescriptor;
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: Sides;
}

/** What a batch normalisation works on, and how. */
export interface BatchNormalization {
  /** Source and destination have this shape and layout. */
  readonly data: MemoryDescriptor;
  readonly epsilon: number;
  /** Normalise by given statistics instead of the batch's. */
  readonly globalStatistics: boolean;
  readonly fuseRelu: boolean;
  /** Without scale and shift. */
  readonly isPlain?: boolean;
}

/** What a layer normalisation works on: the last dimension is normalised, with a scale and a shift for each of its indices. */
export interface LayerNormalization {
  readonly data: MemoryDescriptor;
  /** Of mean and variance, float32: all dimensions but the last. */
  readonly statistics: MemoryDescriptor;
  readonly epsilon: number;
}

/** A function of every element. */
export interface Elementwise {
  readonly algorithm: ElementwiseAlgorithm;
  /** Both mean what oneDNN says of the algorithm. */
  readonly alpha: number;
  readonly beta: number;
  /** What the gradient is computed from. */
  readonly gradientFrom: "source" | "destination";
}

/** Whether a backward pass follows the forward one. */
export type Mode = "training" | "inference";

/** `hint` is the forward descriptor that a backward one belongs to. For gradients the fields mean their gradients. */
export interface Descriptors {
  memory(dimensions: readonly number[], type: DataType, layout: Layout): MemoryDescriptor;
  /**
   * The part of a tensor from `offsets` on, in the tensor's own memory; undefined where its layout has no such part, as a layout in blocks of
   * channels has none that begins inside of a block.
   */
  part(
    whole: MemoryDescriptor,
    dimensions: readonly number[],
    offsets: readonly number[],
  ): MemoryDescriptor | undefined;
  convolution(what: Convolution, mode: Mode, post: readonly PostOperation[]): PrimitiveDescriptor;
  convolutionBackwardData(what: Convolution, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  convolutionBackwardWeights(what: Convolution, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  innerProduct(what: InnerProduct, mode: Mode, post: readonly PostOperation[]): PrimitiveDescriptor;
  innerProductBackwardData(what: InnerProduct, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  innerProductBackwardWeights(what: InnerProduct, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  pooling(what: Pooling, mode: Mode): PrimitiveDescriptor;
  poolingBackward(what: Pooling, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  batchNormalization(what: BatchNormalization, mode: Mode): PrimitiveDescriptor;
  batchNormalizationBackward(what: BatchNormalization, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  layerNormalization(what: LayerNormalization, mode: Mode): PrimitiveDescriptor;
  layerNormalizationBackward(what: LayerNormalization, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  /** 2.x wants the shift of a batch normalisation as an argument of the backward pass, 3.x refuses it. */
  readonly batchNormalizationBackwardReadsShift: boolean;
  elementwise(what: Elementwise, data: MemoryDescriptor, mode: Mode): PrimitiveDescriptor;
  /** From the gradient and the forward source or destination, all of one layout. */
  elementwiseBackward(what: Elementwise, data: MemoryDescriptor, hint: PrimitiveDescriptor): PrimitiveDescriptor;
  /** `second` broadcasts along its dimensions of size 1. */
  binary(
    algorithm: BinaryAlgorithm,
    first: MemoryDescriptor,
    second: MemoryDescriptor,
    destination: MemoryDescriptor,
    post: readonly PostOperation[],
  ): PrimitiveDescriptor;
  /** The mean over the dimensions in which the destination has size 1. */
  mean(source: MemoryDescriptor, destination: MemoryDescriptor, post: readonly PostOperation[]): PrimitiveDescriptor;
  reorder(from: MemoryDescriptor, to: MemoryDescriptor): PrimitiveDescriptor;
  /** The argument index of the operand of the post-operation at `index`. */
  postOperationArgument(index: number): number;
  /** Frees every descriptor made so far. */
  dispose(): void;
}
