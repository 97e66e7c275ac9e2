/** The safetensors format: round trips, the published layout, and refusal of everything else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor.ts";
import { readSafetensors, SafetensorsError, safetensorsChunks } from "./safetensors.ts";

const file = (header: unknown, data = new Uint8Array()): Uint8Array => {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
};

const tensor = fc.array(fc.nat(4), { maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return fc.oneof(
    fc.float32Array({ minLength: size, maxLength: size }).map((data): Tensor => ({ shape, data })),
    fc.float64Array({ minLength: size, maxLength: size }).map((data): Tensor => ({ shape, data })),
  );
});

const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString"));

const content = fc.record({
  tensors: fc.array(fc.tuple(name, tensor)).map((entries) => new Map(entries)),
  metadata: fc.array(fc.tuple(name, fc.string())).map((entries) => Object.fromEntries(entries)),
});

describe("safetensors", () => {
  it("gives back what was written", () => {
    fc.assert(
      fc.property(content, ({ tensors, metadata }) => {
        const read = readSafetensors(Buffer.concat(safetensorsChunks({ tensors, metadata })));
        expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata));
        expect(new Map(read.tensors)).toEqual(tensors);
      }),
    );
  });

  it("is laid out as published", () => {
    const data = new Float32Array([1, -2, 0.5]);
    const bytes = Buffer.concat(
      safetensorsChunks({ tensors: new Map([["w", { shape: [3, 1], data }]]), metadata: { a: "b" } }),
    );
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
      __metadata__: { a: "b" },
      w: { dtype: "F32", shape: [3, 1], data_offsets: [0, 12] },
    });
    expect(bytes.subarray(8 + length)).toEqual(Buffer.from(data.buffer));
  });

  it("reads a file with another order and unaligned tensors", () => {
    const header = {
      b: { dtype: "F32", shape: [1], data_offsets: [8, 12] },
      a: { dtype: "F64", shape: [], data_offsets: [0, 8] },
    };
    const bytes = file(
      `${JSON.stringify(header)} `,
      new Uint8Array([...Buffer.from(new Float64Array([3]).buffer), 0, 0, 128, 63]),
    );
    const { tensors } = readSafetensors(bytes);
    expect([...tensors.get("a")!.data, ...tensors.get("b")!.data]).toEqual([3, 1]);
  });

  const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /0 bytes are too few/],
    ["a short length", new Uint8Array(7), /7 bytes are too few/],
    ["a huge header", new Uint8Array(16).fill(255), /above the format's limit/],
    ["a header cut off", file({ a: one }).subarray(0, 20), /should end at byte/],
    ["no JSON", file("{a"), /no JSON/],
    ["no object", file([1]), /no JSON object/],
    ["invalid UTF-8", Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0xff])]), /no JSON/],
    ["metadata that are no strings", file({ __metadata__: { a: 1 } }), /no object of strings/],
    [
      "an unknown type",
      file({ a: { ...one, dtype: "I8" } }, new Uint8Array(4)),
      /tensor a: expected the type F32 or F64, got "I8"/,
    ],
    ["a type from the prototype", file({ a: { ...one, dtype: "toString" } }), /expected the type F32/],
    ["a negative shape", file({ a: { ...one, shape: [-1] } }), /its shape/],
    ["a fractional offset", file({ a: { ...one, data_offsets: [0, 0.5] } }), /data_offsets/],
    [
      "a shape of other size",
      file({ a: { ...one, shape: [2] } }, new Uint8Array(4)),
      /4 bytes do not hold the shape \[2\]/,
    ],
    ["tensors cut off", file({ a: one }, new Uint8Array(3)), /expected 4 bytes of tensors, the file has 3/],
    ["bytes left over", file({ a: one }, new Uint8Array(5)), /expected 4 bytes of tensors, the file has 5/],
    ["a hole", file({ a: { ...one, data_offsets: [4, 8] } }, new Uint8Array(8)), /expected it at 0, not 4/],
    ["an overlap", file({ a: one, b: one }, new Uint8Array(4)), /expected it at 4, not 0/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(SafetensorsError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });
});
