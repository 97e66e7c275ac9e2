import { expect, it } from "vitest";
import { fastWidth } from "./weight-gradient-width.ts";

it("leaves widths alone that are cut into long pieces", () => {
  for (const width of [1, 7, 32, 39, 44, 48, 50, 64, 90, 128]) expect(fastWidth(width)).toBe(width);
});

it("widens the others to the next good one", () => {
  expect(fastWidth(33)).toBe(35);
  expect(fastWidth(45)).toBe(47);
  expect(fastWidth(46)).toBe(47);
  expect(fastWidth(62)).toBe(63);
  expect(fastWidth(74)).toBe(77);
});
