/** Test-time augmentation: a model is asked about every flip and quarter turn of an image, and the mean is its answer. */
import type { Model } from "./model.ts";

/** The flips and quarter turns of a square, the image as it is among them. */
export const squareViews = 8;

/**
 * One of the eight views of square images (count, size, size, 3): view & 1 exchanges rows and columns, then & 2 left and right,
 * & 4 top and bottom.
 */
export function squareView(images: Uint8Array, size: number, view: number): Uint8Array {
  if (view === 0) return images;
  const out = new Uint8Array(images.length);
  const last = size - 1;
  let at = 0;
  for (let row = 0; row < images.length / (size * 3); row++) {
    const image = Math.floor(row / size);
    const y = view & 4 ? last - (row % size) : row % size;
    for (let column = 0; column < size; column++) {
      const x = view & 2 ? last - column : column;
      const from = 3 * (image * size * size + (view & 1 ? x * size + y : y * size + x));
      out[at++] = images[from]!;
      out[at++] = images[from + 1]!;
      out[at++] = images[from + 2]!;
    }
  }
  return out;
}

/** The same model, whose probabilities are the mean over the eight flips and quarter turns of each image; it takes as many times as long. */
export const testTimeAugmented = (model: Model): Model => ({
  ...model,
  async probabilities(images, count) {
    const sum = new Float64Array(count * model.classes.length);
    for (let view = 0; view < squareViews; view++) {
      const own = await model.probabilities(squareView(images, model.imageSize, view), count);
      for (let i = 0; i < sum.length; i++) sum[i]! += own[i]!;
    }
    return Float32Array.from(sum, (value) => value / squareViews);
  },
});
