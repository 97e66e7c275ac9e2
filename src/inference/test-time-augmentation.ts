/** Test-time augmentation: a model is asked about the flips and quarter turns of an image, and the mean is its answer. */
import type { Model } from "./model.ts";

/** By the bits of its number, what a view exchanges: 1 rows and columns, then 2 left and right, 4 top and bottom. */
const allViews = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Those that keep the size where it is no square. */
const flips = allViews.filter((view) => !(view & 1));

/** The views that keep the size of images: all eight flips and quarter turns of squares, else the four flips; the image as it is among them. */
export const viewsOf = ([height, width]: Model["imageSize"]): readonly number[] =>
  height === width ? allViews : flips;

/** One of the views of images (count, height, width, 3), by its number in {@link viewsOf}. */
export function imageView(images: Uint8Array, [height, width]: Model["imageSize"], view: number): Uint8Array {
  if (view === 0) return images;
  const out = new Uint8Array(images.length);
  let at = 0;
  for (let row = 0; row < images.length / (width * 3); row++) {
    const image = Math.floor(row / height);
    const y = view & 4 ? height - 1 - (row % height) : row % height;
    for (let column = 0; column < width; column++) {
      const x = view & 2 ? width - 1 - column : column;
      const from = 3 * (image * height * width + (view & 1 ? x * width + y : y * width + x));
      out[at++] = images[from]!;
      out[at++] = images[from + 1]!;
      out[at++] = images[from + 2]!;
    }
  }
  return out;
}

/**
 * The same model, whose probabilities are the mean over the flips and quarter turns of each image that keep its size: eight of a square, four of
 * any other. It takes as many times as long.
 */
export const testTimeAugmented = (model: Model): Model => meanOver(model, viewsOf(model.imageSize));

/** The same model, whose probabilities are the mean over some views of each image, by their numbers in {@link viewsOf}. */
export const meanOver = (model: Model, views: readonly number[]): Model => ({
  ...model,
  async probabilities(images, count) {
    const sum = new Float64Array(count * model.classes.length);
    for (const view of views) {
      const own = await model.probabilities(imageView(images, model.imageSize, view), count);
      for (let i = 0; i < sum.length; i++) sum[i]! += own[i]!;
    }
    return Float32Array.from(sum, (value) => value / views.length);
  },
});
