/** What a network's drawing is made of: layers that belong together as one block, branches, and what repeats written once. */

import { activationKinds, eachActivation } from "../../network/activations.ts";
import { formatShape, type Shape } from "../../network/shape.ts";
import type { LayerSummary } from "../../network/summary.ts";
import { count, magnitude } from "../../text/numbers.ts";

/** What a block's colour stands for. */
export type Role = "convolution" | "dense" | "pooling" | "other";

interface Step {
  /** Layers that it stands for, those in branches included. */
  readonly layers: number;
  /** Of its output. */
  readonly shape: Shape;
}

/** A layer that does the work, with the layers right behind it that act value by value. */
export interface Block extends Step {
  readonly kind: "block";
  readonly role: Role;
  readonly title: string;
  /** Such as `batchNorm` and `relu`. */
  readonly notes: readonly string[];
  readonly parameters: number;
  /** All that is known of it, a line for each layer. */
  readonly tip: readonly string[];
}

/** The kinds of layers that hold others. */
export type ForkKind = "residual" | "gate" | "concatenate";

/** A layer that holds others. */
export interface Fork extends Step {
  readonly kind: ForkKind;
  /** What stands on the axis, and what stands beside it: a gate has its input there. An empty one is the identity. */
  readonly branches: readonly (readonly Part[])[];
  /** Its options, and what acts on the value where the branches meet. */
  readonly notes: readonly string[];
}

/** Parts that follow each other several times with the same shapes and sizes. */
export interface Repeat extends Step {
  readonly kind: "repeat";
  readonly times: number;
  readonly parts: readonly Part[];
}

/** Layers that the drawing has no room for. */
export interface Omission extends Step {
  readonly kind: "omission";
}

/** A step on the way from the image to the logits. */
export type Part = Block | Fork | Repeat | Omission;

const roles: { readonly [K in LayerSummary["kind"]]: Role } = {
  normalize: "other",
  conv2d: "convolution",
  batchNorm: "other",
  layerNorm: "other",
  groupNorm: "other",
  layerScale: "other",
  ...eachActivation((): Role => "other"),
  maxPool: "pooling",
  averagePool: "pooling",
  globalAveragePool: "pooling",
  globalMaxPool: "pooling",
  generalizedMeanPool: "pooling",
  blurPool: "pooling",
  flatten: "other",
  dense: "dense",
  dropout: "other",
  residual: "other",
  gate: "other",
  concatenate: "other",
};

/** Kinds that act on each value or channel by itself, and so stand with the layer before them. */
const attached: ReadonlySet<string> = new Set([
  "batchNorm",
  "layerNorm",
  "groupNorm",
  "layerScale",
  ...activationKinds,
  "dropout",
]);

/** A block has so many of them at most. */
const mostNotes = 4;

/** So deep are branches drawn; what lies deeper is one block. */
const deepest = 3;

/** The most blocks of the network, and of a branch by its depth, that are drawn. */
const mostBlocks = [90, 24, 12, 6] as const;

/** The most branches that are drawn of a layer of the network, and of one in a branch. */
const mostBranches = [5, 2] as const;

/** The most parts that repeat together. */
const longestPeriod = 8;

const parametersOf = ({ trainable, otherParameters }: LayerSummary): number => trainable + otherParameters;

function tipOf(layer: LayerSummary): string {
  const { path, description, shape, flops, field, frozen } = layer;
  const parameters = parametersOf(layer);
  return [
    `${path}: ${description}`,
    ...(frozen ? ["frozen"] : []),
    `output ${formatShape(shape)}`,
    ...(parameters > 0 ? [`${count(parameters)} parameters`] : []),
    ...(flops > 0 ? [`${magnitude(flops)}FLOP`] : []),
    `sees ${field.share === 1 ? "the whole image" : formatShape(field.size)}`,
  ].join(", ");
}

/** How many layers there are, those in branches included. */
const countLayers = (layers: readonly LayerSummary[]): number =>
  layers.reduce(
    (sum, { branches }) => sum + 1 + branches.reduce((inner, branch) => inner + countLayers(branch.layers), 0),
    0,
  );

function blockOf(layer: LayerSummary): Block {
  const [title = "", ...options] = layer.description.split(", ");
  return {
    kind: "block",
    role: roles[layer.kind],
    title,
    notes: layer.frozen ? [...options, "frozen"] : options,
    parameters: parametersOf(layer),
    layers: countLayers([layer]),
    shape: layer.shape,
    tip: [tipOf(layer)],
  };
}

const isFork = (kind: LayerSummary["kind"] | Part["kind"]): kind is ForkKind =>
  kind === "residual" || kind === "gate" || kind === "concatenate";

/** The branches as far as they are drawn, those left out as the last one. */
function drawnBranches({ branches, shape, kind }: LayerSummary, depth: number): readonly (readonly Part[])[] {
  const all = branches.map(({ layers }) => partsOf(layers, depth + 1));
  if (kind === "gate") return [[], ...all];
  const most = depth === 0 ? mostBranches[0] : mostBranches[1];
  if (all.length <= most) return all;
  const left = branches.slice(most).reduce((sum, { layers }) => sum + countLayers(layers), 0);
  return [...all.slice(0, most), [{ kind: "omission", layers: left, shape }]];
}

function forkOf(layer: LayerSummary, kind: ForkKind, depth: number): Block | Fork {
  const block = blockOf(layer);
  if (depth >= deepest) return { ...block, notes: [`${count(block.layers - 1)} layers`] };
  const options = layer.description.slice(layer.kind.length).trim();
  return {
    kind,
    branches: drawnBranches(layer, depth),
    notes: [...(options === "" ? [] : [options]), ...(layer.frozen && depth === 0 ? ["frozen"] : [])],
    layers: block.layers,
    shape: layer.shape,
  };
}

/** With the layer right behind it; undefined where that has to stand by itself. */
function withAttached(part: Part | undefined, layer: LayerSummary): Block | Fork | undefined {
  if (part === undefined || part.kind === "repeat" || part.kind === "omission") return undefined;
  const parameters = parametersOf(layer);
  if (!attached.has(layer.kind) || part.notes.length >= mostNotes) return undefined;
  const [notes, layers] = [[...part.notes, layer.description], part.layers + 1];
  if (part.kind !== "block") return parameters > 0 ? undefined : { ...part, notes, layers };
  return { ...part, notes, layers, parameters: part.parameters + parameters, tip: [...part.tip, tipOf(layer)] };
}

/** The parts of a network, or of a branch at a depth, in their order. */
export function partsOf(layers: readonly LayerSummary[], depth = 0): readonly Part[] {
  const parts: Part[] = [];
  for (const layer of layers) {
    const joined = withAttached(parts.at(-1), layer);
    if (joined !== undefined) parts[parts.length - 1] = joined;
    else if (isFork(layer.kind)) parts.push(forkOf(layer, layer.kind, depth));
    else parts.push(blockOf(layer));
  }
  return shortened(folded(parts), mostBlocks[Math.min(depth, deepest)]!);
}

const layersOf = (parts: readonly Part[]): number => parts.reduce((sum, { layers }) => sum + layers, 0);

/** Parts that look the same have the same text. */
const looks = (part: Part): string => JSON.stringify(part, (key, value) => (key === "tip" ? undefined : value));

/** With what repeats written once: at each place the period that covers most. */
function folded(parts: readonly Part[]): readonly Part[] {
  const texts = parts.map(looks);
  const timesAt = (at: number, period: number): number => {
    let times = 1;
    const same = (offset: number) => texts[at + offset] === texts[at + times * period + offset];
    while (at + (times + 1) * period <= parts.length && Array.from({ length: period }, (_, i) => i).every(same))
      times++;
    return times;
  };
  const result: Part[] = [];
  for (let at = 0; at < parts.length; ) {
    let [best, period] = [1, 1];
    for (let length = 1; length <= longestPeriod; length++) {
      const times = timesAt(at, length);
      if (times > 1 && times * length > best * period) [best, period] = [times, length];
    }
    const group = parts.slice(at, at + period);
    const layers = layersOf(parts.slice(at, at + best * period));
    if (best === 1) result.push(...group);
    else result.push({ kind: "repeat", times: best, parts: group, layers, shape: group.at(-1)!.shape });
    at += best * period;
  }
  return result;
}

/** How many blocks are drawn for a part. */
function blocksIn(part: Part): number {
  const all = (parts: readonly Part[]) => parts.reduce((sum, one) => sum + blocksIn(one), 0);
  if (part.kind === "repeat") return all(part.parts);
  return isFork(part.kind) ? 1 + (part as Fork).branches.reduce((sum, branch) => sum + all(branch), 0) : 1;
}

/** How many parts from the beginning, but at least one, have no more blocks than that. */
function within(parts: readonly Part[], most: number): number {
  let blocks = 0;
  const first = parts.findIndex((part) => {
    blocks += blocksIn(part);
    return blocks > most;
  });
  return Math.max(1, first);
}

/** Without the middle where there are more blocks than can be drawn: a third of what is left is from the end. */
function shortened(parts: readonly Part[], most: number): readonly Part[] {
  if (parts.reduce((sum, part) => sum + blocksIn(part), 0) <= most) return parts;
  const first = within(parts, (2 * most) / 3);
  const last = within(parts.toReversed(), most / 3);
  const middle = parts.slice(first, parts.length - last);
  if (middle.length === 0) return parts;
  const omission: Omission = { kind: "omission", layers: layersOf(middle), shape: middle.at(-1)!.shape };
  return [...parts.slice(0, first), omission, ...parts.slice(-last)];
}
