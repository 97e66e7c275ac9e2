/** A network's summary: its layers with shapes, parameters, arithmetic and receptive fields, as a tree, and their sums. */

import { elements } from "../tensor.ts";
import { type BranchName, branchesOf } from "./branches.ts";
import { describeLayer } from "./describe-layer.ts";
import { forwardFlops, trainingFlops } from "./flops.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { weightShape } from "./harmonics.ts";
import type { Layer } from "./layer.ts";
import { type ReceptiveField, receptiveFields } from "./receptive-field.ts";
import type { Shape } from "./shape.ts";

/** What a layer is and costs; of one that holds others, together with the layers in it. */
export interface LayerSummary {
  /** Where it stands in the network, such as `3.body.0`; its parameters are named after it. */
  readonly path: string;
  readonly kind: Layer["kind"];
  /** The kind with its main options, such as `conv2d 32 filters 3x3 /2`. */
  readonly description: string;
  /** Of the output, without the batch. */
  readonly shape: Shape;
  /** Numbers that training changes. */
  readonly trainable: number;
  /** Numbers that are stored and not trained: running statistics, and all of a frozen layer. */
  readonly otherParameters: number;
  /** Floating-point operations of the forward pass over one image; a multiplication and an addition are two. */
  readonly flops: number;
  readonly field: ReceptiveField;
  /** Whether it keeps the weights that it begins with. */
  readonly frozen: boolean;
  /** The layers of a residual layer (`body`, `shortcut`), of a gate (`body`) and of a concatenation (`branches.0`, …), else none. An empty branch is the identity. */
  readonly branches: readonly BranchSummary[];
}

/** One of the ways through a layer. */
export interface BranchSummary {
  readonly name: BranchName;
  readonly layers: readonly LayerSummary[];
}

/** The sums over a network. */
export interface NetworkTotals {
  readonly trainable: number;
  readonly otherParameters: number;
  /** Floating-point operations of the forward pass over one image. */
  readonly flops: number;
  /** Those of a training step, for one image: forward and backward. */
  readonly trainingFlops: number;
  /** Of the weights in `model.onnx`, in float32. The file has some kilobytes more, for its structure and its metadata. */
  readonly modelBytes: number;
}

/** A network as people want to see it. */
export interface NetworkSummary {
  readonly name: string;
  /** [channels, height, width] */
  readonly input: Shape;
  readonly classes: number;
  readonly layers: readonly LayerSummary[];
  readonly totals: NetworkTotals;
}

type Sums = Pick<LayerSummary, "trainable" | "otherParameters" | "flops">;

const sumOf = (parts: readonly Sums[]): Sums => ({
  trainable: parts.reduce((sum, part) => sum + part.trainable, 0),
  otherParameters: parts.reduce((sum, part) => sum + part.otherParameters, 0),
  flops: parts.reduce((sum, part) => sum + part.flops, 0),
});

function sumsOf(node: GraphNode): Sums {
  const count = (trainable: boolean) =>
    node.parameters.reduce((sum, spec) => sum + (spec.trainable === trainable ? elements(spec.shape) : 0), 0);
  return { trainable: count(true), otherParameters: count(false), flops: forwardFlops(node) };
}

/** The summary of a graph, which `buildGraph` makes of a network. */
export function summarize(graph: Graph): NetworkSummary {
  const { network, nodes, inputShape, classes } = graph;
  const fields = receptiveFields(graph);
  const places = new Map(nodes.map(({ name }, index) => [name, index]));

  const summaries = (layers: readonly Layer[], prefix: string): readonly LayerSummary[] =>
    layers.map((layer, index) => {
      const path = `${prefix}${index}`;
      const place = places.get(path)!;
      const branches = branchesOf(layer).map(([name, inner]) => ({
        name,
        layers: summaries(inner, `${path}.${name}.`),
      }));
      return {
        path,
        kind: layer.kind,
        description: describeLayer(layer),
        shape: nodes[place]!.shape,
        ...sumOf([sumsOf(nodes[place]!), ...branches.flatMap((branch) => branch.layers)]),
        field: fields[place]!,
        frozen: nodes[place]!.frozen,
        branches,
      };
    });

  const layers = summaries(network.layers, "");
  const sums = sumOf(layers);
  return {
    name: network.name,
    input: inputShape,
    classes,
    layers,
    totals: {
      ...sums,
      trainingFlops: trainingFlops(graph),
      modelBytes: Float32Array.BYTES_PER_ELEMENT * storedValues(graph),
    },
  };
}

/** Numbers in a model file, which has weights in place of the factors of cosine filters. */
const storedValues = ({ parameters }: Graph): number =>
  parameters.reduce(
    (sum, { shape, harmonics }) => sum + elements(harmonics === undefined ? shape : weightShape(harmonics, shape)),
    0,
  );
