/** Images at other places, bilinearly, in whole numbers: the same bytes on every machine. */
import type { Affine } from "./affine.ts";
import type { PixelKernels } from "./pixel-kernels.ts";
import type { Size } from "./transform.ts";

/** Coordinates are whole numbers in units of 1 / 2^16 pixel. */
const one = 1 << 16;

/** The first i of those with 0 <= start + i step <= last; infinity where there is none. */
const firstInside = (start: number, step: number, last: number): number => {
  if (step === 0) return start < 0 || start > last ? Number.POSITIVE_INFINITY : 0;
  return Math.ceil((step > 0 ? -start : last - start) / step);
};

/** The first i after them. */
const endInside = (start: number, step: number, last: number): number => {
  if (step === 0) return Number.POSITIVE_INFINITY;
  return Math.floor((step > 0 ? last - start : -start) / step) + 1;
};

/**
 * Reads the image that the kernels have packed along straight lines, one for each row of the result. Throws RangeError where the map leads
 * further than 2^15 pixels away.
 */
export function resample(kernels: PixelKernels, { height, width }: Size, map: Affine): void {
  const [a, b, c, d, e, f] = map;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const stepX = Math.round(a * one);
  const stepY = Math.round(d * one);
  /** Where the first pixel of a row of the result lies. */
  const startXOf = (y: number) => Math.round((b * (y - middleY) - a * middleX + c + middleX) * one);
  const startYOf = (y: number) => Math.round((e * (y - middleY) - d * middleX + f + middleY) * one);
  for (const y of [0, height - 1]) {
    const [x0, y0] = [startXOf(y), startYOf(y)];
    const [x1, y1] = [x0 + (width - 1) * stepX, y0 + (width - 1) * stepY];
    if (!(Math.max(Math.abs(x0), Math.abs(x1), Math.abs(y0), Math.abs(y1)) < 2 ** 31 - 2 * one)) {
      throw new RangeError(`augmentation: the map [${map.join(", ")}] leads further than 2^15 pixels away`);
    }
  }
  // Between 0 and these, all neighbours are inside the image whose weight is not 0: fractions of less than 1/256 are dropped.
  const [lastX, lastY] = [(width - 1) * one + 0xff, (height - 1) * one + 0xff];
  // Numbers of 32 bits alone, and no arrays of them: what one row leaves to the garbage collector, thousands of rows a step do.
  for (let y = 0; y < height; y++) {
    // Fractions are cut off to 1/256; with half of that added, they are rounded.
    const startX = (startXOf(y) + 0x80) | 0;
    const startY = (startYOf(y) + 0x80) | 0;
    const first = Math.max(0, firstInside(startX, stepX, lastX), firstInside(startY, stepY, lastY));
    const from = Math.min(width, first) | 0;
    const end = Math.max(0, Math.min(width, endInside(startX, stepX, lastX), endInside(startY, stepY, lastY))) | 0;
    // Kernels take four pixels at a time, and may write beyond `from` and the row's end what is overwritten next.
    const to = end - ((end - from) & 3);
    if (from >= to) {
      kernels.resample(false, y, 0, width, startX, startY, stepX, stepY);
      continue;
    }
    const [insideX, insideY] = [(startX + from * stepX) | 0, (startY + from * stepY) | 0];
    if (from > 0) kernels.resample(false, y, 0, from, startX, startY, stepX, stepY);
    kernels.resample(true, y, from, to, insideX, insideY, stepX, stepY);
    if (to < width) {
      kernels.resample(false, y, to, width, (startX + to * stepX) | 0, (startY + to * stepY) | 0, stepX, stepY);
    }
  }
}
