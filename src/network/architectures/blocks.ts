/** What several architectures are built of. */
import { batchNorm, conv2d, type Layer, maxPool, normalize, relu } from "../layer.ts";

/** Bytes to about zero mean and unit variance. */
export const centred = (): Layer => normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]);

/** A convolution without bias, which the normalisation behind it would take away again. */
export const convNorm = (
  filters: number,
  kernel: number,
  { stride = 1, groups = 1, epsilon = 1e-5 }: ConvNormOptions = {},
): Layer[] => [conv2d(filters, kernel, { stride, groups, bias: false }), batchNorm({ epsilon })];

interface ConvNormOptions {
  readonly stride?: number;
  readonly groups?: number;
  readonly epsilon?: number;
}

/** How a network begins: `7x7`, stride 2 and a pooling of stride 2, as published for 224x224; `3x3`, stride 2 alone, for small images. */
export type Stem = "7x7" | "3x3";

/** The first convolution, normalisation and rectifier, and the pooling where the stem has one. */
export const stemLayers = (filters: number, stem: Stem): Layer[] =>
  stem === "7x7"
    ? [...convNorm(filters, 7, { stride: 2 }), relu(), maxPool(3, { stride: 2, padding: 1 })]
    : [...convNorm(filters, 3, { stride: 2 }), relu()];

/** The option that chooses it. */
export const stemOption = {
  form: "choice",
  choices: ["7x7", "3x3"],
  usual: "7x7",
  decides: "the first convolution: 7x7 and a pooling, which leave a quarter of the sides, or 3x3, which leaves half",
} as const;

/** The multiple of 8 that is nearest, and at least 8 and 90 % of what was asked for, as in the MobileNets' code. */
export function divisible(filters: number): number {
  const rounded = Math.max(8, Math.floor((filters + 4) / 8) * 8);
  return rounded >= 0.9 * filters ? rounded : rounded + 8;
}
