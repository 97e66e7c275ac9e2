/** Receptive fields: which pixels of the image a value of each map depends on. */

import { eachActivation } from "./activations.ts";
import { type Graph, INPUT } from "./graph.ts";
import type { HeightWidth, Operation } from "./layer.ts";
import { blurWindow } from "./pooling.ts";
import type { Shape } from "./shape.ts";
import { type Sides, reachOf as windowReach } from "./windows.ts";

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
  readonly padding: Sides;
  readonly dilation: HeightWidth;
}

/** `value`: an output reads the inputs in its own place. `map`: it reads all places. Else it reads a window. */
type Reach = "value" | "map" | Window;

const value = () => "value" as const;
const map = () => "map" as const;
const window = (operation: Window) => operation;

const reaches: { readonly [K in Operation["kind"]]: (operation: Extract<Operation, { kind: K }>) => Reach } = {
  normalize: value,
  luminance: value,
  conv2d: window,
  batchNorm: value,
  layerNorm: value,
  groupNorm: map,
  layerScale: value,
  ...eachActivation(() => value),
  maxPool: window,
  averagePool: window,
  globalAveragePool: map,
  globalMaxPool: map,
  generalizedMeanPool: map,
  blurPool: blurWindow,
  flatten: map,
  dense: map,
  dropout: value,
  add: value,
  multiply: value,
  join: value,
};

const reachOf = (operation: Operation): Reach =>
  (reaches[operation.kind] as (operation: Operation) => Reach)(operation);

/** The receptive field of every node of a graph, in its order. */
export function receptiveFields(graph: Graph): readonly ReceptiveField[] {
  const [, height, width] = graph.inputShape as readonly [number, number, number];
  const jumps = jumpsOf(graph);
  const [rows, columns] = [new Seen(graph, 0), new Seen(graph, 1)];
  return graph.nodes.map((_, index) => {
    const size = [rows.count(index), columns.count(index)] as const;
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

const middleOf = (extent: number): Range => [extent >> 1, extent >> 1];
const wholeOf = (extent: number): Range => [0, extent - 1];

/** What is seen of the image along an axis by the middle and by the whole of each node's output, as far as it is known. */
class Seen {
  readonly #graph: Graph;
  readonly #axis: Axis;
  readonly #byMiddle: Range[] = [];
  readonly #byWhole: Range[] = [];

  constructor(graph: Graph, axis: Axis) {
    this.#graph = graph;
    this.#axis = axis;
  }

  /** How many rows or columns lie between the first and the last that the middle of a node's output depends on. */
  count(node: number): number {
    const [first, last] = this.#walk(node);
    return Math.max(0, last - first + 1);
  }

  /** Back over the nodes, with what is read of each of their outputs, to the image or to where the rest is known. */
  #walk(from: number): Range {
    const { nodes, inputShape } = this.#graph;
    const axis = this.#axis;
    const read: (Range | undefined)[] = [];
    read[from] = middleOf(extentOf(nodes[from]!.shape, axis));
    let waiting = 1;
    let seen: Range | undefined;
    const passed: (readonly [known: Range[], index: number])[] = [];
    for (let index = from; index >= 0 && waiting > 0; index--) {
      const wanted = read[index];
      if (wanted === undefined) continue;
      const { operation, inputs, inputShapes, shape } = nodes[index]!;
      waiting--;
      const known = this.#knownFor(wanted, extentOf(shape, axis));
      if (waiting === 0 && seen === undefined && known !== undefined) {
        seen = known[index];
        if (seen !== undefined) break;
        passed.push([known, index]);
      }
      const reach = reachOf(operation);
      for (const [i, source] of inputs.entries()) {
        const range = readBy(reach, wanted, extentOf(inputShapes[i]!, axis), axis);
        if (source === INPUT) {
          seen = union(seen, range);
          continue;
        }
        if (read[source] === undefined) waiting++;
        read[source] = union(read[source], range);
      }
    }
    const result = seen ?? wholeOf(extentOf(inputShape, axis));
    for (const [known, index] of passed) known[index] = result;
    return result;
  }

  /** All else depends on too much to be kept. */
  #knownFor(wanted: Range, extent: number): Range[] | undefined {
    if (isSame(wanted, wholeOf(extent))) return this.#byWhole;
    return isSame(wanted, middleOf(extent)) ? this.#byMiddle : undefined;
  }
}

const isSame = ([a, b]: Range, [c, d]: Range): boolean => a === c && b === d;

/** The places of an input that are read for those wanted of the output. */
function readBy(reach: Reach, [first, last]: Range, extent: number, axis: Axis): Range {
  if (reach === "map") return wholeOf(extent);
  if (reach === "value") return clipped([first, last], extent); // A gate's factors have one place.
  const start = (place: number) => place * reach.stride[axis] - reach.padding[axis];
  return clipped([start(first), start(last) + windowReach(reach.kernel[axis], reach.dilation[axis]) - 1], extent);
}

const clipped = ([first, last]: Range, extent: number): Range => [Math.max(0, first), Math.min(extent - 1, last)];

const union = (a: Range | undefined, b: Range): Range =>
  a === undefined ? b : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
