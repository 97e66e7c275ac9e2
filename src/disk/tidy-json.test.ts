/** The same JSON, in fewer lines. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { tidyJson } from "./tidy-json.ts";

it("writes rows of numbers on a line each", () => {
  expect(
    tidyJson({
      a: [
        [1, 2],
        [3.5, null],
      ],
      b: ["x", "y"],
      c: [],
      d: {},
      e: undefined,
      f: Number.NaN,
    }),
  ).toBe(
    '{\n  "a": [\n    [1,2],\n    [3.5,null]\n  ],\n  "b": [\n    "x",\n    "y"\n  ],\n  "c": [],\n  "d": {},\n  "f": null\n}\n',
  );
});

it("means what JSON.stringify means", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(tidyJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  const odd = JSON.parse('{"__proto__": {"constructor": [1]}, "10": "a", "2": "b"}');
  expect(JSON.parse(tidyJson(odd))).toEqual(odd);
});
