/** xxHash32 against its published values, wherever the bytes lie. */
import { expect, it } from "vitest";
import { xxHash32 } from "./xxhash.ts";

const letters = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  ["", 0x02cc5d05],
  ["a", 0x550d7456],
  ["abc", 0x32d153ff],
  ["Nobody inspects the spammish repetition", 0xe2293b2f],
])("of '%s'", (text, expected) => {
  expect(xxHash32(letters(text))).toBe(expected);
});

it("is the same at every address, and another one for every byte that changes", () => {
  const bytes = Uint8Array.from({ length: 75 }, (_, i) => i * 37);
  const expected = xxHash32(bytes);
  const seen = new Set([expected]);
  for (const offset of [1, 2, 3, 4, 5]) {
    const moved = new Uint8Array(100).subarray(offset, offset + bytes.length);
    moved.set(bytes);
    expect(xxHash32(moved)).toBe(expected);
  }
  for (let i = 0; i < bytes.length; i++) {
    for (const bit of [0x01, 0x80]) {
      const changed = bytes.slice();
      changed[i]! ^= bit;
      seen.add(xxHash32(changed));
    }
  }
  expect(seen.size).toBe(1 + 2 * bytes.length);
});
