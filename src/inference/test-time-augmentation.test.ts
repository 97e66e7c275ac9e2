/** The views of an image that keep its size, and a model's mean over them. */
import { expect, test } from "vitest";
import type { Model } from "./model.ts";
import { imageView, testTimeAugmented, viewsOf } from "./test-time-augmentation.ts";

const views = viewsOf([2, 2]);

/** One number per pixel. */
const gray = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value, value, value]));

test("are all different, and each is a flip or a turn", () => {
  const seen = views.map((view) => imageView(gray(1, 2, 3, 4), [2, 2], view).filter((_, i) => i % 3 === 0));
  expect(seen.map((values) => values.join(" "))).toEqual([
    "1 2 3 4",
    "1 3 2 4",
    "2 1 4 3",
    "3 1 4 2",
    "3 4 1 2",
    "2 4 1 3",
    "4 3 2 1",
    "4 2 3 1",
  ]);
});

test("keep the channels of a pixel together, and each image to itself", () => {
  const images = Uint8Array.from({ length: 2 * 3 * 3 * 3 }, (_, i) => i);
  const turned = imageView(images, [3, 3], 3);
  expect([...turned.subarray(0, 3)]).toEqual([18, 19, 20]);
  expect([...turned.subarray(27, 30)]).toEqual([27 + 18, 27 + 19, 27 + 20]);
  expect([...turned].sort((a, b) => a - b)).toEqual([...images]);
});

test("of an oblong image are the four that keep its size", () => {
  const views = viewsOf([2, 3]);
  const two = gray(1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16);
  const seen = views.map((view) => imageView(two, [2, 3], view).filter((_, i) => i % 3 === 0));
  expect(seen.map((values) => values.join(" "))).toEqual([
    "1 2 3 4 5 6 11 12 13 14 15 16",
    "3 2 1 6 5 4 13 12 11 16 15 14",
    "4 5 6 1 2 3 14 15 16 11 12 13",
    "6 5 4 3 2 1 16 15 14 13 12 11",
  ]);
});

/** Sees the first pixel of an image alone. */
const cornerModel = {
  classes: ["dark", "light"],
  imageSize: [2, 2],
  async probabilities(images: Uint8Array, count: number) {
    return Float32Array.from({ length: count * 2 }, (_, i) => {
      const light = images[Math.floor(i / 2) * 12]! / 255;
      return i % 2 === 0 ? 1 - light : light;
    });
  },
} as unknown as Model;

test("the mean over the views is the same whichever way an image lies", async () => {
  const model = testTimeAugmented(cornerModel);
  const image = gray(255, 0, 0, 51);
  const two = new Uint8Array([...image, ...gray(0, 0, 0, 255)]);
  // Each corner comes first in two views.
  const [dark, light, , other] = await model.probabilities(two, 2);
  expect(light).toBeCloseTo((255 + 51) / (4 * 255), 6);
  expect(dark).toBeCloseTo(1 - light!, 6);
  expect(other).toBeCloseTo(1 / 4, 6);
  for (const view of views) {
    expect((await model.probabilities(imageView(image, [2, 2], view), 1))[1]).toBeCloseTo(light!, 6);
  }
});
