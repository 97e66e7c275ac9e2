/** The pixels of an image at other places, bilinearly, in whole numbers: the same bytes on every machine. */
import type { Affine } from "./affine.ts";
import type { PixelKernels } from "./pixel-kernels.ts";
import type { Fill } from "./policy.ts";

/** Coordinates are whole numbers in units of 1 / 2^16 pixel. */
const bits = 16;
const one = 1 << bits;

/** A pixel in one number, red lowest. Two channels at a time can be weighted in it. */
type Packed = number;

/** As {@link PixelKernels.blend} does it. The bilinear mean of four neighbours; the fractions are in 1/256, and so are the weights, whose sum is 256. */
function blend(p: Packed, q: Packed, r: Packed, s: Packed, right: number, down: number): Packed {
  const w = (right * down + 128) >> 8;
  const u = down - w;
  const v = right - w;
  const t = 256 - right - u;
  // No channel reaches beyond its 16 bits, as the weights sum to 256.
  const redBlue =
    Math.imul(p & 0xff00ff, t) +
    Math.imul(q & 0xff00ff, v) +
    Math.imul(r & 0xff00ff, u) +
    Math.imul(s & 0xff00ff, w) +
    0x800080;
  const green =
    Math.imul((p >>> 8) & 0xff, t) +
    Math.imul((q >>> 8) & 0xff, v) +
    Math.imul((r >>> 8) & 0xff, u) +
    Math.imul((s >>> 8) & 0xff, w) +
    0x80;
  return ((redBlue >>> 8) & 0xff00ff) | (green & 0xff00);
}

const inside: { readonly [K in Fill]: (index: number, count: number) => number } = {
  /** ... 1 0 | 0 1 ... n-1 | n-1 n-2 ... */
  reflect(index, count) {
    if (index < 0) return index >= -count ? -1 - index : inside.reflect((index % (2 * count)) + 2 * count, count);
    if (index < count) return index;
    return index < 2 * count ? 2 * count - 1 - index : inside.reflect(index % (2 * count), count);
  },
  edge: (index, count) => (index < 0 ? 0 : index < count ? index : count - 1),
};

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

/** The packed pixels of kernels, read along straight lines. */
export class Resampling {
  readonly #kernels: PixelKernels;
  readonly #height: number;
  readonly #width: number;
  readonly #inside: (index: number, count: number) => number;
  #stepX = 0;
  #stepY = 0;
  #exact = false;
  #map: Affine = [1, 0, 0, 0, 1, 0];

  constructor(kernels: PixelKernels, size: { readonly height: number; readonly width: number }, fill: Fill) {
    this.#kernels = kernels;
    this.#height = size.height;
    this.#width = size.width;
    this.#inside = inside[fill];
  }

  /** Chooses the map for the rows to come. Throws RangeError where it leads further than 2^15 pixels away. */
  use(map: Affine): void {
    this.#map = map;
    this.#stepX = Math.round(map[0] * one);
    this.#stepY = Math.round(map[3] * one);
    let [whole, within] = [this.#stepX | this.#stepY, true];
    for (const y of [0, this.#height - 1]) {
      const [x0, y0] = [this.#startX(y), this.#startY(y)];
      const [x1, y1] = [x0 + (this.#width - 1) * this.#stepX, y0 + (this.#width - 1) * this.#stepY];
      if (!(Math.max(Math.abs(x0), Math.abs(x1), Math.abs(y0), Math.abs(y1)) < 2 ** 31 - 2 * one)) {
        throw new RangeError(`augmentation: the map [${map.join(", ")}] leads further than 2^15 pixels away`);
      }
      whole |= x0 | y0;
      within &&= [x0, x1].every((x) => x >= 0 && x <= (this.#width - 1) * one);
      within &&= [y0, y1].every((value) => value >= 0 && value <= (this.#height - 1) * one);
    }
    // Rows between the first and the last are whole as well, as flips and quarter turns are all that passes here.
    const [, b, , , e] = map;
    this.#exact =
      within && (whole & (one - 1)) === 0 && Math.round(b * one) % one === 0 && Math.round(e * one) % one === 0;
  }

  // Numbers of 32 bits alone, and no arrays of them: what one row leaves to the garbage collector, thousands of rows a step do.

  /** Where the first pixel of a row of the result lies. */
  #startX(y: number): number {
    const [a, b, c] = this.#map;
    const middleX = (this.#width - 1) / 2;
    return Math.round((b * (y - (this.#height - 1) / 2) - a * middleX + c + middleX) * one);
  }

  #startY(y: number): number {
    const [, , , d, e, f] = this.#map;
    const middleY = (this.#height - 1) / 2;
    return Math.round((e * (y - middleY) - d * ((this.#width - 1) / 2) + f + middleY) * one);
  }

  /** Makes one row of the result the kernels' row. */
  readRow(y: number): void {
    const exactX = this.#startX(y) | 0;
    const exactY = this.#startY(y) | 0;
    if (this.#exact) {
      this.#copyRow(exactX >> bits, exactY >> bits);
      return;
    }
    // Fractions are cut off to 1/256; with half of that added, they are rounded.
    const startX = (exactX + 0x80) | 0;
    const startY = (exactY + 0x80) | 0;
    const [stepX, stepY, width] = [this.#stepX, this.#stepY, this.#width];
    const [lastX, lastY] = [(width - 1) * one - 1, (this.#height - 1) * one - 1];
    // Between them, all four neighbours are inside the image.
    const first = Math.max(0, firstInside(startX, stepX, lastX), firstInside(startY, stepY, lastY));
    const from = Math.min(width, first) | 0;
    const end = Math.max(0, Math.min(width, endInside(startX, stepX, lastX), endInside(startY, stepY, lastY))) | 0;
    // Kernels take four pixels at a time.
    const to = end - ((end - from) & 3);
    if (from < to) {
      this.#blendAnywhere(startX, startY, 0, from);
      this.#kernels.blend(from, to, (startX + from * stepX) | 0, (startY + from * stepY) | 0, stepX, stepY);
      this.#blendAnywhere(startX, startY, to, width);
    } else {
      this.#blendAnywhere(startX, startY, 0, width);
    }
  }

  #copyRow(x: number, y: number): void {
    const { pixels, row } = this.#kernels;
    const step = (this.#stepY >> bits) * this.#width + (this.#stepX >> bits);
    for (let i = 0, at = y * this.#width + x; i < row.length; i++, at += step) row[i] = pixels[at]!;
  }

  #blendAnywhere(startX: number, startY: number, from: number, to: number): void {
    const { pixels, row } = this.#kernels;
    const [width, height, indexInside] = [this.#width, this.#height, this.#inside];
    for (let i = from; i < to; i++) {
      const x = (startX + i * this.#stepX) | 0;
      const y = (startY + i * this.#stepY) | 0;
      const left = indexInside(x >> bits, width);
      const right = indexInside((x >> bits) + 1, width);
      const upper = indexInside(y >> bits, height) * width;
      const lower = indexInside((y >> bits) + 1, height) * width;
      row[i] = blend(
        pixels[upper + left]!,
        pixels[upper + right]!,
        pixels[lower + left]!,
        pixels[lower + right]!,
        (x >>> 8) & 0xff,
        (y >>> 8) & 0xff,
      );
    }
  }
}
