/** Layers in words: the kind, with the options that tell one such layer from another. */

import { eachActivation, optionsOf } from "./activations.ts";
import type { Activation, AveragePool, Conv2d, HeightWidth, Layer, Padding } from "./layer.ts";
import { samePadding } from "./windows.ts";

const by = (pair: HeightWidth): string => pair.join("x");

const isSame = ([a, b]: HeightWidth, [c, d]: HeightWidth): boolean => a === c && b === d;

const strideOf = ([height, width]: HeightWidth): string => (height === width ? `/${height}` : `/${height}x${width}`);

/** Main options with blanks between them, others behind a comma each. */
const options = (main: readonly string[], others: readonly string[]): string => [main.join(" "), ...others].join(", ");

const inWords = (padding: Padding): string => {
  if (padding === "sameUpper") return padding;
  if (padding.length === 4) return padding.join(" ");
  return padding[0] === padding[1] ? String(padding[0]) : by(padding);
};

const l2Of = (l2: number | undefined): readonly string[] => (l2 === undefined ? [] : [`L2 ${l2}`]);

const paddingOf = (padding: Padding, usual: HeightWidth): readonly string[] =>
  padding !== "sameUpper" && padding.length === 2 && isSame(padding, usual) ? [] : [`padding ${inWords(padding)}`];

const dilationOf = ([height, width]: HeightWidth): string =>
  `dilation ${height === width ? height : by([height, width])}`;

function convolution({ filters, kernel, stride, padding, dilation, groups, frequencies, l2 }: Conv2d): string {
  return options(
    [
      filters === 1 ? "1 filter" : `${filters} filters`,
      by(kernel),
      ...(isSame(stride, [1, 1]) ? [] : [strideOf(stride)]),
    ],
    [
      ...(groups === 1 ? [] : [groups === filters ? "depthwise" : `${groups} groups`]),
      ...(dilation === undefined ? [] : [dilationOf(dilation)]),
      ...paddingOf(padding, samePadding(kernel, dilation)),
      ...(frequencies === undefined ? [] : [`harmonic ${frequencies}`]),
      ...l2Of(l2),
    ],
  );
}

const pooling = ({ kernel, stride, padding, ceil, countPadding }: Omit<AveragePool, "kind">): string =>
  options(
    [by(kernel), ...(isSame(stride, kernel) ? [] : [strideOf(stride)])],
    [...paddingOf(padding, [0, 0]), ...(countPadding ? ["padding counted"] : []), ...(ceil ? ["ceil"] : [])],
  );

const nothing = () => "";

const activation = (layer: Activation): string =>
  Object.entries(optionsOf(layer))
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

const words: { readonly [K in Layer["kind"]]: (layer: Extract<Layer, { kind: K }>) => string } = {
  normalize: nothing,
  conv2d: convolution,
  batchNorm: nothing,
  layerNorm: nothing,
  groupNorm: ({ groups }) => (groups === 1 ? "1 group" : `${groups} groups`),
  layerScale: nothing,
  ...eachActivation(() => activation),
  maxPool: pooling,
  averagePool: pooling,
  globalAveragePool: nothing,
  globalMaxPool: nothing,
  generalizedMeanPool: ({ p, learned }) => options([`p ${p}`], learned ? [] : ["fixed"]),
  blurPool: ({ kernel, stride }) => `${by([kernel, kernel])} ${strideOf(stride)}`,
  flatten: nothing,
  dense: ({ units, l2 }) => options([`${units} ${units === 1 ? "unit" : "units"}`], l2Of(l2)),
  dropout: ({ rate, per }) => (per === "value" ? String(rate) : `${rate}, per ${per}`),
  residual: ({ stochasticDepth }) => (stochasticDepth === 0 ? "" : `stochastic depth ${stochasticDepth}`),
  gate: nothing,
  concatenate: ({ branches }) => `${branches.length} ${branches.length === 1 ? "branch" : "branches"}`,
};

/** A layer in words, such as `conv2d 32 filters 3x3 /2, depthwise` (/2: every second row and column) or `dropout 0.5`. */
export function describeLayer(layer: Layer): string {
  const said = (words[layer.kind] as (layer: Layer) => string)(layer);
  return said === "" ? layer.kind : `${layer.kind} ${said}`;
}
