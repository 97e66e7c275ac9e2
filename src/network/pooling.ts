/** Poolings beside plain windows: of whole maps, and with a filter against aliasing. */
import { NetworkError } from "../errors.ts";
import { knownOptions } from "./builder-options.ts";
import { type HeightWidth, pair, type Resolved, type Window } from "./windows.ts";

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
