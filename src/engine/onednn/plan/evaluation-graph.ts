/** A network in evaluation mode, written without batch normalisation and dropout: what is left is the same in training mode. */
import { type Graph, type GraphNode, INPUT, type Operation } from "../../../network/graph.ts";
import type { BatchNorm } from "../../../network/layer.ts";
import type { ParameterSpec } from "../../../network/parameters.ts";
import type { Tensor, Tensors } from "../../../tensor.ts";

/** A network in evaluation mode, written so that its training mode computes the same. */
export interface EvaluationGraph {
  /** Without parameters to train. */
  readonly graph: Graph;
  /** The parameters of {@link EvaluationGraph.graph} that say the same as those of the network. */
  convert(parameters: Tensors): Tensors;
}

/** Running statistics are constants: a normalisation is a 1x1 convolution of each channel by itself, with a bias. */
export function evaluationGraph(network: Graph): EvaluationGraph {
  const nodes: GraphNode[] = [];
  const normalizations: GraphNode<BatchNorm>[] = [];
  const places: number[] = [];
  const placeOf = (source: number) => (source === INPUT ? INPUT : places[source]!);
  for (const node of network.nodes) {
    const inputs = node.inputs.map(placeOf);
    if (inEvaluation[node.operation.kind] === "nothing") {
      places.push(inputs[0]!);
      continue;
    }
    const parameters = node.parameters.map((spec) => ({ ...spec, trainable: false }));
    if (isNormalization(node)) {
      normalizations.push(node);
      nodes.push({ ...asConvolution(node), inputs });
    } else nodes.push({ ...node, inputs, parameters });
    places.push(nodes.length - 1);
  }
  const graph = { ...network, nodes, parameters: nodes.flatMap(({ parameters }) => parameters) };
  return {
    graph,
    convert: (parameters) => new Map([...parameters, ...normalizations.flatMap((node) => converted(node, parameters))]),
  };
}

/** What an operation is in evaluation mode: the same as in training, a convolution with constants, or nothing. */
const inEvaluation: { readonly [K in Operation["kind"]]: "same" | "convolution" | "nothing" } = {
  normalize: "same",
  luminance: "same",
  conv2d: "same",
  batchNorm: "convolution",
  relu: "same",
  sigmoid: "same",
  maxPool: "same",
  averagePool: "same",
  globalAveragePool: "same",
  flatten: "same",
  dense: "same",
  dropout: "nothing",
  add: "same",
  multiply: "same",
  join: "same",
};

const isNormalization = (node: GraphNode): node is GraphNode<BatchNorm> =>
  inEvaluation[node.operation.kind] === "convolution";

const weightName = (node: GraphNode): string => `${node.name}.weight`;
const biasName = (node: GraphNode): string => `${node.name}.bias`;

function asConvolution(node: GraphNode<BatchNorm>): GraphNode {
  const [channels] = node.shape as readonly [number, number, number];
  const weight: ParameterSpec = {
    name: weightName(node),
    role: "weight",
    shape: [channels, 1, 1, 1],
    trainable: false,
    fanIn: 1,
  };
  const bias: ParameterSpec = { name: biasName(node), role: "bias", shape: [channels], trainable: false, fanIn: 0 };
  return {
    ...node,
    operation: {
      kind: "conv2d",
      filters: channels,
      kernel: [1, 1],
      stride: [1, 1],
      padding: [0, 0],
      groups: channels,
      bias: true,
    },
    parameters: [weight, bias],
  };
}

/** scale (x - mean) / deviation + shift as weight x + bias. */
function converted(node: GraphNode<BatchNorm>, parameters: Tensors): [name: string, tensor: Tensor][] {
  const [scale, shift, mean, variance] = node.parameters.map(({ name }) => parameters.get(name)!.data);
  const weight = Float32Array.from(scale!, (value, i) => value / Math.sqrt(variance![i]! + node.operation.epsilon));
  const bias = Float32Array.from(shift!, (value, i) => value - weight[i]! * mean![i]!);
  return [
    [weightName(node), { shape: [weight.length, 1, 1, 1], data: weight }],
    [biasName(node), { shape: [bias.length], data: bias }],
  ];
}
