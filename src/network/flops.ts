/** Arithmetic of every operation: what a rate in GFLOP/s is counted from. */

import { elements } from "../tensor.ts";
import { eachActivation } from "./activations.ts";
import type { Graph } from "./graph.ts";
import type { Operation } from "./layer.ts";
import type { Shape } from "./shape.ts";

type FlopsRule<O extends Operation> = (operation: O, shape: Shape, inputs: readonly Shape[]) => number;

/** Passes over memory, whose measure is bytes: their few operations per value are not counted, as is usual. */
const none = () => 0;

const rules: { readonly [K in Operation["kind"]]: FlopsRule<Extract<Operation, { kind: K }>> } = {
  normalize: none,
  luminance: none,
  conv2d: ({ kernel, groups }, shape, [input]) => 2 * elements(shape) * elements(kernel) * (input![0]! / groups),
  batchNorm: none,
  layerNorm: none,
  groupNorm: none,
  layerScale: none,
  ...eachActivation(() => none),
  maxPool: none,
  averagePool: none,
  globalAveragePool: none,
  globalMaxPool: none,
  generalizedMeanPool: none,
  blurPool: none,
  flatten: none,
  dense: (_, shape, [input]) => 2 * elements(shape) * elements(input!),
  dropout: none,
  add: none,
  multiply: none,
  join: none,
};

/** A node as far as its arithmetic goes. */
interface Computed {
  readonly operation: Operation;
  readonly shape: Shape;
  readonly inputShapes: readonly Shape[];
}

/**
 * Floating-point operations of an operation's forward pass over one image: a multiplication and an addition count as two, and
 * convolutions as the direct algorithm computes them, padding included. The gradient of the weights takes as many again, that of
 * the input as well.
 */
export const forwardFlops = ({ operation, shape, inputShapes }: Computed): number =>
  (rules[operation.kind] as FlopsRule<Operation>)(operation, shape, inputShapes);

/**
 * Floating-point operations of a training step for one image: the forward pass, the gradients of all weights that are trained, and those of
 * the maps between them. Nothing before the first trained parameter needs a gradient. The update is not counted.
 */
export function trainingFlops({ nodes }: Pick<Graph, "nodes">): number {
  const needsGradient: boolean[] = [];
  return nodes.reduce((sum, node, index) => {
    const trained = node.parameters.some(({ trainable }) => trainable);
    const before = node.inputs.some((source) => needsGradient[source] === true);
    needsGradient[index] = trained || before;
    return sum + forwardFlops(node) * (1 + Number(trained) + Number(before));
  }, 0);
}
