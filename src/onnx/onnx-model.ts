/** A trained network as an ONNX file that any ONNX Runtime executes: preprocessing, network, softmax and metadata in one. */

import { NetworkError } from "../errors.ts";
import { type Graph, INPUT } from "../network/graph.ts";
import { addWeights, weightShape } from "../network/harmonics.ts";
import { parseNetwork } from "../network/json/parse-network.ts";
import type { Network } from "../network/layer.ts";
import { formatShape } from "../network/shape.ts";
import { elements, isFiniteTensor, type Tensors } from "../tensor.ts";
import { withChecksum } from "./checksum.ts";
import { lower } from "./lowering.ts";
import { INTENDED_USE, type ModelMetadata, metadataEntries, PRODUCER, type StoredMetadata } from "./model-metadata.ts";
import { type Initializer, type OnnxNode, onnxFile, type Value } from "./onnx-format.ts";

export type { ModelMetadata } from "./model-metadata.ts";

/** Names of the model's input and outputs. */
export const tensorNames = { images: "images", logits: "logits", probabilities: "probabilities" } as const;

/** The dimension that the caller chooses. */
const BATCH = "batch";

function imagesInput({ inputShape, inputType }: Graph): Value {
  const [channels, height, width] = inputShape as readonly [number, number, number];
  return inputType === "uint8"
    ? {
        name: tensorNames.images,
        type: "uint8",
        shape: [BATCH, height, width, channels],
        description: "sRGB bytes: image, row, column, channel (red, green, blue)",
      }
    : {
        name: tensorNames.images,
        type: "float32",
        shape: [BATCH, channels, height, width],
        description: "image, channel, row, column",
      };
}

function storedParameters(graph: Graph, parameters: Tensors): Initializer[] {
  return graph.parameters.map(({ name, shape, harmonics }) => {
    const tensor = parameters.get(name);
    if (tensor === undefined) throw new NetworkError(`model.onnx: the parameter ${name} is missing`);
    if (formatShape(tensor.shape) !== formatShape(shape) || tensor.data.length !== elements(shape)) {
      throw new NetworkError(
        `model.onnx: parameter ${name}: expected shape ${formatShape(shape)}, ` +
          `got ${formatShape(tensor.shape)} with ${tensor.data.length} values`,
      );
    }
    if (!isFiniteTensor(tensor)) {
      throw new NetworkError(`model.onnx: the parameter ${name} holds what is no finite number; train again`);
    }
    if (harmonics === undefined) return { name, shape, data: tensor.data };
    const weights = weightShape(harmonics, shape);
    return { name, shape: weights, data: addWeights(harmonics, tensor.data, new Float64Array(elements(weights))) };
  });
}

/**
 * The bytes of an ONNX file (operator set 17) with float32 weights.
 *
 * Input `images`: uint8 (batch, height, width, 3), raw sRGB bytes, for networks that begin with `normalize`; otherwise float32
 * (batch, channels, height, width). The batch is free. Outputs `probabilities` and `logits`: float32 (batch, classes), in the order
 * of `metadata.classes`; the logits are divided by `metadata.temperature` on their way to the softmax, and given as they were. Nodes and
 * tensors are named after the network's layers. The same arguments give the same bytes; the last metadata entry is the checksum of
 * all that stands before it.
 *
 * Throws {@link NetworkError} where a parameter is missing, not finite or of another shape, or the class names are not as many as the logits.
 */
export function onnxModel(graph: Graph, parameters: Tensors, metadata: ModelMetadata): Uint8Array {
  if (metadata.classes.length !== graph.classes) {
    throw new NetworkError(`model.onnx: expected ${graph.classes} class names, got ${metadata.classes.length}`);
  }
  const nodes: OnnxNode[] = [];
  const initializers = storedParameters(graph, parameters);
  const results: string[] = [];
  const tensorOf = (source: number): string => (source === INPUT ? tensorNames.images : results[source]!);
  for (const node of graph.nodes) {
    const lowered = lower(node, node.inputs.map(tensorOf));
    nodes.push(...lowered.nodes);
    initializers.push(...(lowered.constants ?? []));
    results.push(lowered.output);
  }
  const { logits, probabilities } = tensorNames;
  const { temperature = 1 } = metadata;
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new NetworkError(`model.onnx: expected a temperature above 0, got ${temperature}`);
  }
  nodes.push({ name: logits, operator: "Identity", inputs: [results.at(-1)!], outputs: [logits] });
  let tempered: string = logits;
  if (temperature !== 1) {
    tempered = `${probabilities}/tempered`;
    const divisor = `${probabilities}/temperature`;
    initializers.push({ name: divisor, shape: [1], data: [temperature] });
    nodes.push({ name: tempered, operator: "Div", inputs: [logits, divisor], outputs: [tempered] });
  }
  nodes.push({
    name: probabilities,
    operator: "Softmax",
    inputs: [tempered],
    outputs: [probabilities],
    attributes: { axis: 1 },
  });
  const perClass = (name: string, description: string): Value => ({
    name,
    type: "float32",
    shape: [BATCH, graph.classes],
    description,
  });
  const [, imageHeight, imageWidth] = graph.inputShape as readonly [number, number, number];
  const file = onnxFile({
    producer: PRODUCER,
    producerVersion: metadata.version,
    graphName: metadata.network,
    nodes,
    initializers,
    inputs: [imagesInput(graph)],
    outputs: [
      perClass(probabilities, "one row per image that sums to 1, in the order of the class names"),
      perClass(logits, "what the softmax makes the probabilities of"),
    ],
    metadata: metadataEntries({
      geometry: "squash",
      resampling: "cubic",
      ...metadata,
      temperature,
      imageHeight,
      imageWidth,
      intendedUse: INTENDED_USE,
      ...storedArchitecture(graph.network),
    }),
  });
  return withChecksum(file);
}

/** The network, where its JSON can be read back: a graph that reads no images of 3 channels or 1 is none that naevus opens. */
function storedArchitecture(network: Network): Pick<StoredMetadata, "architecture"> {
  try {
    return { architecture: parseNetwork(network) };
  } catch (error) {
    if (error instanceof NetworkError) return {};
    throw error;
  }
}
