/** The network and its float32 weights, read back from a model file that naevus wrote. */
import { ModelError, NetworkError } from "../errors.ts";
import { ProtobufError, readFields } from "../formats/protobuf.ts";
import { networks } from "../network/architectures.ts";
import { buildGraph, type Graph } from "../network/graph.ts";
import { addCoefficients, weightShape } from "../network/harmonics.ts";
import type { Network } from "../network/layer.ts";
import { formatShape } from "../network/shape.ts";
import { elements, isFiniteTensor, type Tensor } from "../tensor.ts";
import { checksumFits } from "./checksum.ts";
import { readMetadata, type StoredMetadata } from "./model-metadata.ts";
import { elementTypes } from "./onnx-format.ts";

/** What a model file holds. */
export interface StoredModel {
  readonly metadata: StoredMetadata;
  readonly network: Network;
  /** By their names in the network's graph. */
  readonly parameters: ReadonlyMap<string, Tensor<Float32Array>>;
}

/** Fields of ModelProto, GraphProto and TensorProto in onnx.proto. */
const FIELDS = { graph: 7, initializer: 5, dims: 1, dataType: 2, name: 8, rawData: 9 } as const;

/** Constants that belong to an operation, and are no parameter, have a name with this in it. */
const ofOperation = "/";

const asBytes = (value: bigint | Uint8Array): Uint8Array => {
  if (typeof value === "bigint") throw new ProtobufError("a number where bytes are expected");
  return value;
};

function readTensor(bytes: Uint8Array): readonly [name: string, tensor: Tensor<Float32Array>] {
  const shape: number[] = [];
  let [name, raw] = ["", new Uint8Array()];
  let type: bigint | Uint8Array = 0n;
  for (const { field, value } of readFields(bytes)) {
    if (field === FIELDS.dims) shape.push(Number(value));
    if (field === FIELDS.dataType) type = value;
    if (field === FIELDS.name) name = new TextDecoder("utf-8", { fatal: true }).decode(asBytes(value));
    if (field === FIELDS.rawData) raw = asBytes(value) as Uint8Array<ArrayBuffer>;
  }
  if (type !== BigInt(elementTypes.float32)) throw new ModelError(`a model whose tensor "${name}" is not float32`);
  // Products of absurd sizes are no whole number that bytes could agree with.
  if (elements(shape) * 4 !== raw.length) {
    throw new ModelError(
      `a model whose tensor "${name}" of shape ${formatShape(shape)} has ${raw.length} bytes of values`,
    );
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = new Float32Array(raw.length / 4);
  for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(i * 4, true);
  return [name, { shape, data }];
}

function readTensors(bytes: Uint8Array): Map<string, Tensor<Float32Array>> {
  const tensors = new Map<string, Tensor<Float32Array>>();
  try {
    for (const { field, value } of readFields(bytes)) {
      if (field !== FIELDS.graph) continue;
      for (const { field: inGraph, value: content } of readFields(asBytes(value))) {
        if (inGraph !== FIELDS.initializer) continue;
        const [name, tensor] = readTensor(asBytes(content));
        if (tensors.has(name)) throw new ModelError(`a model with two tensors "${name}"`);
        tensors.set(name, tensor);
      }
    }
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError("no ONNX file, or one that is cut off", { cause });
  }
  return tensors;
}

/** The graph of the network in a file: the one that it stores, or for an earlier version's file the one of the name in it. */
function graphOf({ architecture, network, classes, imageHeight, imageWidth }: StoredMetadata): Graph {
  if (architecture !== undefined) return buildGraph(architecture);
  const isKnown = Object.hasOwn(networks, network) && imageHeight === imageWidth;
  if (!isKnown) {
    throw new ModelError(`a model of a network "${network}" that the file does not describe and naevus does not know`);
  }
  const named = networks[network as keyof typeof networks];
  return buildGraph(named({ classes: classes.length, imageSize: imageHeight }));
}

/**
 * Reads a model file whole. Throws {@link ModelError}, which says what is wrong but not of which file: no ONNX, not written by naevus, damaged
 * or changed since, or a network that the weights do not belong to.
 *
 * @param digest a faster SHA-256, where there is one
 */
export function readStoredModel(bytes: Uint8Array, digest?: (content: Uint8Array) => Uint8Array): StoredModel {
  const metadata = readMetadata(bytes);
  if (!checksumFits(bytes, digest)) {
    throw new ModelError("a damaged model, or one that another program changed: its checksum does not fit its content");
  }
  const tensors = readTensors(bytes);
  const graph = fittingGraph(metadata);
  const parameters = new Map(
    graph.parameters.map(({ name, shape: own, harmonics }) => {
      const shape = harmonics === undefined ? own : weightShape(harmonics, own);
      const tensor = tensors.get(name);
      const got = tensor === undefined ? "none" : formatShape(tensor.shape);
      if (tensor === undefined || got !== formatShape(shape)) {
        throw new ModelError(
          `a model whose weights are not those of its network "${graph.network.name}": expected ${name} of shape ` +
            `${formatShape(shape)}, got ${got}`,
        );
      }
      if (!isFiniteTensor(tensor))
        throw new ModelError(`a model whose parameter ${name} holds what is no finite number`);
      if (harmonics === undefined) return [name, tensor];
      const data = addCoefficients(harmonics, tensor.data, new Float64Array(elements(own)));
      return [name, { shape: own, data: Float32Array.from(data) }];
    }),
  );
  const other = [...tensors.keys()].find((name) => !parameters.has(name) && !name.includes(ofOperation));
  if (other !== undefined) {
    throw new ModelError(
      `a model whose weights are not those of its network "${graph.network.name}": it has no parameter ${other}`,
    );
  }
  return { metadata, network: graph.network, parameters };
}

function fittingGraph(metadata: StoredMetadata): Graph {
  const { classes, imageHeight, imageWidth } = metadata;
  let graph: Graph;
  try {
    graph = graphOf(metadata);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new ModelError(`a model whose network cannot be built: ${error.message}`, { cause: error });
  }
  const [, height, width] = graph.inputShape;
  if (graph.classes !== classes.length || height !== imageHeight || width !== imageWidth) {
    throw new ModelError(
      `a model for ${imageHeight}x${imageWidth} pixels and ${classes.length} classes whose network is for ${height}x${width} ` +
        `pixels and ${graph.classes} classes`,
    );
  }
  return graph;
}
