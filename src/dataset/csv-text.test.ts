/** Tables written as CSV are read back the same by an independent reader. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { csvText } from "./csv-text.ts";

test("whatever stands in the fields", () => {
  const text = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é", ";") });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (rows) => {
      const table = csvText(
        ["x", 'y,"z"'],
        rows.map(([x, y]) => ({ x, 'y,"z"': y })),
      );
      const options = { record_delimiter: "\n", skip_empty_lines: false };
      expect(parse(table, options)).toEqual([["x", 'y,"z"'], ...rows]);
    }),
  );
});

test("what a row lacks is empty", () => {
  expect(csvText(["a", "b"], [{ b: "1" }, {}])).toBe("a,b\n,1\n,\n");
});
