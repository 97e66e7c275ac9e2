/** Large numbers and sizes in three digits, at the borders between their units. */
import { expect, it } from "vitest";
import { byteSize, magnitude } from "./numbers.ts";

it.each([
  [0, "0"],
  [768, "768"],
  [999, "999"],
  [1000, "1.00 k"],
  [185_000_000, "185 M"],
  [999_499, "999 k"],
  [999_500, "1.00 M"],
  [1.113e9, "1.11 G"],
])("%d is %s", (value, text) => {
  expect(magnitude(value)).toBe(text);
});

it.each([
  [704, "704 B"],
  [999, "999 B"],
  [227_468, "227 kB"],
  [9_300_000, "9.30 MB"],
])("%d bytes are %s", (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});
