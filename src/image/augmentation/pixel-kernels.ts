/** The inner loops of augmentation, on four pixels at a time. All is whole numbers: the same bytes on every machine. */
import {
  type Code,
  i8x16,
  i16x8,
  i32,
  i32x4,
  instantiate,
  type Local,
  repeat,
  v128,
  wasmFunction,
} from "../../formats/web-assembly.ts";

const number = (value: number): Code => i32x4.splat(i32.const(value));
const advance = (local: Local, bytes: number): Code => local.set(i32.add(local.get, i32.const(bytes)));
const four = [0, 1, 2, 3] as const;

/** RGB images to pixels of one number each, red lowest: where the image and the pixels begin, and where the pixels end. */
const pack = wasmFunction(3, (_, image, pixels, end) => [
  repeat(
    [
      v128.store(
        pixels.get,
        i8x16.shuffle([0, 1, 2, 16, 3, 4, 5, 16, 6, 7, 8, 16, 9, 10, 11, 16], v128.load(image.get), number(0)),
      ),
      advance(image, 12),
      advance(pixels, 16),
    ],
    i32.lessThan(pixels.get, end.get),
  ),
]);

/**
 * Bilinear means of four neighbours each, read along a line: where the image is, where the result begins and ends, the place
 * of the first pixel and the way from each to the next in units of 1 / 2^16 pixel, and the bytes of a row of the image.
 * Fractions are in 1/256, and so are the weights, whose sum is 256: no channel reaches beyond its 16 bits.
 */
const blend = wasmFunction(8, (variable, image, out, end, startX, startY, stepX, stepY, rowBytes) => {
  const [x, y, right, down] = [variable("v128"), variable("v128"), variable("v128"), variable("v128")];
  const [w, u, upper, lower, places] = [1, 2, 3, 4, 5].map(() => variable("v128")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const place = variable("i32");
  const sums = four.map(() => variable("v128"));
  const fraction = (of: Local) => v128.and(i32x4.shiftRightUnsigned(of.get, i32.const(8)), number(255));
  /** A pixel's two weights, four times each, for the four bytes of each of two neighbours. */
  const spread = (weights: Local, i: number) =>
    i8x16.shuffle(
      [0, 0, 0, 0, 2, 2, 2, 2].flatMap((byte) => [4 * i + byte, 4 * i + byte + 1]),
      weights.get,
      weights.get,
    );
  const halves = (first: number, one: Local, other: Local) =>
    i8x16.shuffle(
      [0, 16].flatMap((vector) => Array.from({ length: 8 }, (_, byte) => vector + first + byte)),
      one.get,
      other.get,
    );
  const mean = (one: Local, other: Local) =>
    i16x8.shiftRightUnsigned(
      i16x8.add(i16x8.add(halves(0, one, other), halves(8, one, other)), i16x8.splat(128)),
      i32.const(8),
    );
  const line = (start: Local, step: Local) =>
    i32x4.add(i32x4.splat(start.get), i32x4.mul(i32x4.splat(step.get), i32x4.const(four)));
  const further = (at: Local, step: Local) =>
    at.set(i32x4.add(at.get, i32x4.shiftLeft(i32x4.splat(step.get), i32.const(2))));
  return [
    x.set(line(startX, stepX)),
    y.set(line(startY, stepY)),
    repeat(
      [
        right.set(fraction(x)),
        down.set(fraction(y)),
        w.set(i32x4.shiftRightUnsigned(i32x4.add(i16x8.mul(right.get, down.get), number(128)), i32.const(8))),
        u.set(i32x4.sub(down.get, w.get)),
        upper.set(
          v128.or(
            i32x4.sub(i32x4.sub(number(256), right.get), u.get),
            i32x4.shiftLeft(i32x4.sub(right.get, w.get), i32.const(16)),
          ),
        ),
        lower.set(v128.or(u.get, i32x4.shiftLeft(w.get, i32.const(16)))),
        places.set(
          i32x4.add(
            i32x4.mul(i32x4.shiftRightSigned(y.get, i32.const(16)), i32x4.splat(rowBytes.get)),
            i32x4.shiftLeft(i32x4.shiftRightSigned(x.get, i32.const(16)), i32.const(2)),
          ),
        ),
        ...sums.map((sum, i) =>
          sum.set(
            i16x8.add(
              i16x8.mul(
                v128.load8x8u(place.tee(i32.add(i32x4.extractLane(i, places.get), image.get))),
                spread(upper, i),
              ),
              i16x8.mul(v128.load8x8u(i32.add(place.get, rowBytes.get)), spread(lower, i)),
            ),
          ),
        ),
        v128.store(out.get, i8x16.narrowUnsigned(mean(sums[0]!, sums[1]!), mean(sums[2]!, sums[3]!))),
        further(x, stepX),
        further(y, stepY),
        advance(out, 16),
      ],
      i32.lessThan(out.get, end.get),
    ),
  ];
});

/**
 * Pixels to an RGB image, with other colours: where the pixels begin and end, where the image begins, and where the weights
 * are. Three rows of four weights in units of 1/4096, the last of each by itself with a half added, so that dropping the fraction rounds.
 */
const recolour = wasmFunction(4, (variable, pixels, end, image, weights) => {
  const matrix = Array.from({ length: 12 }, () => variable("v128"));
  const [pixel, red, green, blue] = [variable("v128"), variable("v128"), variable("v128"), variable("v128")];
  const redAndGreen = variable("v128");
  const channel = (row: number) => {
    const [r, g, b, offset] = matrix.slice(4 * row, 4 * row + 4) as [Local, Local, Local, Local];
    const sum = i32x4.add(
      i32x4.add(i32x4.mul(r.get, red.get), i32x4.mul(g.get, green.get)),
      i32x4.add(i32x4.mul(b.get, blue.get), offset.get),
    );
    return i32x4.shiftRightSigned(sum, i32.const(12));
  };
  return [
    ...matrix.map((weight, i) => weight.set(v128.load32Splat(i32.add(weights.get, i32.const(4 * i))))),
    repeat(
      [
        pixel.set(v128.load(pixels.get)),
        red.set(v128.and(pixel.get, number(255))),
        green.set(v128.and(i32x4.shiftRightUnsigned(pixel.get, i32.const(8)), number(255))),
        blue.set(i32x4.shiftRightUnsigned(pixel.get, i32.const(16))),
        redAndGreen.set(i16x8.narrowSigned(channel(0), channel(1))),
        v128.store(
          image.get,
          i8x16.shuffle(
            [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 0, 0, 0, 0],
            i8x16.narrowUnsigned(redAndGreen.get, i16x8.narrowSigned(channel(2), number(0))),
            number(0),
          ),
        ),
        advance(pixels, 16),
        advance(image, 12),
      ],
      i32.lessThan(pixels.get, end.get),
    ),
  ];
});

/** Kernels for images of one size, and the memory that they work in. */
export class PixelKernels {
  /** An RGB image, (height, width, 3). */
  readonly image: Uint8Array;
  /** Another one, a number each pixel, red lowest. */
  readonly pixels: Int32Array;
  /** As many pixels as a row has. */
  readonly row: Int32Array;
  /** See {@link PixelKernels.recolourRow}. */
  readonly weights: Int32Array;
  readonly #width: number;
  readonly #call: Readonly<Record<"pack" | "blend" | "recolour", (...values: number[]) => void>>;

  constructor({ height, width }: { readonly height: number; readonly width: number }) {
    const count = height * width;
    // Kernels work on whole groups of four pixels, and on images in vectors that reach beyond four of them.
    const grouped = (pixels: number) => (pixels + 3) & ~3;
    const weightsAt = 0;
    const pixelsAt = weightsAt + 48;
    const rowAt = pixelsAt + 4 * grouped(count);
    const imageAt = rowAt + 4 * grouped(width);
    const { memory, call } = instantiate({ pack, blend, recolour }, imageAt + 3 * grouped(count) + 16);
    this.weights = new Int32Array(memory, weightsAt, 12);
    this.pixels = new Int32Array(memory, pixelsAt, count);
    this.row = new Int32Array(memory, rowAt, width);
    this.image = new Uint8Array(memory, imageAt, 3 * count);
    this.#width = width;
    this.#call = call;
  }

  /** Makes the image's pixels. */
  pack(): void {
    const { pixels, image } = this;
    this.#call.pack(image.byteOffset, pixels.byteOffset, pixels.byteOffset + pixels.byteLength);
  }

  /**
   * Fills a part of the row, of a multiple of four pixels, with means of four neighbours inside the image: the places of the first, x and
   * y, and the ways from each to the next, in units of 1 / 2^16 pixel.
   */
  blend(from: number, to: number, x: number, y: number, stepX: number, stepY: number): void {
    const { pixels, row } = this;
    const [start, end] = [row.byteOffset + 4 * from, row.byteOffset + 4 * to];
    this.#call.blend(pixels.byteOffset, start, end, x, y, stepX, stepY, 4 * this.#width);
  }

  /** Writes the row, recoloured by the weights, into the image. */
  recolourRow(y: number): void {
    const { row, image, weights } = this;
    const to = image.byteOffset + 3 * y * this.#width;
    this.#call.recolour(row.byteOffset, row.byteOffset + row.byteLength, to, weights.byteOffset);
  }
}
