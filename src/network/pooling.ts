/** Poolings: of windows, of whole maps, and with a filter against aliasing. */
import { NetworkError } from "../errors.ts";
import { knownOptions } from "./builder-options.ts";
import {
  type HeightWidth,
  type Padding,
  type PaddingOption,
  paddingOf,
  pair,
  type Resolved,
  refuseOtherPadding,
  type Window,
} from "./windows.ts";

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

/** Of a pooling; by default the stride is the kernel, nothing is padded, and windows that reach over the end do not count. */
export interface PoolingOptions {
  readonly stride?: number | HeightWidth;
  readonly padding?: PaddingOption;
  /** A last window counts that reaches over the padded map's end (PyTorch's `ceil_mode`). */
  readonly ceil?: boolean;
}

/** Of an average pooling. */
export interface AveragePoolingOptions extends PoolingOptions {
  /** Padding counts as zeros (PyTorch's `count_include_pad`); by default the mean is over the values of the map alone. */
  readonly countPadding?: boolean;
}

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

/** The largest value of each channel: feature maps to one vector per image. */
export interface GlobalMaxPool {
  readonly kind: "globalMaxPool";
}

/**
 * The generalised mean of each channel (Radenovic et al. 2018, GeM): mean(max(x, epsilon)^p)^(1/p), feature maps to one vector per image. p = 1 is
 * the mean of positive values, a large p comes to the largest one.
 */
export interface GeneralizedMeanPool {
  readonly kind: "generalizedMeanPool";
  /** What p begins with. */
  readonly p: number;
  /** Whether training changes p, which is one number for all channels. */
  readonly learned: boolean;
  /** What smaller values count as. */
  readonly epsilon: number;
}

/**
 * Each channel by itself under a binomial filter, such as (1, 2, 1) / 4 along each axis, at every `stride`-th place, so that what is left out does not
 * come back as an alias (Zhang 2019). Zeros are added around the map, (kernel - 1) / 2 on each side, of even kernels one more below and at the right.
 */
export interface BlurPool {
  readonly kind: "blurPool";
  /** The filter's length along both axes, from 2 to 7. */
  readonly kernel: number;
  readonly stride: HeightWidth;
}

/** The largest value of each channel: feature maps (channels, height, width) to a vector (channels). */
export const globalMaxPool = (): GlobalMaxPool => ({ kind: "globalMaxPool" });

/**
 * Generalised-mean pooling (Radenovic et al. 2018): mean(max(x, epsilon)^p)^(1/p) of each channel, feature maps (channels, height, width) to a vector
 * (channels). `p`, 3 by default, is learned unless `learned` is false; `epsilon` is 1e-6, as in the paper's code.
 */
export const generalizedMeanPool = (
  options: { readonly p?: number; readonly learned?: boolean; readonly epsilon?: number } = {},
): GeneralizedMeanPool => {
  const known = knownOptions("generalizedMeanPool", options, ["p", "learned", "epsilon"]);
  const { p = 3, learned = true, epsilon = 1e-6 } = known;
  return { kind: "generalizedMeanPool", p, learned, epsilon };
};

/** Pooling against aliasing (Zhang 2019): a binomial filter of `kernel` x `kernel` and zero padding, by default at every second row and column. */
export const blurPool = (kernel = 3, options: { readonly stride?: number | HeightWidth } = {}): BlurPool => {
  const { stride = 2 } = knownOptions("blurPool", options, ["stride"]);
  if (typeof kernel !== "number")
    throw new NetworkError("blurPool: expected the filter's length as a number, as in blurPool(3)");
  return { kind: "blurPool", kernel, stride: pair(stride) };
};

/** The window of a blur pooling. */
export function blurWindow({ kernel, stride }: BlurPool): Resolved<Window> {
  const [before, after] = [Math.floor((kernel - 1) / 2), Math.ceil((kernel - 1) / 2)];
  return { kernel: [kernel, kernel], stride, padding: [before, before, after, after], dilation: [1, 1] };
}

/** The weights of a blur pooling's filter, row by row: products of binomial coefficients, whose sum is 1. */
export function blurWeights({ kernel }: BlurPool): readonly number[] {
  let row = [1];
  while (row.length < kernel) row = [...row, 0].map((value, i) => (value + (row[i - 1] ?? 0)) / 2);
  return row.flatMap((height) => row.map((width) => height * width));
}
