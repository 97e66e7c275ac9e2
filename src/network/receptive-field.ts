/** Receptive fields: which pixels of the image a value of each map depends on. */

import { type Graph, INPUT } from "./graph.ts";
import type { HeightWidth, Operation } from "./layer.ts";
import type { Shape } from "./shape.ts";

/** What the value in the middle of a map, or a value of a vector, depends on. */
export interface ReceptiveField {
  /** Of the smallest rectangle of the image that holds all these pixels, in pixels. Padding is not counted. */
  readonly size: HeightWidth;
  /** Pixels from the field of one value to that of its neighbour, the largest over all branches; null for vectors. */
  readonly jump: HeightWidth | null;
  /** The rectangle's part of the image, from 0 to 1. */
  readonly share: number;
}

type Axis = 0 | 1;

/** A sliding window, as far as it decides what is seen. */
interface Window {
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: HeightWidth;
}

/** `value`: an output reads the inputs in its own place. `map`: it reads all places. Else it reads a window. */
type Reach = "value" | "map" | Window;

const value = () => "value" as const;
const map = () => "map" as const;
const window = (operation: Window) => operation;

const reaches: { readonly [K in Operation["kind"]]: (operation: Extract<Operation, { kind: K }>) => Reach } = {
  normalize: value,
  conv2d: window,
  batchNorm: value,
  relu: value,
  sigmoid: value,
  maxPool: window,
  averagePool: window,
  globalAveragePool: map,
  flatten: map,
  dense: map,
  dropout: value,
  add: value,
  multiply: value,
};

const reachOf = (operation: Operation): Reach =>
  (reaches[operation.kind] as (operation: Operation) => Reach)(operation);

/** The receptive field of every node of a graph, in its order. */
export function receptiveFields(graph: Graph): readonly ReceptiveField[] {
  const [, height, width] = graph.inputShape as readonly [number, number, number];
  const jumps = jumpsOf(graph);
  return graph.nodes.map((_, index) => {
    const size = [seenFrom(graph, index, 0), seenFrom(graph, index, 1)] as const;
    return { size, jump: jumps[index]!, share: (size[0] * size[1]) / (height * width) };
  });
}

function jumpsOf({ nodes }: Graph): readonly (HeightWidth | null)[] {
  const jumps: (HeightWidth | null)[] = [];
  const jumpOf = (source: number): HeightWidth | null => (source === INPUT ? [1, 1] : jumps[source]!);
  for (const { operation, inputs, shape } of nodes) {
    const reach = reachOf(operation);
    const stride: HeightWidth = typeof reach === "string" ? [1, 1] : reach.stride;
    const along = (axis: Axis) => stride[axis] * Math.max(...inputs.map((source) => jumpOf(source)?.[axis] ?? 0));
    jumps.push(shape.length === 3 ? [along(0), along(1)] : null);
  }
  return jumps;
}

/** Places along an axis, both ends included. */
type Range = readonly [first: number, last: number];

const extentOf = (shape: Shape, axis: Axis): number => shape[1 + axis] ?? 1;

/**
 * How many rows or columns of the image lie between the first and the last that the middle of a node's output depends on: a walk back over
 * the nodes, with what is read of each of their outputs.
 */
function seenFrom({ nodes, inputShape }: Graph, from: number, axis: Axis): number {
  const read: (Range | undefined)[] = [];
  let seen: Range | undefined;
  const middle = extentOf(nodes[from]!.shape, axis) >> 1;
  read[from] = [middle, middle];
  for (let index = from; index >= 0; index--) {
    const wanted = read[index];
    if (wanted === undefined) continue;
    const { operation, inputs, inputShapes } = nodes[index]!;
    const reach = reachOf(operation);
    inputs.forEach((source, i) => {
      const range = readBy(reach, wanted, extentOf(inputShapes[i]!, axis), axis);
      if (source === INPUT) seen = union(seen, range);
      else read[source] = union(read[source], range);
    });
  }
  const [first, last] = clipped(seen ?? [0, -1], extentOf(inputShape, axis));
  return Math.max(0, last - first + 1);
}

/** The places of an input that are read for those wanted of the output. */
function readBy(reach: Reach, [first, last]: Range, extent: number, axis: Axis): Range {
  if (reach === "map") return [0, extent - 1];
  if (reach === "value") return clipped([first, last], extent); // A gate's factors have one place.
  const start = (place: number) => place * reach.stride[axis] - reach.padding[axis];
  return clipped([start(first), start(last) + reach.kernel[axis] - 1], extent);
}

const clipped = ([first, last]: Range, extent: number): Range => [Math.max(0, first), Math.min(extent - 1, last)];

const union = (a: Range | undefined, b: Range): Range =>
  a === undefined ? b : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
