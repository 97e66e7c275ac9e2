/** The layer catalogue: a network is a readonly tree of these descriptors, and everything else is derived from it. */

import { NetworkError } from "../errors.ts";
import { type Activation, relu, sigmoid } from "./activations.ts";
import { knownOptions } from "./builder-options.ts";
import type { Initialization } from "./initialization.ts";
import type { BatchNorm, GroupNorm, LayerNorm, LayerScale } from "./normalization.ts";
import {
  type AveragePool,
  type BlurPool,
  type GeneralizedMeanPool,
  type GlobalAveragePool,
  type GlobalMaxPool,
  globalAveragePool,
  type MaxPool,
} from "./pooling.ts";
import { type Conv2d, type Dense, dense } from "./weighted-layers.ts";
import type { Resolved, Sides } from "./windows.ts";

export type {
  Activation,
  Elu,
  Gelu,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Relu,
  Relu6,
  Sigmoid,
  Silu,
  Softplus,
  Tanh,
} from "./activations.ts";
export {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  relu,
  relu6,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "./activations.ts";

export { type BatchNorm, batchNorm } from "./normalization.ts";
export {
  type AveragePool,
  type AveragePoolingOptions,
  averagePool,
  type GlobalAveragePool,
  globalAveragePool,
  type MaxPool,
  maxPool,
  type PoolingOptions,
} from "./pooling.ts";
export {
  type Conv2d,
  type ConvolutionOptions,
  conv2d,
  type Dense,
  type DenseOptions,
  dense,
  type SeparableConvolutionOptions,
  separableConv2d,
  type WeightOptions,
} from "./weighted-layers.ts";
export { type HeightWidth, type Padding, type PaddingOption, pair, type Resolved, type Sides } from "./windows.ts";

/**
 * First layer of a network that reads bytes: (value / 255 - mean) / standardDeviation, channel by channel. In a network whose input has one
 * channel, the bytes are still red, green and blue, of which it makes luminance: one mean and deviation are those of the luminance, three
 * those of the colours.
 */
export interface Normalize {
  readonly kind: "normalize";
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
}

/** Feature maps to one vector per image, in the order channel, row, column. */
export interface Flatten {
  readonly kind: "flatten";
}

/**
 * Inverted dropout (Srivastava et al. 2014): what is kept is scaled by 1 / (1 - rate) in training, all is untouched otherwise. Values are
 * dropped one by one, or `per` image all of them at once.
 */
export interface Dropout {
  readonly kind: "dropout";
  readonly rate: number;
  readonly per: "value" | "channel" | "image";
}

/** body(x) + shortcut(x); an empty shortcut is the identity (He et al. 2016). */
export interface Residual {
  readonly kind: "residual";
  readonly body: readonly Layer[];
  readonly shortcut: readonly Layer[];
  /**
   * Stochastic depth (Huang et al. 2016): the rate at which an image goes without the body in training, in [0, 1). Where the body is
   * kept it is scaled by 1 / (1 - rate), so that nothing is left to do outside of training.
   */
  readonly stochasticDepth: number;
}

/** x * body(x), where the body gives a factor for each channel, for each place or for each value of an image. */
export interface Gate {
  readonly kind: "gate";
  readonly body: readonly Layer[];
}

/** The results of the branches behind each other, along the channels of maps or as one longer vector; an empty branch is the input. */
export interface Concatenate {
  readonly kind: "concatenate";
  readonly branches: readonly (readonly Layer[])[];
}

/** A layer of a network, as data. */
export type Layer =
  | Normalize
  | Conv2d
  | BatchNorm
  | LayerNorm
  | GroupNorm
  | LayerScale
  | Activation
  | MaxPool
  | AveragePool
  | GlobalAveragePool
  | GlobalMaxPool
  | GeneralizedMeanPool
  | BlurPool
  | Flatten
  | Dense
  | Dropout
  | Residual
  | Gate
  | Concatenate;

/** Where the two branches of a residual layer meet. */
export interface Add {
  readonly kind: "add";
}

/** Where a gate's factors meet what they scale. */
export interface Multiply {
  readonly kind: "multiply";
}

/** Where the branches of a concatenation meet. */
export interface Join {
  readonly kind: "join";
}

/** One map of three: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), for networks of one channel that read bytes. */
export interface Luminance {
  readonly kind: "luminance";
}

/** A convolution of maps of a known size. */
export type ResolvedConv2d = Resolved<Conv2d>;

/** A max pooling of maps of a known size, whose padding covers all windows. */
export type ResolvedMaxPool = Resolved<MaxPool>;

/** An average pooling of maps of a known size, whose padding covers all windows. */
export type ResolvedAveragePool = Resolved<AveragePool> & {
  /** How much of the padding counts as zeros. */
  readonly counted: Sides;
};

/** What a layer becomes once those that hold others are written out, and windows are placed on maps of a known size. */
export type Operation =
  | Exclude<Layer, Residual | Gate | Concatenate | Conv2d | MaxPool | AveragePool>
  | ResolvedConv2d
  | ResolvedMaxPool
  | ResolvedAveragePool
  | Add
  | Multiply
  | Join
  | Luminance;

/** A network: a name, the size of its input and its layers. The last layer gives one logit per class. */
export interface Network {
  readonly name: string;
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
  readonly layers: readonly Layer[];
  /**
   * How many of the first `layers` are frozen, default 0: they keep the weights that they begin with, and compute in training as in evaluation, by
   * running statistics and without dropout.
   */
  readonly frozen?: number;
  /** How weights begin in layers that do not say so themselves, default `heNormal`. */
  readonly initialization?: Initialization;
}

/** Scales bytes to [0, 1], or with mean and standard deviation (per channel, of values in [0, 1]) to about zero mean. */
export const normalize = (
  mean: readonly number[] = [0, 0, 0],
  standardDeviation: readonly number[] = mean.map(() => 1),
): Normalize => ({ kind: "normalize", mean, standardDeviation });

/** Feature maps (channels, height, width) to a vector, in this order. */
export const flatten = (): Flatten => ({ kind: "flatten" });

/**
 * Drops each value with the probability `rate` in training, and scales the others by 1 / (1 - rate); `per: "channel"` drops whole maps of an image
 * (spatial dropout, Tompson et al. 2015), `per: "image"` all of an image.
 */
export const dropout = (rate: number, options: { readonly per?: Dropout["per"] } = {}): Dropout => {
  const { per = "value" } = knownOptions("dropout", options, ["per"]);
  return { kind: "dropout", rate, per };
};

/**
 * body(x) + shortcut(x), by default with the identity as the shortcut. Both branches must give the same shape. `stochasticDepth`, 0 by default, is
 * the rate at which an image goes without the body in training.
 */
export const residual = (
  body: readonly Layer[],
  shortcut: readonly Layer[] = [],
  options: { readonly stochasticDepth?: number } = {},
): Residual => {
  const { stochasticDepth = 0 } = knownOptions("residual", options, ["stochasticDepth"]);
  return { kind: "residual", body, shortcut, stochasticDepth };
};

/**
 * x * body(x). For feature maps (channels, height, width) the body gives a factor for each channel (a vector, or channels x 1 x 1), for each place
 * (1 x height x width), as spatial attention does (Woo et al. 2018), or for each value.
 */
export const gate = (body: readonly Layer[]): Gate => ({ kind: "gate", body });

/**
 * The results of all branches behind each other: along the channels of feature maps of one size, or as one longer vector. An empty branch is the
 * input itself, so that `concatenate([[], body])` is a block of DenseNet (Huang et al. 2017), and branches of several kernels are one of Inception
 * (Szegedy et al. 2015).
 */
export const concatenate = (branches: readonly (readonly Layer[])[]): Concatenate => {
  const isList = Array.isArray(branches) && branches.every((branch) => Array.isArray(branch));
  if (isList) return { kind: "concatenate", branches };
  throw new NetworkError(
    "concatenate: expected a list of branches, each a list of layers, such as [[], [conv2d(32, 3)]]",
  );
};

/**
 * Squeeze-and-excitation (Hu et al. 2018): the mean of every channel goes through two dense layers, which tell how much of each
 * channel passes.
 *
 * @param channels of the input
 * @param units of the first dense layer, a fraction of the channels
 */
export const squeezeExcite = (channels: number, units: number): Gate =>
  gate([globalAveragePool(), dense(units), relu(), dense(channels), sigmoid()]);
