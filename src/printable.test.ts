/** Names that would move a cursor, turn the direction of writing or break XML. */
import { expect, it } from "vitest";
import { escapedForTerminal, printable } from "./printable.ts";

const names: readonly (readonly [string, string, string])[] = [
  ["\u001b[31mred", "?[31mred", "\\u001b[31mred"],
  ["\u009b31mred", "?31mred", "\\u009b31mred"],
  ["a\rb\u0007\u007f", "a?b??", "a\\u000db\\u0007\\u007f"],
  ["gpj.\u202eevil", "gpj.?evil", "gpj.\\u202eevil"],
  ["a\u2028b\uffff\ud800", "a?b??", "a\\u2028b\\uffff\\ud800"],
  ["é 日本 🙂 a\nb\tc", "é 日本 🙂 a\nb\tc", "é 日本 🙂 a\nb\tc"],
];

it.each(names)("%j", (name, marked, escaped) => {
  expect([printable(name), escapedForTerminal(name)]).toEqual([marked, escaped]);
});

it("leaves JSON the same JSON", () => {
  const value = Object.fromEntries(names.map(([name]) => [name, name]));
  expect(JSON.parse(escapedForTerminal(JSON.stringify(value)))).toEqual(value);
});
