/** Harmonic convolution: weights as sums of cosine filters. */
import { allFrequencies } from "./harmonics.ts";
import { type Conv2d, type ConvolutionOptions, conv2d, type HeightWidth, pair } from "./layer.ts";

/**
 * Harmonic convolution (Ulicny, Krylov and Dahyot 2022, "Harmonic convolutional networks based on discrete cosine transform", Pattern
 * Recognition 129): a convolution whose weights are sums of the kernel's cosine filters, an orthonormal basis (DCT-II). What is learned are
 * the factors, of shape [filters, channels / groups, cosine filters]. `frequencies` keeps the filters whose row frequency + column frequency
 * is below it, by default all; a 3x3 kernel has 1, 3, 6, 8 or 9 of them for 1 to 5. A model file has the weights as a plain convolution.
 */
export const harmonicConv2d = (
  filters: number,
  kernel: number | HeightWidth,
  options: ConvolutionOptions = {},
): Conv2d => conv2d(filters, kernel, { frequencies: allFrequencies(pair(kernel)), ...options });
