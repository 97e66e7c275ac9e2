/** SHA-256 in plain TypeScript against the examples of FIPS 180-4 and Node's own, over all lengths around a block. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexadecimal, sha256 } from "./sha256.ts";

const nodes = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("sha256", () => {
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
  ])("of %j", (text, expected) => {
    expect(hexadecimal(sha256(new TextEncoder().encode(text)))).toBe(expected);
  });

  it("is Node's for every length up to three blocks", () => {
    for (let length = 0; length <= 192; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
      expect(hexadecimal(sha256(bytes)), `${length} bytes`).toBe(nodes(bytes));
    }
  });

  it("is Node's for any bytes, wherever they lie in their buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(70), (bytes, from) => {
        const part = bytes.subarray(from);
        expect(hexadecimal(sha256(part))).toBe(nodes(part));
      }),
    );
  });
});
