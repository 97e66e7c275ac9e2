/** Names that would move a cursor, turn the direction of writing or break XML. */
import { expect, it } from "vitest";
import { escapedForTerminal, lineForTerminal, printable, printableLine } from "./printable.ts";

const names: readonly (readonly [string, string, string])[] = [
  ["\u001b[31mred", "?[31mred", "\\u001b[31mred"],
  ["\u009b31mred", "?31mred", "\\u009b31mred"],
  ["a\rb\u0007\u007f", "a?b??", "a\\u000db\\u0007\\u007f"],
  ["gpj.\u202eevil", "gpj.?evil", "gpj.\\u202eevil"],
  ["a\u2028b\uffff\ud800", "a?b??", "a\\u2028b\\uffff\\ud800"],
  ["a\u200fb\u061c\u200e", "a?b??", "a\\u200fb\\u061c\\u200e"],
  ["ne\u00advus\u200b\ufeff\u2060", "ne?vus???", "ne\\u00advus\\u200b\\ufeff\\u2060"],
  ["\u{e0041}", "?", "\\udb40\\udc41"],
  ["می\u200cخواهم 👩\u200d🔬 ❤\ufe0f", "می\u200cخواهم 👩\u200d🔬 ❤\ufe0f", "می\u200cخواهم 👩\u200d🔬 ❤\ufe0f"],
  ["é 日本 🙂 a\nb\tc", "é 日本 🙂 a\nb\tc", "é 日本 🙂 a\nb\tc"],
];

it.each(names)("%j", (name, marked, escaped) => {
  expect([printable(name), escapedForTerminal(name)]).toEqual([marked, escaped]);
});

it("leaves JSON the same JSON", () => {
  const value = Object.fromEntries(names.map(([name]) => [name, name]));
  expect(JSON.parse(escapedForTerminal(JSON.stringify(value)))).toEqual(value);
});

it("keeps a line one line", () => {
  expect(printableLine("a\nb\tc\u001b")).toBe("a?b?c?");
  expect(lineForTerminal("a\nb\tc\u001b")).toBe("a\\nb\\tc\\u001b");
});
