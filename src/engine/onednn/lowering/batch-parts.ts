/** Which first part of a network is computed a few images at a time, so that its large activations stay in the cache. */

import { eachActivation } from "../../../network/activations.ts";
import type { Operation } from "../../../network/graph.ts";
import { type Graph, INPUT } from "../../../network/graph.ts";
import { elements } from "../../../tensor.ts";
import type { FusionPlan } from "./fusion.ts";

/** A consecutive part of the batch. */
export interface BatchPart {
  readonly from: number;
  readonly images: number;
}

/** The beginning of a network that runs part by part, and the parts of the batch. */
export interface BatchParts {
  /** The nodes [0, end) run part by part; 0 where nothing does. */
  readonly end: number;
  readonly parts: readonly BatchPart[];
}

/** Operations that treat every image by itself, have no parameters but convolutions' and keep no mask of the whole batch. */
const perImage: { readonly [K in Operation["kind"]]: boolean } = {
  normalize: true,
  luminance: true,
  conv2d: true,
  ...eachActivation(() => true),
  maxPool: true,
  averagePool: true,
  globalAveragePool: true,
  globalMaxPool: true,
  generalizedMeanPool: true,
  blurPool: true,
  flatten: true,
  add: true,
  multiply: true,
  join: true,
  batchNorm: false,
  layerNorm: false,
  groupNorm: false,
  layerScale: false,
  dropout: false,
  dense: false,
};

const undivided: BatchParts = { end: 0, parts: [] };

/**
 * The part before the first dense layer, where it consists of operations on single images and its last output is all that
 * the rest reads, in parts whose largest activation takes at most `cacheBytes`.
 */
export function planBatchParts(
  graph: Graph,
  fusion: FusionPlan,
  { batch, bytesPerValue, cacheBytes }: { batch: number; bytesPerValue: number; cacheBytes: number },
): BatchParts {
  const { nodes } = graph;
  const stop = nodes.findIndex(({ operation }) => !perImage[operation.kind]);
  // The parts are joined in row-major order, which a matrix product reads well and nothing else does.
  if (nodes[stop]?.operation.kind !== "dense") return undivided;
  const readsOnly = (from: number, boundary: number) =>
    nodes
      .slice(from)
      .every(({ inputs }) =>
        inputs.every((source) => source !== INPUT && (source >= from || fusion.resolve(source) === boundary)),
      );
  const end = stop;
  if (end === 0 || !readsOnly(end, fusion.resolve(end - 1))) return undivided;
  const largest = Math.max(...nodes.slice(0, end).map(({ shape }) => elements(shape))) * bytesPerValue;
  const images = Math.max(1, Math.floor(cacheBytes / largest));
  if (images >= batch) return undivided;
  const count = Math.ceil(batch / images);
  const starts = Array.from({ length: count + 1 }, (_, part) => Math.round((part * batch) / count));
  return { end, parts: starts.slice(0, -1).map((from, part) => ({ from, images: starts[part + 1]! - from })) };
}
