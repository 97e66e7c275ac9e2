/** Normalisations by a batch or without one, and learned factors of channels. */
import { knownOptions } from "./builder-options.ts";

/**
 * Ba et al. 2016: by mean and variance of all channels at each place of a map, as in ConvNeXt and Keras, or of all features of a vector; then a learned
 * scale and shift for each channel.
 */
export interface LayerNorm {
  readonly kind: "layerNorm";
  readonly epsilon: number;
}

/** Wu and He 2018: by mean and variance of each group of consecutive channels over a whole map; then a learned scale and shift for each channel. */
export interface GroupNorm {
  readonly kind: "groupNorm";
  readonly groups: number;
  readonly epsilon: number;
}

/** A learned factor for each channel (Touvron et al. 2021), all of which begin as `initial`. */
export interface LayerScale {
  readonly kind: "layerScale";
  readonly initial: number;
}

/**
 * Layer normalisation (Ba et al. 2016) over the channels at each place of a map, or over all features of a vector, with a scale and a shift for each
 * channel. `epsilon`, 1e-6 by default, is added to the variance.
 */
export const layerNorm = (options: { readonly epsilon?: number } = {}): LayerNorm => {
  const { epsilon = 1e-6 } = knownOptions("layerNorm", options, ["epsilon"]);
  return { kind: "layerNorm", epsilon };
};

/**
 * Group normalisation (Wu and He 2018): `groups` groups of consecutive channels, each over the whole map of an image, with a scale and a shift for each
 * channel. One group is layer normalisation over channels and places; as many as channels are instance normalisation. `epsilon`, 1e-5 by default, is
 * added to the variance.
 */
export const groupNorm = (groups: number, options: { readonly epsilon?: number } = {}): GroupNorm => {
  const { epsilon = 1e-5 } = knownOptions("groupNorm", options, ["epsilon"]);
  return { kind: "groupNorm", groups, epsilon };
};

/**
 * A learned factor for each channel of maps, or each feature of vectors (Touvron et al. 2021), at the end of a residual layer's body in ConvNeXt.
 * `initial`, 1e-6 by default, is what all of them begin with.
 */
export const layerScale = (options: { readonly initial?: number } = {}): LayerScale => {
  const { initial = 1e-6 } = knownOptions("layerScale", options, ["initial"]);
  return { kind: "layerScale", initial };
};

/** Ioffe and Szegedy 2015. Running statistics move by `momentum` towards the batch's (unbiased) statistics. */
export interface BatchNorm {
  readonly kind: "batchNorm";
  readonly momentum: number;
  readonly epsilon: number;
  /** What every scale begins with, default 1. */
  readonly initialScale?: number;
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
