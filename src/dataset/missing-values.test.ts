/** Every usual spelling of "not known", and the names that look like one and are none. */
import { describe, expect, it } from "vitest";
import { isMissing, isMissingIdentity, isMissingName } from "./missing-values.ts";

/** Of pandas, R, SQL, C and Windows; of Excel and LibreOffice in English and German; of people. */
const spellings =
  "|NaN|nan|-nan|NaT|<NA>|NA|N/A|n/a|1.#IND|-1.#IND|1.#QNAN|-1.#QNAN|NULL|null|(null)|None|nil|" +
  "#N/A|#N/A N/A|#NA|#NV|#VALUE!|#WERT!|#REF!|#BEZUG!|#DIV/0!|#NAME?|#NUM!|#ZAHL!|#NULL!|Err:502|" +
  "-|--|---|–|—|?|.|missing|Missing|unknown|Unknown|UNK|unbekannt|k.A.|n.a.|not reported|not available|not applicable|undefined|" +
  "#N/D|<NaN>|<unknown>|(missing)|(blank)|[null]|{}|( n.a. )|N/K|not recorded|not specified|no data";

it.each(spellings.split("|"))("%j is missing, in any case and with spaces around it", (cell) => {
  for (const written of [cell, cell.toUpperCase(), cell.toLowerCase(), `  ${cell} `]) {
    expect(isMissing(written)).toBe(true);
    expect(isMissingIdentity(written)).toBe(true);
  }
});

describe("not missing", () => {
  it.each([
    "0",
    "1",
    "L1",
    "NA1",
    "nan-2",
    "unknown-7",
    "none of these",
    "m",
    "nevus",
    "other",
    "#1",
    "(1)",
    "<b>",
    "HAM_0000118",
  ])("%j", (cell) => {
    expect(isMissing(cell)).toBe(false);
    expect(isMissingIdentity(cell)).toBe(false);
  });

  it("names of files and classes that are words", () => {
    expect(["none", "NA", "unknown", "null", "missing", "nan"].filter(isMissingName)).toEqual([]);
    expect(["", " ", "-", "#N/A", "<NA>", "#NV"].every(isMissingName)).toBe(true);
  });
});

it("-1 is pandas' code for a missing lesion, and a number elsewhere", () => {
  expect([isMissingIdentity("-1"), isMissingIdentity("-1.0"), isMissing("-1")]).toEqual([true, true, false]);
});
