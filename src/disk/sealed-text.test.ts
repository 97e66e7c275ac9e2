/** Sealed text comes back as it was, or not at all. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { seal, unseal } from "./sealed-text.ts";

it("comes back, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(unseal(seal(text))).toBe(text);
    }),
  );
});

it("does not with a letter changed, added or left out, nor without its checksum", () => {
  const sealed = seal('{"a":1,\n"b":2}');
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === "0" ? "1" : "0";
    expect(unseal(sealed.slice(0, at) + other + sealed.slice(at + 1))).toBe(undefined);
    expect(unseal(sealed.slice(0, at) + sealed.slice(at + 1))).toBe(undefined);
    expect(unseal(sealed.slice(0, at))).toBe(undefined);
  }
  expect(unseal(`${sealed}\n`)).toBe(undefined);
  expect(unseal("{}")).toBe(undefined);
  expect(unseal("")).toBe(undefined);
});
