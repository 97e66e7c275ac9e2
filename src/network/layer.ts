/** The layer catalogue: a network is a readonly tree of these descriptors, and everything else is derived from it. */

import { NetworkError } from "../errors.ts";
import { type Activation, relu, sigmoid } from "./activations.ts";
import { knownOptions } from "./builder-options.ts";
import { checkedInitialization, type Initialization } from "./initialization.ts";
import type { GroupNorm, LayerNorm, LayerScale } from "./normalization.ts";
import type { BlurPool, GeneralizedMeanPool, GlobalMaxPool } from "./pooling.ts";
import {
  type HeightWidth,
  type Padding,
  type PaddingOption,
  paddingOf,
  pair,
  type Resolved,
  type Sides,
  samePadding,
} from "./windows.ts";

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

/** 2-D convolution over feature maps, with weights [filters, channels / groups, height, width]. */
export interface Conv2d {
  readonly kind: "conv2d";
  readonly filters: number;
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  /** Zeros added around the maps. */
  readonly padding: Padding;
  /** Rows and columns from one weight's place to the next's (Yu and Koltun 2016); absent where they are neighbours, [1, 1]. */
  readonly dilation?: HeightWidth;
  readonly groups: number;
  readonly bias: boolean;
  /**
   * The weights are sums of the cosine filters (DCT-II) whose row frequency + column frequency is below it, and the factors are what is
   * learned: [filters, channels / groups, cosine filters]. Absent where the weights themselves are.
   */
  readonly frequencies?: number;
  /** How the weights begin; by default as the network says. The biases begin at 0. */
  readonly initialization?: Initialization;
  /** The loss gets so many times the sum of the weights' squares. Absent for none. */
  readonly l2?: number;
}

/** Ioffe and Szegedy 2015. Running statistics move by `momentum` towards the batch's (unbiased) statistics. */
export interface BatchNorm {
  readonly kind: "batchNorm";
  readonly momentum: number;
  readonly epsilon: number;
  /** What every scale begins with, default 1. */
  readonly initialScale?: number;
}

/** The largest value in the window; padding never wins. */
export interface MaxPool {
  readonly kind: "maxPool";
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: Padding;
  /**
   * A last window counts that reaches over the padded map's end, where it begins in the map or in the padding before it (PyTorch's `ceil_mode`); absent
   * where it does not count.
   */
  readonly ceil?: true;
}

/** The mean over the window. */
export interface AveragePool {
  readonly kind: "averagePool";
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: Padding;
  /** As in {@link MaxPool}. */
  readonly ceil?: true;
  /** Zeros that were added as padding count as values, those that `ceil` adds do not; absent where the mean is over values of the map alone. */
  readonly countPadding?: true;
}

/** The mean of each channel: feature maps to one vector per image. */
export interface GlobalAveragePool {
  readonly kind: "globalAveragePool";
}

/** Feature maps to one vector per image, in the order channel, row, column. */
export interface Flatten {
  readonly kind: "flatten";
}

/** A matrix product over the features of a vector, with weights [units, features]. */
export interface Dense {
  readonly kind: "dense";
  readonly units: number;
  readonly bias: boolean;
  /** How the weights begin; by default as the network says. The biases begin at 0. */
  readonly initialization?: Initialization;
  /** The loss gets so many times the sum of the weights' squares. Absent for none. */
  readonly l2?: number;
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

/** What a layer's weights cost in the loss. */
export interface WeightOptions {
  /**
   * The loss gets so many times the sum of the squares of the layer's weights, not of its bias (L2 regularization, as Keras's `L2`): their
   * gradient gets 2 x l2 x weight. Default none.
   */
  readonly l2?: number;
}

/** Of a convolution; by default stride 1, padding `same`, dilation 1, one group, with bias, and weights that begin as the network says. */
export interface ConvolutionOptions extends WeightOptions {
  readonly stride?: number | HeightWidth;
  readonly padding?: PaddingOption | "same";
  readonly dilation?: number | HeightWidth;
  readonly groups?: number;
  readonly bias?: boolean;
  /** See {@link Conv2d}; `harmonicConv2d` gives it. */
  readonly frequencies?: number;
  readonly initialization?: Initialization;
}

/** Of a dense layer; by default with bias, and weights that begin as the network says. */
export interface DenseOptions extends WeightOptions {
  readonly bias?: boolean;
  readonly initialization?: Initialization;
}

/** Of a pooling; by default the stride is the kernel, nothing is padded, and windows that reach over the end do not count. */
export interface PoolingOptions {
  readonly stride?: number | HeightWidth;
  readonly padding?: PaddingOption;
  /** A last window counts that reaches over the padded map's end (PyTorch's `ceil_mode`). */
  readonly ceil?: boolean;
}

/** Absent for none, so that a network without it is the same data as ever. */
function l2Of(kind: "conv2d" | "dense", l2 = 0): { readonly l2?: number } {
  if (!(l2 >= 0 && l2 <= 1)) throw new NetworkError(`${kind}: l2: expected a number from 0 to 1, got ${l2}`);
  return l2 === 0 ? {} : { l2 };
}

/** Of an average pooling. */
export interface AveragePoolingOptions extends PoolingOptions {
  /** Padding counts as zeros (PyTorch's `count_include_pad`); by default the mean is over the values of the map alone. */
  readonly countPadding?: boolean;
}

/** The field of a layer whose initialisation is said. */
function initializationOf(kind: Layer["kind"], given: Initialization | undefined): Pick<Dense, "initialization"> {
  if (given === undefined) return {};
  try {
    return { initialization: checkedInitialization(given) };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new NetworkError(`${kind}: ${error.message}`, { cause: error });
  }
}

/** Scales bytes to [0, 1], or with mean and standard deviation (per channel, of values in [0, 1]) to about zero mean. */
export const normalize = (
  mean: readonly number[] = [0, 0, 0],
  standardDeviation: readonly number[] = mean.map(() => 1),
): Normalize => ({ kind: "normalize", mean, standardDeviation });

/**
 * 2-D convolution. `padding: "same"`, the default, keeps the size at stride 1: (kernel - 1) / 2 zeros on each side, times the dilation, which are
 * whole numbers for odd kernels only. A network with an even one is refused: `"sameUpper"` pads one more below and at the right, as TensorFlow and
 * Keras do. Four numbers are the padding of each side: [top, left, bottom, right].
 */
export const conv2d = (filters: number, kernel: number | HeightWidth, options: ConvolutionOptions = {}): Conv2d => {
  if (kernel === undefined)
    throw new NetworkError("conv2d: the kernel is missing; write conv2d(filters, kernel), such as conv2d(32, 3)");
  const known = knownOptions("conv2d", options, [
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "frequencies",
    "l2",
    "initialization",
  ]);
  const { stride = 1, padding = "same", dilation = 1, groups = 1, bias = true } = known;
  const size = pair(kernel);
  if (padding !== "same") refuseOtherPadding("conv2d", padding, ['"same"']);
  const apart = pair(dilation);
  return {
    kind: "conv2d",
    filters,
    kernel: size,
    stride: pair(stride),
    padding: padding === "same" ? samePadding(size, apart) : paddingOf(padding),
    ...(apart.every((step) => step === 1) ? {} : { dilation: apart }),
    groups,
    bias,
    ...(known.frequencies !== undefined && { frequencies: known.frequencies }),
    ...l2Of("conv2d", known.l2),
    ...initializationOf("conv2d", known.initialization),
  };
};

/** Programs without types may give other words as the padding. */
function refuseOtherPadding(kind: string, padding: unknown, words: readonly string[]): void {
  if (typeof padding !== "string" || padding === "sameUpper") return;
  const expected = [...words, '"sameUpper"', "a number", "[height, width]"].join(", ");
  const cure = padding === "same" ? '"sameUpper" is what TensorFlow calls "same"' : 'write 0 for "valid"';
  throw new NetworkError(
    `${kind}: padding: expected ${expected}, or [top, left, bottom, right], got "${padding}"; ${cure}`,
  );
}

/**
 * Batch normalisation over each channel of maps, or each feature of vectors (Ioffe and Szegedy 2015). `momentum`, 0.1 by default, is the part that the running statistics take
 * of each batch's; `epsilon`, 1e-5 by default, is added to the variance. `initialScale`, 1 by default, is what the scales begin with: 0 in the last one of a residual layer's body
 * makes the layer begin as its shortcut (Goyal et al. 2017).
 */
export const batchNorm = (options: Partial<Omit<BatchNorm, "kind">> = {}): BatchNorm => {
  const known = knownOptions("batchNorm", options, ["momentum", "epsilon", "initialScale"]);
  const { momentum = 0.1, epsilon = 1e-5, initialScale = 1 } = known;
  return { kind: "batchNorm", momentum, epsilon, ...(initialScale !== 1 && { initialScale }) };
};

const pooling = <K extends "maxPool" | "averagePool">(
  kind: K,
  kernel: number | HeightWidth,
  options: AveragePoolingOptions,
  names: readonly (keyof AveragePoolingOptions)[],
) => {
  const { stride = kernel, padding = 0, ceil = false, countPadding = false } = knownOptions(kind, options, names);
  refuseOtherPadding(kind, padding, []);
  return {
    kind,
    kernel: pair(kernel),
    stride: pair(stride),
    padding: paddingOf(padding),
    ...(ceil ? { ceil } : {}),
    ...(countPadding ? { countPadding } : {}),
  };
};

/** The largest value in each window of feature maps; by default without overlap and without padding. */
export const maxPool = (kernel: number | HeightWidth, options: PoolingOptions = {}): MaxPool =>
  pooling("maxPool", kernel, options, ["stride", "padding", "ceil"]);

/** The mean of each window of feature maps; by default without overlap and without padding, which does not count where there is some. */
export const averagePool = (kernel: number | HeightWidth, options: AveragePoolingOptions = {}): AveragePool =>
  pooling("averagePool", kernel, options, ["stride", "padding", "ceil", "countPadding"]);

/** The mean of each channel: feature maps (channels, height, width) to a vector (channels). */
export const globalAveragePool = (): GlobalAveragePool => ({ kind: "globalAveragePool" });

/** Feature maps (channels, height, width) to a vector, in this order. */
export const flatten = (): Flatten => ({ kind: "flatten" });

/** Fully connected layer from a vector to `units` values, by default with a bias. */
export const dense = (units: number, options: DenseOptions = {}): Dense => {
  const { bias = true, l2, initialization } = knownOptions("dense", options, ["bias", "l2", "initialization"]);
  return { kind: "dense", units, bias, ...l2Of("dense", l2), ...initializationOf("dense", initialization) };
};

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

/** Of a separable convolution, whose `stride`, `padding` and `dilation` are its depthwise part's. */
export interface SeparableConvolutionOptions
  extends Pick<ConvolutionOptions, "stride" | "padding" | "dilation" | "bias"> {
  /** Maps that the depthwise convolution makes of each channel, default 1. */
  readonly depthMultiplier?: number;
}

/**
 * A depthwise separable convolution (Chollet 2017), as Keras's `SeparableConv2D`: a convolution of each channel by itself, without a bias, then one of
 * 1x1, by default with a bias.
 *
 * @param channels of the input
 * @param filters of the result
 */
export const separableConv2d = (
  channels: number,
  filters: number,
  kernel: number | HeightWidth,
  options: SeparableConvolutionOptions = {},
): readonly [depthwise: Conv2d, pointwise: Conv2d] => {
  const names = ["stride", "padding", "dilation", "bias", "depthMultiplier"];
  const { depthMultiplier = 1, bias = true, ...window } = knownOptions("separableConv2d", options, names);
  return [
    conv2d(channels * depthMultiplier, kernel, { ...window, groups: channels, bias: false }),
    conv2d(filters, 1, { bias }),
  ];
};
