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
      const [x0, y0] = this.#start(y);
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

  /** Where the first pixel of a row of the result lies. */
  #start(y: number): readonly [number, number] {
    const [a, b, c, d, e, f] = this.#map;
    const [middleX, middleY] = [(this.#width - 1) / 2, (this.#height - 1) / 2];
    const down = y - middleY;
    return [
      Math.round((b * down - a * middleX + c + middleX) * one),
      Math.round((e * down - d * middleX + f + middleY) * one),
    ];
  }

  /** Makes one row of the result the kernels' row. */
  readRow(y: number): void {
    const [exactX, exactY] = this.#start(y);
    if (this.#exact) {
      this.#copyRow(exactX >> bits, exactY >> bits);
      return;
    }
    // Fractions are cut off to 1/256; with half of that added, they are rounded.
    const [startX, startY] = [exactX + 0x80, exactY + 0x80];
    const [from, end] = this.#span(startX, startY);
    // Kernels take four pixels at a time.
    const to = end - ((end - from) & 3);
    const [stepX, stepY] = [this.#stepX, this.#stepY];
    this.#blendAnywhere(startX, startY, 0, from);
    if (from < to) this.#kernels.blend(from, to, startX + from * stepX, startY + from * stepY, stepX, stepY);
    this.#blendAnywhere(startX, startY, to, this.#width);
  }

  /** The pixels of a row, from and to, that have all four neighbours inside the image. */
  #span(startX: number, startY: number): readonly [number, number] {
    let [from, to] = [0, this.#width];
    for (const [start, step, count] of [
      [startX, this.#stepX, this.#width],
      [startY, this.#stepY, this.#height],
    ] as const) {
      // Where 0 <= start + i step <= last.
      const last = (count - 1) * one - 1;
      if (step === 0) {
        if (start < 0 || start > last) return [0, 0];
      } else {
        const [first, final] =
          step > 0 ? [-start / step, (last - start) / step] : [(last - start) / step, -start / step];
        from = Math.max(from, Math.ceil(first));
        to = Math.min(to, Math.floor(final) + 1);
      }
    }
    return from < to ? [from, to] : [0, 0];
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
