/** Protocol Buffers' wire format, as much of it as ONNX and event files need: writing messages and reading their fields. */
// https://protobuf.dev/programming-guides/encoding/: a message is a sequence of (tag, value); a tag is number << 3 | wire type.

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Bytes that are no protocol buffer message; the message says at which offset. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** The bytes of one or more fields; a message is any number of fields, one after another. */
export type Fields = Uint8Array;

/** Whole numbers of up to 64 bits, 7 bits a byte, lowest first; negative ones in two's complement. */
function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, wireType: number): Uint8Array => varint(field * 8 + wireType);

/** One message out of its fields. */
export function message(...fields: readonly Fields[]): Fields {
  const bytes = new Uint8Array(fields.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of fields) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A field of type int32, int64, uint32, uint64, bool or enum. */
export const intField = (field: number, value: number | bigint): Fields => message(tag(field, VARINT), varint(value));

/** A field of type float. */
export function floatField(field: number, value: number): Fields {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(tag(field, FIXED32), bytes);
}

/** A field of type double. */
export function doubleField(field: number, value: number): Fields {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return message(tag(field, FIXED64), bytes);
}

/** A field of type bytes, or an embedded message. */
export const bytesField = (field: number, bytes: Uint8Array): Fields =>
  message(tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes);

/** A field of type string, in UTF-8. */
export const stringField = (field: number, text: string): Fields => bytesField(field, new TextEncoder().encode(text));

/** Whole numbers as `bigint` (unsigned), everything else as its bytes. */
export interface ReadField {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

/** The fields of a message in their order, without copying; throws {@link ProtobufError} where the bytes are no message. */
export function* readFields(bytes: Uint8Array): Generator<ReadField> {
  let offset = 0;
  const readVarint = (): bigint => {
    const start = offset;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset++];
      if (byte === undefined) throw new ProtobufError(`byte ${start}: the message ends within a number`);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError(`byte ${start}: a number of more than 64 bits`);
  };
  const readBytes = (length: number): Uint8Array => {
    if (length > bytes.length - offset) throw new ProtobufError(`byte ${offset}: the message ends within a field`);
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  while (offset < bytes.length) {
    const start = offset;
    const key = readVarint();
    const field = Number(key >> 3n);
    const wireType = Number(key & 7n);
    if (field === 0) throw new ProtobufError(`byte ${start}: field number 0`);
    if (wireType === VARINT) yield { field, value: readVarint() };
    else if (wireType === FIXED64) yield { field, value: readBytes(8) };
    else if (wireType === LENGTH_DELIMITED) yield { field, value: readBytes(Number(readVarint())) };
    else if (wireType === FIXED32) yield { field, value: readBytes(4) };
    else throw new ProtobufError(`byte ${start}: unknown wire type ${wireType}`);
  }
}
