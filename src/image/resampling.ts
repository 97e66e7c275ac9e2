/** Makes images larger and smaller: one definition, the same for every format, in both directions, and in ONNX. */

import {
  type Code,
  f32x4,
  i16x8,
  i32,
  i32x4,
  instantiate,
  type Local,
  repeat,
  v128,
  wasmFunction,
} from "../formats/web-assembly.ts";
import type { Rectangle, RgbImage } from "./rgb-image.ts";

/** The names of the filters, for {@link ResamplingFilter}. */
export const resamplingFilters = ["cubic", "linear"] as const;

/**
 * What weighs the pixels around a place: `cubic` is Keys' kernel with the coefficient -0.5 (Keys 1981, IEEE Trans. ASSP 29), `linear` a triangle.
 *
 * Pixel i covers the way from i to i + 1, and its centre is at i + 0.5, before and after. Where an image becomes smaller, the kernel is
 * as many times wider, so that every pixel counts. Weights of places outside the image are left out, and the others sum to 1.
 * It is ONNX's `Resize` (operator set 18) with `coordinate_transformation_mode` half_pixel, `antialias` 1 and `cubic_coeff_a` -0.5,
 * as ONNX Runtime computes it, and Pillow's BICUBIC and BILINEAR without their rounding between the axes.
 */
export type ResamplingFilter = (typeof resamplingFilters)[number];

interface Kernel {
  /** How far from its centre it is not 0, in pixels of the coarser of the two images. */
  readonly reach: number;
  readonly at: (distance: number) => number;
}

const kernels: { readonly [K in ResamplingFilter]: Kernel } = {
  cubic: {
    reach: 2,
    at: (distance) => {
      const d = Math.abs(distance);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    },
  },
  linear: { reach: 1, at: (distance) => Math.max(0, 1 - Math.abs(distance)) },
};

/** Along one axis: what each new pixel is made of. */
export interface AxisWeights {
  /** Pixels that each new one is made of; those that it needs no more have the weight 0. */
  readonly taps: number;
  /** The first of them, for each new pixel; never falls from one to the next. */
  readonly starts: Int32Array;
  /** (new pixels, taps) */
  readonly weights: Float32Array;
}

/** The weights that make `to` pixels of `from`. */
export function axisWeights(from: number, to: number, filter: ResamplingFilter): AxisWeights {
  if (from === to)
    return { taps: 1, starts: Int32Array.from({ length: to }, (_, i) => i), weights: new Float32Array(to).fill(1) };
  const { reach, at } = kernels[filter];
  const scale = from / to;
  const widening = Math.max(scale, 1);
  const taps = Math.min(from, 2 * Math.ceil(reach * widening) + 1);
  const starts = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  const own = new Float64Array(taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.min(Math.max(0, Math.floor(centre - reach * widening)), from - taps);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      own[k] = at((start + k + 0.5 - centre) / widening);
      sum += own[k]!;
    }
    starts[i] = start;
    for (let k = 0; k < taps; k++) weights[i * taps + k] = own[k]! / sum;
  }
  return { taps, starts, weights };
}

const advance = (local: Local, bytes: number): Code => local.set(i32.add(local.get, i32.const(bytes)));

/** RGB bytes to four floats a pixel, of which the last is of no use: where the bytes are, and where the floats begin and end. */
const widen = wasmFunction(3, (_, bytes, floats, end) => [
  repeat(
    [
      v128.store(
        floats.get,
        f32x4.fromSigned(i32x4.extendLowUnsigned(i16x8.extendLowUnsigned(v128.load32Zero(bytes.get)))),
      ),
      advance(bytes, 3),
      advance(floats, 16),
    ],
    i32.lessThan(floats.get, end.get),
  ),
]);

/**
 * A row of pixels, four floats each, to one of as many new pixels as there are starts, three floats each: where the starts, which are
 * addresses, begin and end; where the weights are, and the bytes of those of one new pixel, an even number of weights; where the new
 * row is, of which 4 bytes beyond its end are spoilt.
 */
const weigh = wasmFunction(5, (variable, starts, end, weights, weightBytes, out) => {
  const [pixel, last] = [variable("i32"), variable("i32")];
  const [even, odd] = [variable("v128"), variable("v128")];
  const weighted = (weight: number, byte: number): Code =>
    f32x4.mul(
      v128.load32Splat(i32.add(weights.get, i32.const(weight))),
      v128.load(i32.add(pixel.get, i32.const(byte))),
    );
  const zero = i32x4.const([0, 0, 0, 0]);
  return [
    repeat(
      [
        pixel.set(i32.load(starts.get)),
        last.set(i32.add(weights.get, weightBytes.get)),
        even.set(zero),
        odd.set(zero),
        repeat(
          [
            // Two sums, since each addition waits for the one before it.
            even.set(f32x4.add(even.get, weighted(0, 0))),
            odd.set(f32x4.add(odd.get, weighted(4, 16))),
            advance(pixel, 32),
            advance(weights, 8),
          ],
          i32.lessThan(weights.get, last.get),
        ),
        v128.store(out.get, f32x4.add(even.get, odd.get)),
        advance(out, 12),
        advance(starts, 4),
      ],
      i32.lessThan(starts.get, end.get),
    ),
  ];
});

/** Compiled once; its memory is replaced where an image needs a larger one. */
let compiled: ReturnType<typeof instantiate<"widen" | "weigh">> | undefined;

/** A function from the bytes of a row to the sums of its new pixels, which the next call overwrites. */
function rowResampler(width: number, { taps, starts, weights }: AxisWeights): (row: Uint8Array) => Float32Array {
  const count = starts.length;
  const even = taps + (taps % 2);
  // With an odd number of taps one more pixel is read, whose weight is 0.
  const pixelsAt = 0;
  const pixelsEnd = 16 * width;
  const startsAt = pixelsEnd + 16;
  const weightsAt = startsAt + 4 * count;
  const sumsAt = weightsAt + 4 * count * even;
  const rowAt = sumsAt + 12 * count + 4;
  const bytes = rowAt + 3 * width + 1;
  if (compiled === undefined || compiled.memory.byteLength < bytes) compiled = instantiate({ widen, weigh }, bytes);
  const { memory, call } = compiled;
  new Float32Array(memory, pixelsEnd, 4).fill(0);
  new Int32Array(memory, startsAt, count).set(starts.map((start) => pixelsAt + 16 * start));
  const padded = new Float32Array(memory, weightsAt, count * even).fill(0);
  for (let i = 0; i < count; i++) padded.set(weights.subarray(i * taps, (i + 1) * taps), i * even);
  const sums = new Float32Array(memory, sumsAt, 3 * count);
  const stored = new Uint8Array(memory, rowAt, 3 * width);
  return (row) => {
    stored.set(row);
    call.widen(rowAt, pixelsAt, pixelsEnd);
    call.weigh(startsAt, weightsAt, weightsAt, 4 * even, sumsAt);
    return sums;
  };
}

/**
 * A part of an image, resampled to `width` x `height` pixels: (height, width, 3) bytes. What stands beyond the part's edges does not count.
 */
export function resample(
  image: RgbImage,
  part: Rectangle,
  { width, height }: { readonly width: number; readonly height: number },
  filter: ResamplingFilter,
): Uint8Array {
  const rowOf = (y: number): Uint8Array => {
    const from = ((part.top + y) * image.width + part.left) * 3;
    return image.data.subarray(from, from + part.width * 3);
  };
  const length = width * 3;
  const out = new Uint8ClampedArray(length * height);
  if (part.width === width && part.height === height) {
    for (let y = 0; y < height; y++) out.set(rowOf(y), y * length);
    return new Uint8Array(out.buffer);
  }
  const resampleRow = rowResampler(part.width, axisWeights(part.width, width, filter));
  const { taps, starts, weights } = axisWeights(part.height, height, filter);
  const sums = new Float32Array(length * height);
  // New rows to which the row at hand belongs: from the first that is not done to the last that has begun.
  let [done, begun] = [0, 0];
  for (let y = 0; y < part.height; y++) {
    while (begun < height && starts[begun]! <= y) begun++;
    while (done < height && starts[done]! + taps <= y) done++;
    if (done === begun) continue;
    const row = resampleRow(rowOf(y));
    for (let i = done; i < begun; i++)
      addWeighted(sums.subarray(i * length, (i + 1) * length), row, weights[i * taps + y - starts[i]!]!);
  }
  // Rounds, and cuts off what overshoots.
  out.set(sums);
  return new Uint8Array(out.buffer);
}

function addWeighted(sums: Float32Array, row: Float32Array, weight: number): void {
  if (weight === 0) return;
  for (let i = 0; i < row.length; i++) sums[i]! += weight * row[i]!;
}
