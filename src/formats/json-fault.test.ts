/** Where a text stops being JSON, as the engine's own parser sees it too. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

it("agrees with the engine on what is JSON", () => {
  const piece = fc.constantFrom(
    ...'{}[],:"\\ \n\t-+.0123eE'.split(""),
    ...["true", "null", '"a"', '"\\u00e9"', "1.5e-3", "\\n", "\\x", "\u0007", "\u0085", "\ud800", "NaN"],
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      (pieces) => (jsonFault(pieces.join("")) === undefined) === isJson(pieces.join("")),
    ),
    {
      numRuns: 5000,
    },
  );
  fc.assert(fc.property(fc.json(), (text) => jsonFault(text) === undefined));
});

it("names the first place that no JSON could go on from", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, at) => {
      const cut = text.slice(0, at % text.length);
      const fault = jsonFault(`${cut}\u0001`)!;
      // What ends there, but for a number's or a word's start, is whole.
      expect(Number(/column (\d+)/.exec(fault)![1])).toBeLessThanOrEqual(cut.length + 1);
    }),
  );
  expect(jsonFault('{"a": 1,\n "b" 2}')).toBe('no valid JSON: line 2, column 6: expected a colon, got "2"');
  expect(jsonFault('{"a": [1 2]}')).toBe('no valid JSON: line 1, column 10: expected a comma or ], got "2"');
  expect(jsonFault('{"a": 1}}')).toBe('no valid JSON: line 1, column 9: expected the end, got "}"');
});
