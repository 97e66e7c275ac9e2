/** Numbers by which alike images are found: low frequencies of a window of a look, the same under flips and quarter turns. */
import { chromaSize, lumaSize } from "./look.ts";

/** The part of an image's width or height that a window takes, as fractions. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** The windows of one axis: whole, and parts of 90 and 80 percent at the start, in the middle and at the end. */
const spans: readonly Span[] = [
  { start: 0, length: 1 },
  ...[0.9, 0.8].flatMap((length) => [0, 0.5, 1].map((place) => ({ start: place * (1 - length), length }))),
];

/** A part of an image: `x` and `y` are spans of its width and height. */
export interface Window {
  readonly x: Span;
  readonly y: Span;
}

/** Pairs of spans whose lengths differ by at most a tenth: what people cut keeps about its aspect. The first is the whole image. */
const pairs: readonly (readonly [number, number])[] = spans.flatMap((x, i) =>
  spans.flatMap((y, j) => (Math.abs(x.length - y.length) < 0.15 ? [[i, j] as const] : [])),
);

/** The windows that are described, the whole image first. */
export const windows: readonly Window[] = pairs.map(([i, j]) => ({ x: spans[i]!, y: spans[j]! }));

const lumaFrequencies = 5;
const chromaFrequencies = 3;

/** Invariants of `frequencies` x `frequencies` coefficients: as many as there are coefficients. */
const lumaNumbers = lumaFrequencies ** 2 - 1;
const chromaNumbers = chromaFrequencies ** 2;

/** Length of a descriptor. */
export const descriptorLength = lumaNumbers + 2 * chromaNumbers;

/** The cosine transform of a span of a row of `size` pixels as a matrix (frequencies, size). */
function cosineMatrix({ start, length }: Span, size: number, frequencies: number): Float32Array {
  const matrix = new Float32Array(frequencies * size);
  const [from, to] = [start * size, (start + length) * size];
  for (let pixel = 0; pixel < size; pixel++) {
    // The part of the pixel inside the span, and its centre there.
    const [left, right] = [Math.max(pixel, from), Math.min(pixel + 1, to)];
    if (right <= left) continue;
    const centre = ((left + right) / 2 - from) / (to - from);
    for (let u = 0; u < frequencies; u++) {
      matrix[u * size + pixel] =
        ((right - left) / (to - from)) * Math.cos(Math.PI * u * centre) * (u === 0 ? 1 : Math.SQRT2);
    }
  }
  return matrix;
}

const matricesOf = (size: number, frequencies: number): Float32Array[] =>
  spans.map((span) => cosineMatrix(span, size, frequencies));
const lumaMatrices = matricesOf(lumaSize, lumaFrequencies);
const chromaMatrices = matricesOf(chromaSize, chromaFrequencies);

/** Coefficients of every window of one plane, as (windows, frequencies, frequencies) with the vertical frequency first. */
function coefficients(
  plane: Uint8Array,
  size: number,
  frequencies: number,
  matrices: readonly Float32Array[],
  count: number,
): Float32Array {
  // Rows first, once for every horizontal span.
  const rows = matrices.map((matrix) => {
    const result = new Float32Array(size * frequencies);
    for (let y = 0; y < size; y++) {
      for (let u = 0; u < frequencies; u++) {
        let sum = 0;
        for (let x = 0; x < size; x++) sum += plane[y * size + x]! * matrix[u * size + x]!;
        result[y * frequencies + u] = sum;
      }
    }
    return result;
  });
  const result = new Float32Array(count * frequencies ** 2);
  for (let window = 0, at = 0; window < count; window++) {
    const [i, j] = pairs[window]!;
    const [row, matrix] = [rows[i]!, matrices[j]!];
    for (let v = 0; v < frequencies; v++) {
      for (let u = 0; u < frequencies; u++) {
        let sum = 0;
        for (let y = 0; y < size; y++) sum += matrix[v * size + y]! * row[y * frequencies + u]!;
        result[at++] = sum;
      }
    }
  }
  return result;
}

/**
 * Numbers that no flip and no transposition of the image changes. A horizontal flip changes the sign of odd horizontal frequencies, a
 * vertical one that of odd vertical ones, and transposition swaps the two: so even coefficients keep their sign, the others
 * count by size, and of a pair that swaps the sum and the difference's size are taken.
 */
function invariants(plane: Float32Array, from: number, frequencies: number, first: number, out: number[]): void {
  for (let v = 0; v < frequencies; v++) {
    for (let u = v; u < frequencies; u++) {
      if (u + v < first) continue;
      const signed = u % 2 === 0 && v % 2 === 0;
      const [a, b] = [plane[from + v * frequencies + u]!, plane[from + u * frequencies + v]!];
      const [p, q] = signed ? [a, b] : [Math.abs(a), Math.abs(b)];
      if (u === v) out.push(p);
      else out.push((p + q) * Math.SQRT1_2, Math.abs(p - q) * Math.SQRT1_2);
    }
  }
}

/** Colour counts by its own contrast, but no less than this many grey levels, so that a flat image is not blown up. */
const leastContrast = 4;

/**
 * Describes the first `count` windows of a look into `out`, (count, descriptorLength): brightness and contrast of the
 * lightness do not count.
 */
export function describeLook(look: Uint8Array, count: number, out: Float32Array): void {
  const lumaBytes = lumaSize ** 2;
  const chromaBytes = chromaSize ** 2;
  const luma = coefficients(look.subarray(0, lumaBytes), lumaSize, lumaFrequencies, lumaMatrices, count);
  const colours = [0, 1].map((channel) =>
    coefficients(
      look.subarray(lumaBytes + channel * chromaBytes, lumaBytes + (channel + 1) * chromaBytes),
      chromaSize,
      chromaFrequencies,
      chromaMatrices,
      count,
    ),
  );
  for (let window = 0; window < count; window++) {
    const numbers: number[] = [];
    invariants(luma, window * lumaFrequencies ** 2, lumaFrequencies, 1, numbers);
    const contrast = Math.max(Math.hypot(...numbers), leastContrast);
    for (let i = 0; i < numbers.length; i++) numbers[i]! /= contrast;
    for (const colour of colours) {
      const own: number[] = [];
      invariants(colour, window * chromaFrequencies ** 2, chromaFrequencies, 0, own);
      // Mid grey is 128; a difference of 16 levels in colour weighs as much as the whole pattern of lightness.
      own[0]! -= 128;
      for (const number of own) numbers.push(number / 16);
    }
    out.set(numbers, window * descriptorLength);
  }
}
