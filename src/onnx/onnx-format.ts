/** ONNX's messages, as bytes: field and type numbers from onnx.proto, https://github.com/onnx/onnx (IR version 8). */
import {
  bytesField,
  type Fields,
  floatField,
  intField,
  message,
  readFields,
  stringField,
} from "../formats/protobuf.ts";

/** IR version 8 and operator set 17 belong together (ONNX 1.12, 2022). */
const IR_VERSION = 8;
const OPERATOR_SET = 17;

/** TensorProto.DataType: the numbers by which ONNX calls its element types. */
export const elementTypes = { float32: 1, uint8: 2 } as const;

/** AttributeProto.AttributeType */
const attributeTypes = { float: 1, int: 2, ints: 7 } as const;

/** What distinguishes one use of an operator from another; floats are marked, for a whole number can be either. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** One operation of an ONNX graph. */
export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** Names of tensors. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A float32 constant. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  /** As many values as the shape holds, row-major. */
  readonly data: ArrayLike<number>;
}

/** An input or output of the model; named dimensions are free. */
export interface Value {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  readonly shape: readonly (number | string)[];
  readonly description: string;
}

/** An ONNX file before it is written as bytes. */
export interface OnnxFile {
  readonly producer: string;
  readonly producerVersion: string;
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Written in this order. */
  readonly metadata: Readonly<Record<string, string>>;
}

function attributeMessage(name: string, value: Attribute): Fields {
  if (typeof value === "number") {
    return message(stringField(1, name), intField(3, value), intField(20, attributeTypes.int));
  }
  if ("float" in value) {
    return message(stringField(1, name), floatField(2, value.float), intField(20, attributeTypes.float));
  }
  return message(stringField(1, name), ...value.map((item) => intField(8, item)), intField(20, attributeTypes.ints));
}

const nodeMessage = ({ name, operator, inputs, outputs, attributes = {} }: OnnxNode): Fields =>
  message(
    ...inputs.map((input) => stringField(1, input)),
    ...outputs.map((output) => stringField(2, output)),
    stringField(3, name),
    stringField(4, operator),
    ...Object.entries(attributes).map(([key, value]) => bytesField(5, attributeMessage(key, value))),
  );

function initializerMessage({ name, shape, data }: Initializer): Fields {
  // The format is little-endian whatever the machine.
  const raw = new Uint8Array(data.length * 4);
  const view = new DataView(raw.buffer);
  for (let i = 0; i < data.length; i++) view.setFloat32(i * 4, data[i]!, true);
  return message(
    ...shape.map((size) => intField(1, size)),
    intField(2, elementTypes.float32),
    stringField(8, name),
    bytesField(9, raw),
  );
}

function valueMessage({ name, type, shape, description }: Value): Fields {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === "number" ? intField(1, size) : stringField(2, size)),
  );
  const tensorType = message(intField(1, elementTypes[type]), bytesField(2, message(...dimensions)));
  return message(stringField(1, name), bytesField(2, bytesField(1, tensorType)), stringField(3, description));
}

/** The file's bytes: the same content gives the same bytes. */
export function onnxFile(file: OnnxFile): Uint8Array {
  const graph = message(
    ...file.nodes.map((node) => bytesField(1, nodeMessage(node))),
    stringField(2, file.graphName),
    ...file.initializers.map((initializer) => bytesField(5, initializerMessage(initializer))),
    ...file.inputs.map((value) => bytesField(11, valueMessage(value))),
    ...file.outputs.map((value) => bytesField(12, valueMessage(value))),
  );
  return message(
    intField(1, IR_VERSION),
    stringField(2, file.producer),
    stringField(3, file.producerVersion),
    bytesField(7, graph),
    bytesField(8, message(stringField(1, ""), intField(2, OPERATOR_SET))),
    ...Object.entries(file.metadata).map(([key, value]) =>
      bytesField(14, message(stringField(1, key), stringField(2, value))),
    ),
  );
}

/** Fields of a message by their numbers, with those of the messages in them that are looked into. */
type Known = ReadonlyMap<number, Known | undefined>;

const scalars = (...fields: readonly number[]): readonly (readonly [number, undefined])[] =>
  fields.map((field) => [field, undefined]);

/** The fields that {@link onnxFile} writes; inputs, outputs, operator sets and metadata hold texts and numbers alone. */
const written: Known = new Map<number, Known | undefined>([
  ...scalars(1, 2, 3, 8, 14),
  [
    7,
    new Map<number, Known | undefined>([
      ...scalars(2, 11, 12),
      [1, new Map<number, Known | undefined>([...scalars(1, 2, 3, 4), [5, new Map(scalars(1, 2, 3, 8, 20))]])],
      [5, new Map(scalars(1, 2, 8, 9))],
    ]),
  ],
]);

/**
 * Whether a file has only fields that {@link onnxFile} writes. Others name files, which a runtime reads in place of a tensor's values, or
 * hold functions and graphs within graphs.
 *
 * @throws ProtobufError where the bytes are no message
 */
export function hasKnownFieldsOnly(bytes: Uint8Array, known: Known = written): boolean {
  for (const { field, value } of readFields(bytes)) {
    if (!known.has(field)) return false;
    const within = known.get(field);
    if (within && !(value instanceof Uint8Array && hasKnownFieldsOnly(value, within))) return false;
  }
  return true;
}
