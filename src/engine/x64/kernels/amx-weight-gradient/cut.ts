/** How the work of a weight gradient is cut into tasks, and a task's into units that stay in a core's cache. */

import { type ConvolutionSizes, geometryOf } from "./geometry.ts";
import { type Cut, PIXELS_PER_STEP, unitBytesOf, type WeightGradientShape } from "./layout.ts";

/** What a unit may take of the second-level cache: 2 MiB wherever there is AMX, of which sums and maps want their part. */
const UNIT_BYTES = 1.25 * 2 ** 20;
/** Measured: a few hundred pixels make long enough sums; more of them only take more of the nearer caches. */
const FEWEST_PIXELS = 256;
const MOST_PIXELS = 512;
/** A band keeps this many times the source rows that it packs again because its neighbour has them too. */
const ROWS_PER_EXTRA_ROW = 8;
/** From this size on the gradient is computed once, for the whole batch: to add up several costs more than is gained. */
const LARGE_BYTES = 2 ** 19;
const MOST_PARTS = 8;
/** Measured: sums are moved seldom enough, and a source and a gradient of 384 pixels mostly stay in the first-level cache. */
const STEPS = 12;

/** Consecutive images of the batch. */
export interface Part {
  readonly from: number;
  readonly images: number;
}

/** How the gradient of weights is divided into tasks. */
export interface WeightGradientCut {
  readonly shape: WeightGradientShape;
  /** Parts of the batch, each with a gradient of its own. They do not depend on the number of threads, so that neither do the results. */
  readonly parts: readonly Part[];
  /** Ranges of output channels, each a task of its own in every part. */
  readonly ranges: number;
}

/** Divides the work into tasks for the threads, and those into units that stay in the cache. */
export function cutWeightGradient(
  sizes: ConvolutionSizes & { readonly hasBias: boolean },
  batch: number,
  threads: number,
): WeightGradientCut {
  const { channels, output, kernel } = sizes;
  const shapeOf = (cut: Partial<Cut>): WeightGradientShape => ({
    ...sizes,
    cut: { images: 1, rows: output[0], outputChannels: channels[1], steps: STEPS, ...cut },
  });
  const fits = (cut: Partial<Cut>) => unitBytesOf(shapeOf(cut)) <= UNIT_BYTES;
  let [bands, images] = [1, 1];
  const rowsOf = (count: number) => Math.ceil(output[0] / count);
  const { pitch, extraRows } = geometryOf(sizes);
  const isLong = (rows: number) => rows * pitch > MOST_PIXELS && rows > ROWS_PER_EXTRA_ROW * extraRows;
  const isTooLarge = (rows: number) => rows > 1 && (isLong(rows) || !fits({ rows }));
  while (isTooLarge(rowsOf(bands))) bands++;
  if (bands === 1) {
    // Rows side by side fill whole cache lines, and all lanes while they are transposed.
    const isShort = () => images * pitch < PIXELS_PER_STEP || images * output[0] * pitch < FEWEST_PIXELS;
    while (images * 2 <= batch && isShort() && fits({ images: images * 2 })) images *= 2;
  }
  const units = Math.ceil(batch / images);
  const isLarge = 4 * kernel[0] * kernel[1] * channels[0] * channels[1] >= LARGE_BYTES;
  const count = isLarge ? 1 : Math.min(units, MOST_PARTS);
  const starts = Array.from({ length: count + 1 }, (_, part) =>
    Math.min(batch, Math.round((part * units) / count) * images),
  );
  let ranges = 1;
  while (count * ranges < threads && channels[1] % (2 * ranges * 32) === 0) ranges *= 2;
  return {
    shape: shapeOf({ images, rows: rowsOf(bands), outputChannels: channels[1] / ranges }),
    parts: starts.slice(0, -1).map((from, part) => ({ from, images: starts[part + 1]! - from })),
    ranges,
  };
}
