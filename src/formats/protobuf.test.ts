/** The wire format against the examples of its documentation, and reading back what was written. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesField, floatField, intField, message, ProtobufError, readFields, stringField } from "./protobuf.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

describe("writing", () => {
  // https://protobuf.dev/programming-guides/encoding/
  it("gives the bytes of the documentation's examples", () => {
    expect(hex(intField(1, 150))).toBe("089601");
    expect(hex(stringField(2, "testing"))).toBe("120774657374696e67");
    expect(hex(bytesField(3, intField(1, 150)))).toBe("1a03089601");
    expect(hex(message(stringField(4, "hello"), intField(6, 1), intField(6, 2), intField(6, 3)))).toBe(
      "220568656c6c6f300130023003",
    );
    expect(hex(intField(1, -2))).toBe("08feffffffffffffffff01");
  });

  it("writes floats in little-endian order", () => {
    expect(hex(floatField(2, 1))).toBe("150000803f");
  });

  it("takes two bytes for the tag of field 16 and above", () => {
    expect(hex(intField(16, 0))).toBe("800100");
  });
});

describe("reading", () => {
  const field = fc.integer({ min: 1, max: 2 ** 29 - 1 });

  it("gives back whole numbers and bytes of any size", () => {
    fc.assert(
      fc.property(
        field,
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        field,
        fc.uint8Array({ maxLength: 300 }),
        (first, number, second, bytes) => {
          const written = message(intField(first, number), bytesField(second, bytes));
          expect([...readFields(written)]).toEqual([
            { field: first, value: number },
            { field: second, value: bytes },
          ]);
        },
      ),
    );
  });

  it("reads past fields of 4 and 8 bytes", () => {
    const fixed64 = bytesOf("090102030405060708");
    expect([...readFields(message(fixed64, floatField(2, 1), intField(3, 4)))]).toEqual([
      { field: 1, value: bytesOf("0102030405060708") },
      { field: 2, value: bytesOf("0000803f") },
      { field: 3, value: 4n },
    ]);
  });

  it.each([
    ["a number that is cut off", "0896", "byte 1: the message ends within a number"],
    ["bytes that are cut off", "12077465", "byte 2: the message ends within a field"],
    ["a float that is cut off", "150000", "byte 1: the message ends within a field"],
    ["an unknown wire type", "0b", "byte 0: unknown wire type 3"],
    ["field number 0", "0001", "byte 0: field number 0"],
    ["a number of too many bytes", "08ffffffffffffffffffff01", "byte 1: a number of more than 64 bits"],
  ])("refuses %s", (_, bytes, reason) => {
    expect(() => [...readFields(bytesOf(bytes))]).toThrow(new ProtobufError(reason));
  });

  it("ends with an error or with fields, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          for (const { field: number } of readFields(bytes)) expect(number).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
    );
  });
});
