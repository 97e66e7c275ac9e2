/** The inner loops of augmentation, on four pixels at a time. All is whole numbers: the same bytes on every machine. */
import {
  type Code,
  compileFunctions,
  f32x4,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  repeat,
  v128,
  type WasmFunction,
  wasmFunction,
} from "../../formats/web-assembly.ts";
import type { Fill } from "./policy.ts";
import type { Size } from "./transform.ts";

/** The variables of a function as it makes them. */
type Variable = (type: "i32" | "v128") => Local;

const number = (value: number): Code => i32x4.const([value, value, value, value]);

/** Where the weights of colours and the pairs of neighbours are in the memory of kernels. */
const [weightsAt, pairsAt] = [0, 48];

const advance = (local: Local, bytes: number): Code => local.set(i32.add(local.get, i32.const(bytes)));
const four = [0, 1, 2, 3] as const;

/** 0 to 255, in every second byte. */
const evenBytes = number(0xff00ff);

/**
 * RGB images to pairs of neighbours, eight bytes for each pixel: its red and that of the next one, both greens, both blues, and two of 0. Where
 * the image and the pairs begin, and where the pairs end.
 */
const pack = wasmFunction(3, (variable, image, pairs, end) => {
  const pixels = variable("v128");
  const none = 255;
  const pairOf = (pixel: number) => [...[0, 3, 1, 4, 2, 5].map((byte) => 3 * pixel + byte), ...[none, none]];
  return [
    repeat(
      [
        pixels.set(v128.load(image.get)),
        v128.store(pairs.get, i8x16.swizzle(pixels.get, i8x16.const([...pairOf(0), ...pairOf(1)]))),
        v128.store(
          i32.add(pairs.get, i32.const(16)),
          i8x16.swizzle(pixels.get, i8x16.const([...pairOf(2), ...pairOf(3)])),
        ),
        advance(image, 12),
        advance(pairs, 32),
      ],
      i32.lessThan(pairs.get, end.get),
    ),
  ];
});

/** The places, or the like, of four pixels: that of the first, and those that are one, two and three ways on. */
const fourFrom = (start: Local, step: Local): Code =>
  i32x4.add(i32x4.splat(start.get), i32x4.mul(i32x4.splat(step.get), i32x4.const(four)));

const fourTimes = (step: Local): Code => i32x4.shiftLeft(i32x4.splat(step.get), i32.const(2));

/** Bytes of two vectors, as numbers of 16 bits. */
const words = (numbers: readonly number[]): number[] => numbers.flatMap((at) => [2 * at, 2 * at + 1]);
const lowHalves = words([0, 2, 4, 6, 8, 10, 12, 14]);
const interleaveLow = (one: Code, other: Code): Code => i8x16.shuffle(words([0, 8, 1, 9, 2, 10, 3, 11]), one, other);
const interleaveHigh = (one: Code, other: Code): Code => i8x16.shuffle(words([4, 12, 5, 13, 6, 14, 7, 15]), one, other);
const exchangeHalves = (of: Local): Code => i8x16.shuffle(words([4, 5, 6, 7, 0, 1, 2, 3]), of.get, of.get);
/** One of four numbers, four times. */
const spread = (of: Local, i: number): Code => {
  const bytes = [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3];
  return i8x16.shuffle([...bytes, ...bytes, ...bytes, ...bytes], of.get, of.get);
};

/** Indices of rows or columns as they are inside the image; `ready` comes before the loop. */
type Inside = (variable: Variable, count: Local) => { readonly ready: Code; readonly of: (indices: Code) => Code };

const inside: { readonly [K in Fill]: Inside } = {
  /** ... 1 0 | 0 1 ... n-1 | n-1 n-2 ..., which begins again after 2n. The quotient is one off at most, either way. */
  reflect(variable, count) {
    const [period, last, inverse] = [variable("v128"), variable("v128"), variable("v128")];
    const [index, rest] = [variable("v128"), variable("v128")];
    const quotient = i32x4.fromFloat(f32x4.mul(f32x4.fromSigned(index.get), inverse.get));
    return {
      ready: [
        ...period.set(i32x4.splat(i32.add(count.get, count.get))),
        ...last.set(i32x4.sub(period.get, number(1))),
        ...inverse.set(f32x4.div(f32x4.fromSigned(number(1)), f32x4.fromSigned(period.get))),
      ],
      of: (indices) => [
        ...index.set(indices),
        ...rest.set(i32x4.sub(index.get, i32x4.mul(quotient, period.get))),
        ...rest.set(i32x4.add(rest.get, v128.and(i32x4.lessThanSigned(rest.get, number(0)), period.get))),
        ...rest.set(i32x4.sub(rest.get, v128.and(i32x4.lessThanSigned(last.get, rest.get), period.get))),
        ...i32x4.minSigned(rest.get, i32x4.sub(last.get, rest.get)),
      ],
    };
  },
  edge(variable, count) {
    const last = variable("v128");
    return {
      ready: last.set(i32x4.sub(i32x4.splat(count.get), number(1))),
      of: (indices) => i32x4.maxSigned(number(0), i32x4.minSigned(indices, last.get)),
    };
  },
};

/**
 * The sums of four neighbours by their weights for each of four pixels: red, green and blue of one in a vector, 256 times the mean. Reads
 * pairs where `x` and `y` are, in units of 1 / 2^16 pixel, and takes the weights from two vectors: those of the upper two neighbours, 16 bits
 * each, and those of the lower two.
 */
type Neighbours = (
  variable: Variable,
  places: Readonly<Record<"x" | "y" | "width" | "height", Local>>,
  weights: Readonly<Record<"upper" | "lower", Local>>,
) => { readonly beforeLoop: Code; readonly ready: Code; readonly sums: Code[] };

/** Where all four neighbours whose weight is not 0 are inside the image. */
const neighboursInside: Neighbours = (variable, { x, y, width }, { upper, lower }) => {
  const [places, byRow] = [variable("v128"), variable("v128")];
  const [place, rowBytes] = [variable("i32"), variable("i32")];
  // Columns and rows as numbers of 16 bits, side by side.
  const wholes = i8x16.shuffle(
    words([0, 9, 2, 11, 4, 13, 6, 15]),
    i32x4.shiftRightUnsigned(x.get, i32.const(16)),
    y.get,
  );
  return {
    beforeLoop: [
      ...rowBytes.set(i32.shiftLeft(width.get, i32.const(3))),
      ...byRow.set(v128.or(i32x4.shiftLeft(i32x4.splat(width.get), i32.const(16)), number(1))),
    ],
    ready: places.set(i32x4.shiftLeft(i32x4.dot(wholes, byRow.get), i32.const(3))),
    sums: four.map((i) =>
      i32x4.add(
        i32x4.dot(v128.load8x8u(place.tee(i32x4.extractLane(i, places.get)), pairsAt), spread(upper, i)),
        i32x4.dot(v128.load8x8u(i32.add(place.get, rowBytes.get), pairsAt), spread(lower, i)),
      ),
    ),
  };
};

/** Anywhere, each neighbour by itself. */
const neighboursAnywhere =
  (fill: Fill): Neighbours =>
  (variable, { x, y, width, height }, { upper, lower }) => {
    const [left, right, above, below] = [variable("v128"), variable("v128"), variable("v128"), variable("v128")];
    const [columns, rows] = [inside[fill](variable, width), inside[fill](variable, height)];
    const place = (row: Local, column: Local, i: number) =>
      i32x4.extractLane(i, i32x4.shiftLeft(i32x4.add(row.get, column.get), i32.const(3)));
    const one = (row: Local, column: Local, i: number) =>
      v128.and(v128.load64Zero(place(row, column, i), pairsAt), evenBytes);
    const pair = (row: Local, i: number) => interleaveLow(one(row, left, i), one(row, right, i));
    const rowAt = (indices: Code) => i32x4.mul(rows.of(indices), i32x4.splat(width.get));
    const [column, row] = [x, y].map((at) => i32x4.shiftRightSigned(at.get, i32.const(16))) as [Code, Code];
    return {
      beforeLoop: [...columns.ready, ...rows.ready],
      ready: [
        ...left.set(columns.of(column)),
        ...right.set(columns.of(i32x4.add(column, number(1)))),
        ...above.set(rowAt(row)),
        ...below.set(rowAt(i32x4.add(row, number(1)))),
      ],
      sums: four.map((i) =>
        i32x4.add(i32x4.dot(pair(above, i), spread(upper, i)), i32x4.dot(pair(below, i), spread(lower, i))),
      ),
    };
  };

/** Other colours: from pixels of one number each, red lowest, to a vector of all reds, greens and blues as signed 32-bit numbers. */
interface Recolouring {
  /** Before the loop. */
  readonly load: Code;
  readonly recolour: (pixel: Local) => { readonly ready: Code; readonly channels: readonly [Code, Code, Code] };
}

/** Weights in units of 1/4096: three rows for red, green and blue and an offset that has a half added, so that dropping the fraction rounds. */
const weightsOf = (variable: Variable, count: number) => {
  const weights = Array.from({ length: count }, () => variable("v128"));
  const load = weights.flatMap((weight, i) => weight.set(v128.load32Splat(i32.const(weightsAt + 4 * i))));
  return { weights, load };
};

/** Weights of 16 bits: red's and blue's in one number, green's in the next. */
function recolourNarrow(variable: Variable): Recolouring {
  const { weights, load } = weightsOf(variable, 9);
  const [redBlue, green] = [variable("v128"), variable("v128")];
  const channel = (row: number) => {
    const [ofRedBlue, ofGreen, offset] = weights.slice(3 * row, 3 * row + 3) as [Local, Local, Local];
    const products = i32x4.add(i32x4.dot(redBlue.get, ofRedBlue.get), i32x4.dot(green.get, ofGreen.get));
    return i32x4.shiftRightSigned(i32x4.add(products, offset.get), i32.const(12));
  };
  return {
    load,
    recolour: (pixel) => ({
      ready: [
        ...redBlue.set(v128.and(pixel.get, evenBytes)),
        ...green.set(v128.and(i32x4.shiftRightUnsigned(pixel.get, i32.const(8)), evenBytes)),
      ],
      channels: [channel(0), channel(1), channel(2)],
    }),
  };
}

/** Weights of 32 bits: red's, green's and blue's. */
function recolourWide(variable: Variable): Recolouring {
  const { weights, load } = weightsOf(variable, 12);
  const [red, green, blue] = [variable("v128"), variable("v128"), variable("v128")];
  const channel = (row: number) => {
    const [r, g, b, offset] = weights.slice(4 * row, 4 * row + 4) as [Local, Local, Local, Local];
    const sum = i32x4.add(
      i32x4.add(i32x4.mul(r.get, red.get), i32x4.mul(g.get, green.get)),
      i32x4.add(i32x4.mul(b.get, blue.get), offset.get),
    );
    return i32x4.shiftRightSigned(sum, i32.const(12));
  };
  return {
    load,
    recolour: (pixel) => ({
      ready: [
        ...red.set(v128.and(pixel.get, number(255))),
        ...green.set(v128.and(i32x4.shiftRightUnsigned(pixel.get, i32.const(8)), number(255))),
        ...blue.set(i32x4.shiftRightUnsigned(pixel.get, i32.const(16))),
      ],
      channels: [channel(0), channel(1), channel(2)],
    }),
  };
}

/**
 * Bilinear means of four neighbours each, read along a line and recoloured: where the RGB result begins and ends, the place of the first pixel and the way from
 * each to the next in units of 1 / 2^16 pixel. Fractions are in 1/256, and so are the weights, whose sum is 256: no channel reaches
 * beyond its 16 bits. Writes whole groups of four pixels, and four bytes after them.
 */
function resampling(neighbours: Neighbours, recolouring: (variable: Variable) => Recolouring): WasmFunction {
  return wasmFunction(8, (variable, out, end, startX, startY, stepX, stepY, width, height) => {
    const [x, y, wayX, wayY] = [variable("v128"), variable("v128"), variable("v128"), variable("v128")];
    // The low 16 bits of four x, and then of four y: fractions, which run over as they should.
    const [fractions, wayOn] = [variable("v128"), variable("v128")];
    const [fraction, exchanged, both, rest] = [variable("v128"), variable("v128"), variable("v128"), variable("v128")];
    const [upper, lower, pixel] = [variable("v128"), variable("v128"), variable("v128")];
    const { beforeLoop, ready, sums } = neighbours(variable, { x, y, width, height }, { upper, lower });
    const { load, recolour } = recolouring(variable);
    const { ready: separated, channels } = recolour(pixel);
    const rounded = (one: Code, other: Code) =>
      i16x8.shiftRightUnsigned(i16x8.add(i16x8.narrowUnsigned(one, other), number(0x800080)), i32.const(8));
    const [red, green, blue] = channels;
    return [
      load,
      beforeLoop,
      x.set(fourFrom(startX, stepX)),
      y.set(fourFrom(startY, stepY)),
      wayX.set(fourTimes(stepX)),
      wayY.set(fourTimes(stepY)),
      fractions.set(i8x16.shuffle(lowHalves, x.get, y.get)),
      wayOn.set(i8x16.shuffle(lowHalves, wayX.get, wayY.get)),
      repeat(
        [
          // right and down; then the weight of the one to the lower right, and from it those of all four.
          fraction.set(i16x8.shiftRightUnsigned(fractions.get, i32.const(8))),
          exchanged.set(exchangeHalves(fraction)),
          both.set(
            i16x8.shiftRightUnsigned(i16x8.add(i16x8.mul(fraction.get, exchanged.get), number(0x800080)), i32.const(8)),
          ),
          rest.set(i16x8.sub(fraction.get, both.get)),
          upper.set(
            interleaveLow(i16x8.sub(i16x8.sub(number(0x1000100), fraction.get), exchangeHalves(rest)), rest.get),
          ),
          lower.set(interleaveHigh(rest.get, both.get)),
          ready,
          pixel.set(i8x16.narrowUnsigned(rounded(sums[0]!, sums[1]!), rounded(sums[2]!, sums[3]!))),
          separated,
          v128.store(
            out.get,
            i8x16.swizzle(
              i8x16.narrowUnsigned(i16x8.narrowSigned(red, green), i16x8.narrowSigned(blue, blue)),
              i8x16.const([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 0, 0, 0, 0]),
            ),
          ),
          x.set(i32x4.add(x.get, wayX.get)),
          y.set(i32x4.add(y.get, wayY.get)),
          fractions.set(i16x8.add(fractions.get, wayOn.get)),
          advance(out, 12),
        ],
        i32.lessThan(out.get, end.get),
      ),
    ];
  });
}

/** Whether 16 bits hold it. */
const isNarrow = (weight: number): boolean => weight >= -32768 && weight <= 32767;

const compiled = new Map<Fill, ReturnType<typeof compile>>();

/** The same code serves images of all sizes. */
const compile = (fill: Fill) =>
  compileFunctions({
    pack,
    inside: resampling(neighboursInside, recolourNarrow),
    anywhere: resampling(neighboursAnywhere(fill), recolourNarrow),
    insideWide: resampling(neighboursInside, recolourWide),
    anywhereWide: resampling(neighboursAnywhere(fill), recolourWide),
  });

function codeFor(fill: Fill): ReturnType<typeof compile> {
  const code = compiled.get(fill) ?? compile(fill);
  compiled.set(fill, code);
  return code;
}

/** Kernels for images of one size, and the memory that they work in. */
export class PixelKernels {
  /** An RGB image, (height, width, 3): the one that is packed, and then the result. */
  readonly image: Uint8Array;
  readonly #weights: Int32Array;
  readonly #size: Size;
  readonly #call: ReturnType<ReturnType<typeof compile>>["call"];
  #wide = false;

  constructor(size: Size, fill: Fill) {
    const { height, width } = size;
    const count = height * width;
    // Kernels work on whole groups of four pixels, and on images in vectors that reach beyond four of them. They look at the row below the last
    // one, with a weight of 0.
    const grouped = (pixels: number) => (pixels + 3) & ~3;
    const imageAt = pairsAt + 8 * grouped(count + width + 1);
    const { memory, call } = codeFor(fill)(imageAt + 3 * grouped(count) + 16);
    this.#weights = new Int32Array(memory, weightsAt, 12);
    this.image = new Uint8Array(memory, imageAt, 3 * count);
    this.#size = size;
    this.#call = call;
  }

  /** Takes in the image, whose memory is then free for the result. */
  pack(): void {
    const { byteOffset, length } = this.image;
    this.#call.pack(byteOffset, pairsAt, pairsAt + 8 * (length / 3));
  }

  /**
   * Chooses the colours to come: three rows of four weights in units of 1/4096, for red, green and blue of the result. The last of each
   * counts by itself and has a half added, so that dropping the fraction rounds.
   */
  recolour(weights: readonly number[]): void {
    const rows = [weights.slice(0, 4), weights.slice(4, 8), weights.slice(8, 12)] as [number, number, number, number][];
    this.#wide = !rows.every(([r, g, b]) => isNarrow(r) && isNarrow(g) && isNarrow(b));
    this.#weights.set(
      this.#wide ? weights : rows.flatMap(([r, g, b, offset]) => [(r & 0xffff) | (b << 16), g & 0xffff, offset]),
    );
  }

  /**
   * Writes a part of a row of the result, rounded up to a multiple of four pixels, and four bytes after it: means of four neighbours each, recoloured. The place
   * of the first one, x and y, and the way from each to the next are in units of 1 / 2^16 pixel. `inside` says that all neighbours with a weight above 0 are inside the image.
   */
  resample(
    inside: boolean,
    row: number,
    from: number,
    to: number,
    x: number,
    y: number,
    stepX: number,
    stepY: number,
  ): void {
    const call = this.#call;
    const { height, width } = this.#size;
    const start = this.image.byteOffset + 3 * row * width;
    const kernel = inside
      ? this.#wide
        ? call.insideWide
        : call.inside
      : this.#wide
        ? call.anywhereWide
        : call.anywhere;
    kernel(start + 3 * from, start + 3 * to, x, y, stepX, stepY, width, height);
  }
}
