/** How the work of a weight gradient is cut into tasks, and a task's into units that stay in a core's cache. */
import { type Cut, scratchBytesOf, sumBytesOf, type WeightGradientShape } from "./weight-gradient.ts";
import { type ConvolutionSizes, geometryOf } from "./weight-gradient-geometry.ts";

/** What a unit may take of the second-level cache: 2 MiB wherever there is AMX, of which sums and maps want their part. */
const UNIT_BYTES = 1.25 * 2 ** 20;
/** Sums of a few thousand pixels are long enough: more of them only take more of the cache. */
const UNIT_PIXELS = 2048;
/** What the partial sums of all parts of the batch may take. */
const PARTIAL_BYTES = 5 * 2 ** 20;
const MOST_PARTS = 8;
/** Measured: a source and a gradient of 256 pixels leave room for the sums in the first-level cache. */
const STEPS = 8;

/** Consecutive images of the batch. */
export interface Part {
  readonly from: number;
  readonly images: number;
}

export interface WeightGradientCut {
  readonly shape: WeightGradientShape;
  /** Parts of the batch, each with sums of its own. They do not depend on the number of threads, so that neither do the results. */
  readonly parts: readonly Part[];
  /** Ranges of output channels, each a task of its own in every part. */
  readonly ranges: number;
}

export function cutWeightGradient(
  sizes: ConvolutionSizes & { readonly hasBias: boolean },
  batch: number,
  threads: number,
): WeightGradientCut {
  const { channels, output } = sizes;
  const shapeOf = (cut: Partial<Cut>): WeightGradientShape => ({
    ...sizes,
    cut: { images: 1, rows: output[0], outputChannels: channels[1], steps: STEPS, ...cut },
  });
  const fits = (cut: Partial<Cut>) => scratchBytesOf(shapeOf(cut)) <= UNIT_BYTES;
  let [bands, images] = [1, 1];
  const rowsOf = (count: number) => Math.ceil(output[0] / count);
  while (rowsOf(bands) > 1 && !fits({ rows: rowsOf(bands) })) bands++;
  if (bands === 1) {
    const pixels = geometryOf(sizes).pitch * output[0];
    while (images * 2 <= batch && images * 2 * pixels <= 2 * UNIT_PIXELS && fits({ images: images * 2 })) images *= 2;
  }
  const units = Math.ceil(batch / images);
  const sumBytes = sumBytesOf(shapeOf({}));
  const count = Math.max(1, Math.min(units, MOST_PARTS, Math.floor(PARTIAL_BYTES / sumBytes)));
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
