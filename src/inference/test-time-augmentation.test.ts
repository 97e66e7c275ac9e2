/** The eight views of a square image, and a model's mean over them. */
import { expect, test } from "vitest";
import type { Model } from "./model.ts";
import { squareView, squareViews, testTimeAugmented } from "./test-time-augmentation.ts";

const views = Array.from({ length: squareViews }, (_, view) => view);

/** One number per pixel. */
const gray = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value, value, value]));

test("are all different, and each is a flip or a turn", () => {
  const seen = views.map((view) => squareView(gray(1, 2, 3, 4), 2, view).filter((_, i) => i % 3 === 0));
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
  const turned = squareView(images, 3, 3);
  expect([...turned.subarray(0, 3)]).toEqual([18, 19, 20]);
  expect([...turned.subarray(27, 30)]).toEqual([27 + 18, 27 + 19, 27 + 20]);
  expect([...turned].sort((a, b) => a - b)).toEqual([...images]);
});

/** Sees the first pixel of an image alone. */
const cornerModel = {
  classes: ["dark", "light"],
  imageSize: 2,
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
    expect((await model.probabilities(squareView(image, 2, view), 1))[1]).toBeCloseTo(light!, 6);
  }
});
