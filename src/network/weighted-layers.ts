/** Layers of trained weights: convolutions and dense layers. */
import { NetworkError } from "../errors.ts";
import { knownOptions } from "./builder-options.ts";
import { checkedInitialization, type Initialization } from "./initialization.ts";
import {
  type HeightWidth,
  type Padding,
  type PaddingOption,
  paddingOf,
  pair,
  refuseOtherPadding,
  samePadding,
} from "./windows.ts";

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

/** Of a separable convolution, whose `stride`, `padding` and `dilation` are its depthwise part's. */
export interface SeparableConvolutionOptions
  extends Pick<ConvolutionOptions, "stride" | "padding" | "dilation" | "bias"> {
  /** Maps that the depthwise convolution makes of each channel, default 1. */
  readonly depthMultiplier?: number;
}

/** Absent for none, so that a network without it is the same data as ever. */
function l2Of(kind: "conv2d" | "dense", l2 = 0): { readonly l2?: number } {
  if (!(l2 >= 0 && l2 <= 1)) throw new NetworkError(`${kind}: l2: expected a number from 0 to 1, got ${l2}`);
  return l2 === 0 ? {} : { l2 };
}

/** The field of a layer whose initialisation is said. */
function initializationOf(kind: "conv2d" | "dense", given: Initialization | undefined): Pick<Dense, "initialization"> {
  if (given === undefined) return {};
  try {
    return { initialization: checkedInitialization(given) };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new NetworkError(`${kind}: ${error.message}`, { cause: error });
  }
}

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

/** Fully connected layer from a vector to `units` values, by default with a bias. */
export const dense = (units: number, options: DenseOptions = {}): Dense => {
  const { bias = true, l2, initialization } = knownOptions("dense", options, ["bias", "l2", "initialization"]);
  return { kind: "dense", units, bias, ...l2Of("dense", l2), ...initializationOf("dense", initialization) };
};
