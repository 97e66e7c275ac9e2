/** A network in evaluation mode, written so that a plan for training computes the same and has a backward pass. */
import type { Graph } from "../../../network/graph.ts";

/** The network with all of its layers frozen, so that they compute by running statistics and without dropout. */
export function evaluationGraph(network: Graph): Graph {
  const nodes = network.nodes.map((node) => ({
    ...node,
    frozen: true,
    parameters: node.parameters.map((spec) => ({ ...spec, trainable: false })),
  }));
  return { ...network, nodes, parameters: nodes.flatMap(({ parameters }) => parameters) };
}
