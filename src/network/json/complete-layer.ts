/** Layers as JSON has them made whole: what was left out gets the builders' defaults. */
import { activationBuilders, eachActivation } from "../activations.ts";
import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  flatten,
  gate,
  globalAveragePool,
  type Layer,
  maxPool,
  normalize,
  residual,
} from "../layer.ts";
import { groupNorm, layerNorm, layerScale } from "../normalization.ts";
import { blurPool, generalizedMeanPool, globalMaxPool } from "../pooling.ts";
import type { FormOf, LayerForm } from "./layer-forms.ts";

type Completion<K extends Layer["kind"]> = (
  form: FormOf<K>,
  complete: (layers: readonly LayerForm[]) => readonly Layer[],
  classes: number | undefined,
) => Extract<Layer, { kind: K }>;

const completions: { readonly [K in Layer["kind"]]: Completion<K> } = {
  normalize: ({ mean, standardDeviation }) =>
    normalize(mean ?? standardDeviation?.map(() => 0), standardDeviation ?? mean?.map(() => 1)),
  conv2d: ({ filters, kernel, ...options }) => conv2d(filters, kernel, options),
  batchNorm: (options) => batchNorm(options),
  layerNorm,
  groupNorm: ({ groups, ...options }) => groupNorm(groups, options),
  layerScale,
  ...eachActivation((kind) => activationBuilders[kind] as never),
  maxPool: ({ kernel, ...options }) => maxPool(kernel, options),
  averagePool: ({ kernel, ...options }) => averagePool(kernel, options),
  globalAveragePool,
  globalMaxPool,
  generalizedMeanPool: (options) => generalizedMeanPool(options),
  blurPool: ({ kernel, ...options }) => blurPool(kernel, options),
  flatten,
  dense: ({ units, ...options }, _, classes) => dense(units === "classes" ? classes! : units, options),
  dropout: ({ rate, ...options }) => dropout(rate, options),
  residual: ({ body, shortcut, ...options }, complete) =>
    residual(complete(body), shortcut && complete(shortcut), options),
  gate: ({ body }, complete) => gate(complete(body)),
  concatenate: ({ branches }, complete) => concatenate(branches.map(complete)),
};

/** The layer with the builder's defaults, and with the number of classes, where that is known, in place of "classes". */
export function completeLayer({ kind, ...form }: LayerForm, classes: number | undefined): Layer {
  const completion = completions[kind] as Completion<Layer["kind"]>;
  const all = (layers: readonly LayerForm[]) => layers.map((layer) => completeLayer(layer, classes));
  return completion(form as FormOf<Layer["kind"]>, all, classes);
}
