/** The order of names, against the order of their UTF-8 bytes, which is that of the code points. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { byCodePoint } from "./code-point-order.ts";

test("upper case before lower case, astral characters after all others", () => {
  const names = ["é", "b", "\u{1f600}", "a10", "B", "\uffee", "a2", ""];
  expect(names.sort(byCodePoint)).toEqual(["", "B", "a10", "a2", "b", "é", "\uffee", "\u{1f600}"]);
});

test("agrees with the order of UTF-8 bytes", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "B", "\u00e9", "\uffee", "\u{1f600}", "\u{1f601}", "\u{10ffff}"),
  });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(byCodePoint(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
