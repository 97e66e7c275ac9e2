/** Tables written as CSV are read back the same, and no spreadsheet finds a formula in them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTable } from "../dataset/csv-table.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { csvText } from "./csv-text.ts";

const folder = temporaryFolder();

const columns = ["x", "=y;+z"];
const tableOf = (rows: readonly (readonly [string, string])[]): string =>
  csvText(
    columns,
    rows.map(([x, y]) => ({ x, "=y;+z": y })),
  );

/** The cells that a spreadsheet sees: what follows a quoted part up to the next separator belongs to the cell. */
const cellsOf = (text: string, separator: string): string[] =>
  Array.from(
    text.matchAll(new RegExp(`(?:"((?:[^"]|"")*)(?:"|$))?([^${separator}\\r\\n]*)(?:[${separator}\\r\\n]|$)`, "gy")),
    ([, quoted = "", rest]) => quoted.replaceAll('""', '"') + rest,
  );

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "=",
        "+",
        "-",
        "@",
        "'",
        "\t",
        "\r",
        "\n",
        ";",
        ",",
        "|",
        '"',
        " ",
        "#",
        "\uff1d",
        "1",
        ".",
        "a",
        "é",
      ),
      fc.constantFrom("=HYPERLINK(1)", "@SUM(1)", "+1+cmd|' /C calc'!A0", "-1.5", "sep=;", "constructor", "__proto__"),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

describe("hostile cells", () => {
  test("are read back as they were", async () => {
    const file = join(folder, "table.csv");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(hostile, hostile), { minLength: 1 }), async (rows) => {
        await writeFile(file, tableOf(rows));
        const read = await readTable(file, { what: "rows" });
        const got = read.rows.map(({ fields }) => [fields.get("x") ?? "", fields.get("=y;+z") ?? ""]);
        expect(got).toEqual(rows.filter(([x, y]) => x !== "" || y !== ""));
      }),
      { numRuns: 500 },
    );
  });

  test("are no formulas, whatever separates the cells", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, hostile)), (rows) => {
        const text = tableOf(rows);
        for (const separator of [",", ";", "\t"]) {
          for (const cell of cellsOf(text, separator)) {
            expect(cell).not.toMatch(/^["\s]*[=+\-@\uff1d]/);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"],
    ["-1.5e-3", "'-1.5e-3"],
    ["'-1", "''-1"],
    ["a;=b", "a;'=b"],
    ["a - b, -c", '"a - b, -c"'],
    ["ISIC_1-2=3", "ISIC_1-2=3"],
  ])("%j is written as %s", (cell, written) => {
    expect(csvText(["a"], [{ a: cell }])).toBe(`a\n${written}\n`);
  });
});

test("what a row lacks is empty, whatever the column is called", () => {
  expect(csvText(["a", "constructor", "__proto__"], [{ a: "1" }, JSON.parse('{"__proto__": "2"}')])).toBe(
    "a,constructor,__proto__\n1,,\n,,2\n",
  );
});
