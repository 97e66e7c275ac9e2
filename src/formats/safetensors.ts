/** Reads and writes safetensors: a header length (u64, little-endian), a JSON header, then the tensors' bytes. */
import type { FloatArray, Tensor, Tensors } from "../tensor.ts";
import { elements } from "../tensor.ts";

/** Bytes that are no valid safetensors file; the message says what is wrong, not where the bytes came from. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
}

/** What a safetensors file holds: tensors by name, and text by key. */
export interface SafetensorsContent {
  readonly tensors: Tensors;
  readonly metadata: Readonly<Record<string, string>>;
}

const types = {
  F64: { bytes: 8, make: (buffer: ArrayBuffer): FloatArray => new Float64Array(buffer) },
  F32: { bytes: 4, make: (buffer: ArrayBuffer): FloatArray => new Float32Array(buffer) },
} as const;

type TypeName = keyof typeof types;

interface Entry {
  readonly dtype: TypeName;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/** The published limit on the header. */
const headerLimit = 100_000_000;
const lengthBytes = 8;
const alignment = 8;

const typeOf = (tensor: Tensor): TypeName => (tensor.data instanceof Float64Array ? "F64" : "F32");

const bytesOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * The file's bytes in pieces: the first is length and header, each other one a view of a tensor. The tensors' bytes
 * start at a multiple of 8 and wider types come first, so that all of them are aligned.
 */
export function safetensorsChunks({ tensors, metadata }: SafetensorsContent): Uint8Array[] {
  const sorted = [...tensors].sort(([, a], [, b]) => types[typeOf(b)].bytes - types[typeOf(a)].bytes);
  const header: [name: string, entry: Entry | typeof metadata][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const [name, tensor] of sorted) {
    if (name === "__metadata__") throw new SafetensorsError("a tensor cannot be named __metadata__");
    const end = offset + tensor.data.byteLength;
    header.push([name, { dtype: typeOf(tensor), shape: tensor.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(text.length / alignment) * alignment;
  const head = new Uint8Array(lengthBytes + padded).fill(" ".charCodeAt(0));
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, lengthBytes);
  return [head, ...sorted.map(([, tensor]) => bytesOf(tensor))];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function entryOf(name: string, value: unknown): Entry {
  const refuse = (what: string): never => {
    throw new SafetensorsError(`tensor ${name}: ${what}`);
  };
  if (!isObject(value)) return refuse("its entry is no object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(types, dtype)) {
    return refuse(`expected the type F32 or F64, got ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) return refuse("its shape is no list of whole numbers");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    return refuse("its data_offsets are no pair of whole numbers");
  }
  const [begin, end] = offsets as [number, number];
  const type = dtype as TypeName;
  if (end - begin !== elements(shape) * types[type].bytes) {
    return refuse(`${end - begin} bytes do not hold the shape [${shape.join(", ")}] of ${type}`);
  }
  return { dtype: type, shape, data_offsets: [begin, end] };
}

/** The bytes of the header, length included. Throws {@link SafetensorsError} where the file is too short for it. */
export function safetensorsHeader(bytes: Uint8Array): Uint8Array {
  if (bytes.length < lengthBytes) throw new SafetensorsError(`${bytes.length} bytes are too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > headerLimit) throw new SafetensorsError(`a header of ${length} bytes is above the format's limit`);
  const end = lengthBytes + Number(length);
  if (end > bytes.length) {
    throw new SafetensorsError(`the header should end at byte ${end}, the file has ${bytes.length}`);
  }
  return bytes.subarray(0, end);
}

/** Reads a whole file, strictly: every byte must belong to the header or to exactly one tensor. */
export function readSafetensors(bytes: Uint8Array): SafetensorsContent {
  const head = safetensorsHeader(bytes);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(head.subarray(lengthBytes)));
  } catch (error) {
    throw new SafetensorsError("the header is no JSON", { cause: error });
  }
  if (!isObject(header)) throw new SafetensorsError("the header is no JSON object");
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new SafetensorsError("__metadata__ is no object of strings");
  }
  const entries = Object.entries(rest).map(([name, value]) => [name, entryOf(name, value)] as const);
  const data = bytes.subarray(head.length);
  let covered = 0;
  for (const [name, { data_offsets: offsets }] of entries.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    if (offsets[0] !== covered)
      throw new SafetensorsError(`tensor ${name}: expected it at ${covered}, not ${offsets[0]}`);
    covered = offsets[1];
  }
  if (covered !== data.length) {
    throw new SafetensorsError(`expected ${covered} bytes of tensors, the file has ${data.length}`);
  }
  const tensors = new Map(
    entries.map(([name, { dtype, shape, data_offsets: offsets }]) => {
      const copy = new Uint8Array(data.subarray(...offsets));
      return [name, { shape, data: types[dtype].make(copy.buffer) }];
    }),
  );
  return { tensors, metadata: metadata as Readonly<Record<string, string>> };
}
