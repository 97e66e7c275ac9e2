import { expect, test } from "vitest";
import { cutWeightGradient } from "./cut.ts";

const sizes = {
  channels: [64, 128],
  input: [32, 32],
  output: [16, 16],
  kernel: [3, 3],
  stride: [2, 2],
  padding: [1, 1],
  hasBias: true,
} as const;

test("the parts are the whole batch, in order", () => {
  for (const batch of [1, 3, 31, 32, 100]) {
    const { parts } = cutWeightGradient(sizes, batch, 2);
    let next = 0;
    for (const { from, images } of parts) {
      expect(from).toBe(next);
      expect(images).toBeGreaterThan(0);
      next += images;
    }
    expect(next).toBe(batch);
  }
});

test("what is added to what does not depend on the number of threads", () => {
  const one = cutWeightGradient(sizes, 32, 1);
  for (const threads of [2, 3, 8, 64]) {
    const { shape, parts, ranges } = cutWeightGradient(sizes, 32, threads);
    expect(parts).toEqual(one.parts);
    expect({ ...shape.cut, outputChannels: 128 }).toEqual(one.shape.cut);
    expect(shape.cut.outputChannels * ranges).toBe(128);
  }
});

test("a map that is too large for the cache is cut into bands of rows", () => {
  const { shape } = cutWeightGradient({ ...sizes, input: [512, 512], output: [256, 256] }, 2, 2);
  expect(shape.cut.images).toBe(1);
  expect(shape.cut.rows).toBeLessThan(256);
});

test("bands of wide maps have several times the rows that they pack again for their neighbours", () => {
  const wide = { ...sizes, stride: [1, 1], output: [32, 32] } as const;
  for (const width of [32, 64, 180]) {
    const { shape } = cutWeightGradient({ ...wide, input: [width, width], output: [width, width] }, 2, 2);
    expect(shape.cut.rows).toBeGreaterThanOrEqual(6);
  }
});
