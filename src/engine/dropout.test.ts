/** Dropout's masks: rate, scale, and that they depend on every part of the path and on nothing else. */
import { expect, test } from "vitest";
import { dropoutMask } from "./dropout.ts";

const mask = (rate: number, path: readonly [number, number, number], length = 50_000) => {
  const values = new Float64Array(length);
  dropoutMask(values, rate, path);
  return values;
};

test.each([0.1, 0.5, 0.9])("a rate of %f drops that share and scales the rest to keep the mean", (rate) => {
  const values = mask(rate, [1, 2, 3]);
  const dropped = values.filter((value) => value === 0).length / values.length;
  expect(Math.abs(dropped - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / values.length));
  expect(new Set(values)).toEqual(new Set([0, 1 / (1 - rate)]));
});

test("a rate of 0 keeps everything as it is", () => {
  expect(new Set(mask(0, [1, 2, 3]))).toEqual(new Set([1]));
});

test("the same path gives the same mask; another seed, update or node another", () => {
  const values = mask(0.5, [1, 2, 3], 200).join();
  expect(mask(0.5, [1, 2, 3], 200).join()).toBe(values);
  for (const path of [
    [0, 2, 3],
    [1, 3, 3],
    [1, 2, 4],
    [3, 2, 1],
  ] as const) {
    expect(mask(0.5, path, 200).join()).not.toBe(values);
  }
});

test("float32 and float64 masks drop the same values", () => {
  const single = new Float32Array(1000);
  dropoutMask(single, 0.5, [4, 5, 6]);
  expect([...single]).toEqual([...mask(0.5, [4, 5, 6], 1000)]);
});
