/** Packed images in batches for an engine, with their targets: what a training loop of one's own goes through. */
import type { Split } from "../../dataset/dataset.ts";
import type { Random } from "../../random.ts";
import type { PackedImages } from "./packed-store.ts";

/** Which images come in batches, and how. */
export interface ImageBatchOptions {
  readonly split: Split;
  /** Images in every batch. */
  readonly batch: number;
  /** Classes in all. */
  readonly classes: number;
  /** Shuffles the images; by default they come in their order. */
  readonly random?: Random;
}

/** A batch of images. Its arrays are used again for the next one. */
export interface ImageBatch {
  /** (batch, height, width, 3), RGB. */
  readonly pixels: Uint8Array;
  /** (batch, classes): 1 at the class of each image. */
  readonly targets: Float32Array;
  /** The class of each image: fewer than the batch has rows where the images do not fill the last one. */
  readonly labels: readonly number[];
}

/**
 * Goes once through the images of a split. A last batch that they do not fill is filled up by its last image with targets of zero, which
 * a loss does not count (batch normalisation sees the image).
 *
 * ```ts
 * for (const { pixels, targets } of imageBatches(images, { split: "train", batch: 32, classes: 9, random: Random.of(seed, epoch) })) {
 *   await plan.computeGradients(pixels, targets);
 *   await plan.update(0.001);
 * }
 * ```
 */
export function* imageBatches(
  { images, height, width, read }: PackedImages,
  { split, batch, classes, random }: ImageBatchOptions,
): Generator<ImageBatch, void> {
  const order = images.flatMap((image, index) => (image.split === split ? [index] : []));
  random?.shuffle(order);
  const pixels = new Uint8Array(batch * height * width * 3);
  const targets = new Float32Array(batch * classes);
  for (let start = 0; start < order.length; start += batch) {
    const indices = order.slice(start, start + batch);
    const rows = Array.from({ length: batch }, (_, row) => indices[Math.min(row, indices.length - 1)]!);
    read(rows, pixels);
    const labels = indices.map((index) => images[index]!.label);
    targets.fill(0);
    for (const [row, label] of labels.entries()) targets[row * classes + label] = 1;
    yield { pixels, targets, labels };
  }
}
