/** The checksum tells a model file as it was written from one with any other bytes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesField, readFields } from "../formats/protobuf.ts";
import { checksumFits, withChecksum } from "./checksum.ts";

const content = bytesField(
  7,
  Uint8Array.from({ length: 300 }, (_, i) => i),
);
const file = withChecksum(content);

describe("checksum", () => {
  it("fits the file as it was written, and adds one metadata entry to it", () => {
    expect(checksumFits(file)).toBe(true);
    expect([...readFields(file)].map(({ field }) => field)).toEqual([7, 14]);
  });

  it("fits no file with another byte anywhere", () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (place, difference) => {
        const changed = file.slice();
        changed[place]! ^= difference;
        expect(checksumFits(changed)).toBe(false);
      }),
    );
  });

  it("fits no shorter or longer file, and none without a checksum", () => {
    for (let length = 0; length < file.length; length++) expect(checksumFits(file.subarray(0, length))).toBe(false);
    expect(checksumFits(Uint8Array.of(...file, 0))).toBe(false);
    expect(checksumFits(content)).toBe(false);
  });
});
