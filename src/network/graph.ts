/** A network written out: operations in the order they run, with shapes and parameters. Both engines and ONNX read this. */

import { NetworkError } from "../errors.ts";
import { elements } from "../tensor.ts";
import { valueInWords } from "../text/value-in-words.ts";
import { boundsFault, mostParameters, mostValues } from "./bounds.ts";
import { checkedInitialization } from "./initialization.ts";
import type { Layer, Network, Normalize, Operation } from "./layer.ts";
import { type ParameterSpec, parametersOf } from "./parameters.ts";
import { operationOf, type Unplaced } from "./resolve-windows.ts";
import { formatShape, outputShape, type Shape } from "./shape.ts";

export type { Add, Operation } from "./layer.ts";

/** The network's input, as the source of a node. */
export const INPUT = -1;

const RGB_CHANNELS = 3;
/** Names of the first layer and, in a network of one channel, of what normalizes the colours of which it makes luminance. */
const FIRST = "0";
const COLOURS = "0.colours";

/** One operation of a network, with its place, shapes and parameters. */
export interface GraphNode<O extends Operation = Operation> {
  /** The layer's path in the tree, such as `3.body.0`; parameters are named after it. */
  readonly name: string;
  readonly operation: O;
  /** Indices of the nodes whose outputs this one reads, or -1 for the network's input. */
  readonly inputs: readonly number[];
  readonly inputShapes: readonly Shape[];
  readonly shape: Shape;
  readonly parameters: readonly ParameterSpec[];
  /** It computes in training as in evaluation, and none of its parameters is trainable. */
  readonly frozen: boolean;
}

/** A network that was checked and written out, in the order in which it is computed. */
export interface Graph {
  readonly network: Network;
  /** [channels, height, width]; three channels where bytes are read, of which a network of one channel makes luminance. */
  readonly inputShape: Shape;
  /** `uint8`: rows of RGB bytes (height, width, channels). `float32`: (channels, height, width). */
  readonly inputType: "uint8" | "float32";
  readonly nodes: readonly GraphNode[];
  /** Number of logits: the last node's only dimension. */
  readonly classes: number;
  readonly parameters: readonly ParameterSpec[];
}

/** A layer's place as JavaScript and JSON have it: `layers[3].body[0]` for `3.body.0`. */
export const placeOf = (name: string): string =>
  `layers.${name}`.replace(/\.(\d+)/g, "[$1]").replace(/\.(?:depth|colours)$/, "");

/** Refuses a map or a parameter that no engine could hold. */
function refuseTooLarge(kind: string, what: string, shape: Shape): void {
  const values = elements(shape);
  if (values > mostValues) {
    throw new NetworkError(
      `${kind}: ${what} of ${formatShape(shape)} has ${values} values, and the most is ${mostValues}`,
    );
  }
}

/** Programs without types give lists of layers, input shapes and functions that nobody called. */
function refuseOtherForms(network: Network): void {
  const form = "{ name, input: { channels: 3, height, width }, layers: [normalize(), ...] }";
  const { input, layers } = network as Partial<Network>;
  if (!Array.isArray(layers))
    throw new NetworkError(`expected a network ${form}, got ${valueInWords(layers ?? network)}`);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new NetworkError(
      `network "${network.name}": input: expected { channels, height, width }, got ${valueInWords(input)}`,
    );
  }
  layers.forEach((layer: unknown, index) => {
    if (typeof layer === "object" && layer !== null && "kind" in layer) return;
    const cure = typeof layer === "function" ? "; call it, as in relu()" : "";
    throw new NetworkError(
      `network "${network.name}": layers[${index}]: expected a layer, such as relu(), got ${valueInWords(layer)}${cure}`,
    );
  });
}

/**
 * Checks a network and writes it out. Throws {@link NetworkError}, which names the layer that does not fit by its path, such as
 * `network "mine": layers[3].body[0]: conv2d: expected …, got …`.
 */
export function buildGraph(network: Network): Graph {
  refuseOtherForms(network);
  const fault = boundsFault(network.layers);
  if (fault !== undefined) throw new NetworkError(`network "${network.name}": ${fault}`);
  const { channels, height, width } = network.input;
  const readsLuminance = channels === 1 && network.layers[0]?.kind === "normalize";
  const inputShape: Shape = [readsLuminance ? RGB_CHANNELS : channels, height, width];
  if (!inputShape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new NetworkError(`network "${network.name}": expected a positive input size, got ${formatShape(inputShape)}`);
  }
  const frozenLayers = checkFrozen(network);
  const initialization = checkInitialization(network);
  const nodes: GraphNode[] = [];
  const shapeOf = (source: number): Shape => (source === INPUT ? inputShape : nodes[source]!.shape);

  const append = (name: string, layer: Unplaced, inputs: readonly number[]): number => {
    // A path begins with the index of the network's own layer.
    const frozen = Number.parseInt(name, 10) < frozenLayers;
    const inputShapes = inputs.map(shapeOf);
    try {
      const operation = operationOf(layer, inputShapes[0]!);
      if (operation.kind === "normalize" && !(name === FIRST || name === COLOURS)) {
        throw new NetworkError("normalize: only the first layer of a network can normalize");
      }
      const shape = outputShape(operation, inputShapes);
      const specs = parametersOf(name, operation, inputShapes, initialization);
      refuseTooLarge(operation.kind, "a map", shape);
      for (const spec of specs) refuseTooLarge(operation.kind, spec.name.slice(name.length + 1), spec.shape);
      const parameters = frozen ? specs.map((spec) => ({ ...spec, trainable: false })) : specs;
      nodes.push({ name, operation, inputs, inputShapes, shape, parameters, frozen });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      throw new NetworkError(`network "${network.name}": ${placeOf(name)}: ${error.message}`, { cause: error });
    }
    return nodes.length - 1;
  };

  const appendAll = (layers: readonly Layer[], prefix: string, from: number): number => {
    let source = from;
    layers.forEach((layer, index) => {
      const name = `${prefix}${index}`;
      if (layer.kind === "residual") {
        const whole = appendAll(layer.body, `${name}.body.`, source);
        const { stochasticDepth: rate } = layer;
        const body = rate === 0 ? whole : append(`${name}.depth`, { kind: "dropout", rate, per: "image" }, [whole]);
        const shortcut = appendAll(layer.shortcut, `${name}.shortcut.`, source);
        source = append(name, { kind: "add" }, [body, shortcut]);
      } else if (layer.kind === "gate") {
        source = append(name, { kind: "multiply" }, [source, appendAll(layer.body, `${name}.body.`, source)]);
      } else if (layer.kind === "concatenate") {
        const ends = layer.branches.map((branch, i) => appendAll(branch, `${name}.branches.${i}.`, source));
        source = append(name, { kind: "join" }, ends);
      } else if (layer.kind === "normalize" && readsLuminance && name === FIRST) {
        source = append(name, { kind: "luminance" }, [append(COLOURS, ofColours(layer), [source])]);
      } else {
        source = append(name, layer, [source]);
      }
    });
    return source;
  };

  const output = appendAll(network.layers, "", INPUT);
  const shape = shapeOf(output);
  if (output === INPUT || shape.length !== 1) {
    throw new NetworkError(
      `network "${network.name}": expected a last layer that gives one logit per class, got ${formatShape(shape)}`,
    );
  }
  const parameters = nodes.flatMap((node) => node.parameters);
  const count = parameters.reduce((sum, { shape }) => sum + elements(shape), 0);
  if (count > mostParameters) {
    throw new NetworkError(`network "${network.name}": ${count} parameters, and the most is ${mostParameters}`);
  }
  if (frozenLayers > 0 && !parameters.some(({ trainable }) => trainable)) {
    throw new NetworkError(`network "${network.name}": frozen: ${frozenLayers} leaves nothing to train; take fewer`);
  }
  return {
    network,
    inputShape,
    inputType: network.layers[0]?.kind === "normalize" ? "uint8" : "float32",
    nodes,
    classes: elements(shape),
    parameters,
  };
}

/** Luminance of normalized colours is normalized luminance where all are normalized alike, as its weights sum to 1. */
const ofColours = ({ kind, mean, standardDeviation }: Normalize): Normalize => {
  const each = (values: readonly number[]) =>
    values.length === 1 ? new Array<number>(RGB_CHANNELS).fill(values[0]!) : values;
  return { kind, mean: each(mean), standardDeviation: each(standardDeviation) };
};

function checkFrozen({ name, layers, frozen = 0 }: Network): number {
  if (Number.isInteger(frozen) && frozen >= 0 && frozen <= layers.length) return frozen;
  throw new NetworkError(
    `network "${name}": frozen: expected a whole number of layers from 0 to ${layers.length}, got ${frozen}`,
  );
}

function checkInitialization({ name, initialization }: Network): Network["initialization"] {
  try {
    return initialization && checkedInitialization(initialization);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new NetworkError(`network "${name}": ${error.message}`, { cause: error });
  }
}

/** One line per operation: name, kind, output shape and number of parameters, and whether it is frozen. */
export const printGraph = (graph: Graph): string =>
  graph.nodes
    .map((node) => {
      const count = node.parameters.reduce((sum, parameter) => sum + elements(parameter.shape), 0);
      const columns = [node.name.padEnd(18), node.operation.kind.padEnd(18), formatShape(node.shape).padEnd(14), count];
      if (node.frozen) columns.push("frozen");
      return columns.join(" ");
    })
    .join("\n");
