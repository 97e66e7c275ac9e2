/** Which operations run as one: rectifiers with the operation before them, sums with the normalisation before them. */
import { eachActivation } from "../../../network/activations.ts";
import { type Graph, type GraphNode, INPUT, type Operation } from "../../../network/graph.ts";

/** A node with what it takes over from its neighbours. */
export interface Fusion {
  /** What runs in the node's place: itself, or the normalisation that was put off until the sum. */
  readonly node: GraphNode;
  /** Where its inputs come from; after a normalisation's own one stands the shortcut that is added to its output. */
  readonly inputs: readonly number[];
  /** The node ends in the rectifier that follows it in the graph. */
  readonly relu: boolean;
  /** Whether the node's own backward pass applies that rectifier's mask to the gradient. */
  readonly maskGradient: boolean;
  /** Nobody else needs the node's first input, forward or backward: the node may overwrite it in the end. */
  readonly ownsInput: boolean;
  /** Nobody else reads the shortcut. */
  readonly ownsShortcut?: boolean;
}

/** What fusion makes of every node of a graph. */
export interface FusionPlan {
  /** Per node; undefined for one that another has taken over. */
  readonly nodes: readonly (Fusion | undefined)[];
  /** The node whose output stands for this node's output. */
  resolve(source: number): number;
}

/** Whether the rectifier after such an operation can be a part of it. */
const endsInRelu: { readonly [K in Operation["kind"]]: boolean } = {
  normalize: false,
  luminance: false,
  conv2d: true,
  batchNorm: true,
  layerNorm: false,
  groupNorm: false,
  layerScale: false,
  ...eachActivation(() => false),
  maxPool: false,
  averagePool: false,
  globalAveragePool: false,
  globalMaxPool: false,
  generalizedMeanPool: false,
  blurPool: false,
  flatten: false,
  dense: true,
  dropout: false,
  add: true,
  multiply: false,
  join: false,
};

/**
 * relu(f(x)) becomes one where f is the rectifier's only source and has no other reader; so does batchNorm(x) + shortcut.
 *
 * maxPool(relu(x)) needs no mask of x's size: the gradient is masked after pooling instead, on the smaller tensor. Where
 * the largest value of a window is positive it is the same element with or without the rectifier; where it is not, both
 * orders give a gradient of zero.
 */
export function planFusion(graph: Graph): FusionPlan {
  const { nodes } = graph;
  const readers = nodes.map((): number[] => []);
  nodes.forEach((node, index) => {
    for (const source of node.inputs) if (source !== INPUT) readers[source]!.push(index);
  });
  /** Normalisations by the sum whose first operand they are. */
  const summedBy = new Map<number, number>();
  nodes.forEach(({ operation, inputs }, index) => {
    const body = inputs[0]!;
    if (operation.kind !== "add" || body === INPUT || nodes[body]!.operation.kind !== "batchNorm") return;
    if (readers[body]!.length === 1) summedBy.set(index, body);
  });
  const putOff = new Set(summedBy.values());
  const normalizes = (index: number) => nodes[index]!.operation.kind === "batchNorm" || summedBy.has(index);
  const absorbedBy = new Map<number, number>();
  nodes.forEach(({ operation, inputs }, index) => {
    const source = inputs[0]!;
    if (operation.kind !== "relu" || source === INPUT) return;
    if (endsInRelu[nodes[source]!.operation.kind] && readers[source]!.length === 1) absorbedBy.set(index, source);
  });
  const rectified = new Set(absorbedBy.values());
  const onlyReader = (index: number): number | undefined => {
    const relu = readers[index]![0];
    const after = rectified.has(index) && relu !== undefined ? readers[relu]! : readers[index]!;
    return after.length === 1 ? after[0] : undefined;
  };
  const maskedByPool = new Set<number>();
  for (const index of rectified) {
    const reader = onlyReader(index);
    // Batch normalisation keeps the mask itself, so there is nothing to save.
    if (reader !== undefined && nodes[reader]!.operation.kind === "maxPool" && !normalizes(index))
      maskedByPool.add(index);
  }
  const resolve = (source: number) => absorbedBy.get(source) ?? source;
  return {
    resolve,
    nodes: nodes.map((node, index) => {
      if (absorbedBy.has(index) || putOff.has(index)) return undefined;
      const { operation, inputs } = node;
      // A convolution's own backward pass has no use for its output.
      const owns = (source: number) =>
        source !== INPUT && nodes[source]!.operation.kind === "conv2d" && readers[source]!.length === 1;
      const ownsInput = owns(inputs[0]!);
      if (operation.kind === "maxPool") {
        return { node, inputs, relu: false, maskGradient: maskedByPool.has(resolve(inputs[0]!)), ownsInput };
      }
      const relu = rectified.has(index);
      const maskGradient = relu && !normalizes(index) && !maskedByPool.has(index);
      const body = summedBy.get(index);
      if (body === undefined) return { node, inputs, relu, maskGradient, ownsInput };
      const { inputs: bodyInputs } = nodes[body]!;
      const fused = [...bodyInputs, inputs[1]!];
      const shortcut = inputs[1]!;
      const ownsShortcut = shortcut !== INPUT && readers[shortcut]!.length === 1;
      return { node: nodes[body]!, inputs: fused, relu, maskGradient, ownsInput: owns(bodyInputs[0]!), ownsShortcut };
    }),
  };
}
