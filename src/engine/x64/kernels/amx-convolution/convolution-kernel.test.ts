/** The kernels, with weights as they pack them, against convolutions in plain TypeScript on the same bfloat16 numbers. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../../foreign/memory.ts";
import { Random } from "../../../../random.ts";
import { alignedBytes } from "../../../onednn/library/memory.ts";
import {
  drawnWords,
  kernels,
  kernelsMissing,
  singles,
  threads,
  toFloat,
  toWord,
  words,
} from "../../../testing/kernels-under-test.ts";
import { COEFFICIENT_ROWS, type CoefficientRow, coefficientRows, SUM_ROWS } from "../channel-pass.ts";
import { kernelKey, taskList } from "../task-kernel.ts";
import {
  type ConvolutionSink,
  type ConvolutionSource,
  convolutionArguments,
  convolutionKernel,
  workspaceBytes,
} from "./convolution-kernel.ts";
import { type ConvolutionShape, servesConvolution, tapOrder } from "./geometry.ts";
import { packedBytes, packTasks, packWeightsKernel } from "./pack-weights.ts";

const UNTOUCHED = 0xabcd;
/** Words behind every map that is written, which must stay as they are. */
const BEHIND = 64;

interface Case {
  readonly batch: number;
  readonly shape: ConvolutionShape;
  readonly source: ConvolutionSource;
  readonly sink: ConvolutionSink;
  /** Source of a projection. */
  readonly projected?: ConvolutionSource | undefined;
}

/** Channels-last maps of images, as numbers. */
interface Maps {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const sizeOf = ({ channels, height, width }: Maps) => channels * height * width;

/** The maps that a convolution writes. */
const resultOf = ({ filters, height, width, stride, direction }: ConvolutionShape): Maps => {
  const scale = direction === "forward" ? 1 / stride : stride;
  return { channels: filters, height: height * scale, width: width * scale };
};

/** Of floats as (kernel rows, kernel columns, channels, filters): each output pixel meets the input pixels under its taps, in either direction. */
function convolve(
  from: readonly number[],
  weights: Float32Array,
  shape: ConvolutionShape,
  batch: number,
): Float64Array {
  const { kernel, stride, direction } = shape;
  const forward = direction === "forward";
  const [read, written] = [shape, resultOf(shape)];
  const [input, output] = forward ? [read, written] : [written, read];
  const result = new Float64Array(batch * sizeOf(written));
  const border = (kernel - 1) / 2;
  const offset = (maps: Maps, image: number, row: number, column: number) =>
    ((image * maps.height + row) * maps.width + column) * maps.channels;
  for (let image = 0; image < batch; image++) {
    for (let index = 0; index < output.height * output.width * kernel * kernel; index++) {
      const [pixel, tap] = [Math.floor(index / kernel ** 2), index % kernel ** 2];
      const [outRow, outColumn] = [Math.floor(pixel / output.width), pixel % output.width];
      const row = outRow * stride + Math.floor(tap / kernel) - border;
      const column = outColumn * stride + (tap % kernel) - border;
      if (row < 0 || row >= input.height || column < 0 || column >= input.width) continue;
      const inside = offset(input, image, row, column);
      const outside = offset(output, image, outRow, outColumn);
      for (let channel = 0; channel < input.channels; channel++) {
        const weight = (tap * input.channels + channel) * output.channels;
        for (let filter = 0; filter < output.channels; filter++) {
          const factor = weights[weight + filter]!;
          if (forward) result[outside + filter]! += factor * from[inside + channel]!;
          else result[inside + channel]! += factor * from[outside + filter]!;
        }
      }
    }
  }
  return result;
}

/** Of doubles, that which a fused multiplication and addition of floats gives. */
const fma = (a: number, b: number, c: number) => Math.fround(a * b + c);

type Coefficient = (row: CoefficientRow) => number;

function madeOf(source: ConvolutionSource, [x = 0, other = 0]: readonly number[], coefficient: Coefficient): number {
  if (source.kind === "maps") return x;
  const normalized = source.kind === "normalize" || source.mask === "input";
  const scaled = normalized ? fma(x, coefficient("scale"), coefficient("shift")) : 0;
  if (source.kind === "normalize") {
    const factor = source.shortcut === "scaled" ? coefficient("shortcutScale") : 1;
    const sum = source.shortcut ? fma(other, factor, scaled) : scaled;
    return source.relu ? Math.max(0, sum) : sum;
  }
  const gradient = source.mask === "none" || scaled > 0 ? other : 0;
  return fma(gradient, coefficient("ofGradient"), fma(x, coefficient("ofInput"), coefficient("constant")));
}

/** What the sink stores, and the terms of its sums. */
function sunk(sink: ConvolutionSink, value: number, maps: readonly number[], coefficient: Coefficient) {
  if (sink.kind === "plain") return { value, terms: [] };
  if (sink.kind === "statistics") {
    const difference = value - coefficient("pivot");
    return { value, terms: [difference, difference ** 2] };
  }
  const [x, ...others] = maps as [number, ...number[]];
  const total = sink.second ? value + others[0]! : value;
  const signs = { none: 1, input: fma(x, coefficient("scale"), coefficient("shift")), output: others.at(-1)! };
  const gradient = signs[sink.mask] > 0 ? total : 0;
  return { value: gradient, terms: [gradient, gradient * (x - coefficient("mean"))] };
}

const sourceMaps = (source: ConvolutionSource): number =>
  source.kind === "maps" || (source.kind === "normalize" && !source.shortcut) ? 1 : 2;
const sinkMaps = (sink: ConvolutionSink): number =>
  sink.kind === "gradientSums" ? 1 + (sink.second ? 1 : 0) + (sink.mask === "output" ? 1 : 0) : 0;

const numbers = (map: Uint16Array): number[] => Array.from(map, toFloat);

function draw({ batch, shape, source, sink, projected }: Case) {
  const random = Random.of(...Object.values(shape).map(Number).filter(Number.isInteger), batch);
  const uniform = () => 2 * random.uniform() - 1;
  // Zeros as rectifiers give them.
  const drawMaps = (maps: Maps) =>
    drawnWords(batch * sizeOf(maps), () => (random.integer(5) === 0 ? 0 : toWord(uniform())));
  const drawTable = (channels: number) => singles(COEFFICIENT_ROWS * channels).map(uniform);
  const result = resultOf(shape);
  const [channels, filters] =
    shape.direction === "forward" ? [shape.channels, shape.filters] : [shape.filters, shape.channels];
  return {
    layer: { channels, filters, kernel: shape.kernel },
    weights: singles(channels * filters * shape.kernel ** 2).map(uniform),
    projectionWeights: singles(channels * filters).map(uniform),
    read: Array.from({ length: sourceMaps(source) }, () => drawMaps(shape)),
    projectionReads: Array.from({ length: projected ? sourceMaps(projected) : 0 }, () => drawMaps(shape)),
    joined: Array.from({ length: sinkMaps(sink) }, () => drawMaps(result)),
    sourceCoefficients: drawTable(shape.channels),
    projectionCoefficients: drawTable(shape.channels),
    sinkCoefficients: drawTable(shape.filters),
  };
}
type Drawn = ReturnType<typeof draw>;

const written = (length: number) => words(length + BEHIND).fill(UNTOUCHED);

/** Runs the kernels; gives the maps that were made for the convolution, its result and the sums of every image. */
function byKernels({ batch, shape, source, sink, projected }: Case, drawn: Drawn) {
  const { layer, weights, projectionWeights, read, joined, sourceCoefficients, sinkCoefficients } = drawn;
  const packed = alignedBytes(packedBytes(layer) + packedBytes({ ...layer, kernel: 1 }));
  const { direction } = shape;
  const [from, further] = [addressOf(weights), addressOf(projectionWeights)];
  const packing = packTasks(layer, direction, tapOrder(shape), from, addressOf(packed), further);
  kernels!.run(kernels!.load(packWeightsKernel(layer.filters, direction)), taskList(packing));

  const [made, projectionMade] = [written(batch * sizeOf(shape)), written(batch * sizeOf(shape))];
  const result = written(batch * sizeOf(resultOf(shape)));
  const sums = singles(SUM_ROWS * shape.filters * batch).fill(Number.NaN);
  const workspace = alignedBytes(threads * workspaceBytes(shape));
  const mapsAt = (maps: readonly Uint16Array[], size: number, image: number) =>
    maps.map((map) => addressOf(map) + BigInt(2 * size * image));
  const storing = (from: ConvolutionSource | undefined, maps: readonly Uint16Array[], result: Uint16Array) =>
    from?.kind === "maps" ? maps : [...maps, result];
  const projection = (image: number) => ({
    coefficients: addressOf(drawn.projectionCoefficients),
    sums: 0,
    maps: mapsAt(storing(projected, drawn.projectionReads, projectionMade), sizeOf(shape), image),
  });
  const tasks = Array.from({ length: batch }, (_, image) =>
    convolutionArguments({
      projection: projected && projection(image),
      workspace: addressOf(workspace),
      weights: addressOf(packed),
      source: {
        coefficients: addressOf(sourceCoefficients),
        sums: 0,
        maps: mapsAt(storing(source, read, made), sizeOf(shape), image),
      },
      sink: {
        coefficients: addressOf(sinkCoefficients),
        sums: addressOf(sums) + BigInt(4 * SUM_ROWS * shape.filters * image),
        maps: mapsAt([result, ...joined], sizeOf(resultOf(shape)), image),
      },
    }),
  );
  kernels!.run(kernels!.load(convolutionKernel(shape, source, sink, projected)), taskList(tasks));
  return { made, projectionMade, result, sums };
}

/** The same in plain TypeScript; the result is not rounded. */
function plainly({ batch, shape, source, sink, projected }: Case, drawn: Drawn) {
  const coefficientsOf = (table: Float32Array, channels: number, index: number) => (row: CoefficientRow) =>
    table[channels * coefficientRows[row] + (index % channels)]!;
  const joined = drawn.joined.map(numbers);
  const { channels, filters } = shape;
  const make = (from: ConvolutionSource, words: readonly Uint16Array[], table: Float32Array) => {
    const read = words.map(numbers);
    return Array.from({ length: batch * sizeOf(shape) }, (_, index) => {
      const values = read.map((map) => map[index]!);
      return toFloat(toWord(madeOf(from, values, coefficientsOf(table, channels, index))));
    });
  };
  const made = make(source, drawn.read, drawn.sourceCoefficients);
  const projectionMade = projected && make(projected, drawn.projectionReads, drawn.projectionCoefficients);
  const rounded = (weights: Float32Array) => weights.map((weight) => toFloat(toWord(weight)));
  const convolved = convolve(made, rounded(drawn.weights), shape, batch);
  if (projectionMade) {
    const projection = convolve(projectionMade, rounded(drawn.projectionWeights), { ...shape, kernel: 1 }, batch);
    convolved.forEach((value, index) => {
      convolved[index] = value + projection[index]!;
    });
  }
  const terms = sink.kind === "plain" ? 0 : SUM_ROWS * filters * batch;
  const [sums, sizes] = [new Float64Array(terms), new Float64Array(terms)];
  const perImage = sizeOf(resultOf(shape));
  const result = convolved.map((value, index) => {
    const coefficient = coefficientsOf(drawn.sinkCoefficients, filters, index);
    const values = joined.map((map) => map[index]!);
    const done = sunk(sink, value, values, coefficient);
    done.terms.forEach((term, row) => {
      const place = (SUM_ROWS * Math.floor(index / perImage) + row) * filters + (index % filters);
      sums[place]! += term;
      sizes[place]! += Math.abs(term);
    });
    return done.value;
  });
  return { made, projectionMade, result, sums, sizes };
}

/** Places where `found` is not within `allowed` of what is expected. */
const wrong = (found: ArrayLike<number>, expected: ArrayLike<number>, allowed: (index: number) => number): string[] =>
  Array.from(expected, (wanted, index) => ({ index, wanted, value: found[index]! }))
    .filter(({ index, wanted, value }) => !(Math.abs(value - wanted) <= allowed(index)))
    .map(({ index, wanted, value }) => `${index}: ${value} instead of ${wanted}`);

const size = (channels: number, height: number, width: number, filters: number, kernel: number, stride: 1 | 2 = 1) => ({
  ...{ channels, height, width, filters, kernel, stride },
});
const forward = (...[channels, ...rest]: Parameters<typeof size>): ConvolutionShape => ({
  ...size(channels, ...rest),
  direction: "forward",
});
const backward = (...[channels, ...rest]: Parameters<typeof size>): ConvolutionShape => ({
  ...size(channels, ...rest),
  direction: "backward",
});

const maps = { kind: "maps" } as const;
const plain = { kind: "plain" } as const;
const statistics = { kind: "statistics" } as const;
const normalize = (relu: boolean, shortcut: boolean | "scaled") => ({ kind: "normalize", relu, shortcut }) as const;
const inputGradient = (mask: "none" | "input") => ({ kind: "inputGradient", mask }) as const;
const gradientSums = (mask: "none" | "input" | "output", second: boolean, stores: boolean) =>
  ({ kind: "gradientSums", mask, second, stores }) as const;

const withProjection = (shape: ConvolutionShape): ConvolutionShape => ({ ...shape, projected: true });

const cases: readonly (readonly [
  ConvolutionShape,
  number,
  ConvolutionSource,
  ConvolutionSink,
  projected?: ConvolutionSource,
])[] = [
  [forward(32, 8, 8, 32, 3), 3, maps, plain],
  [forward(64, 4, 12, 32, 3), 1, normalize(true, false), statistics],
  [forward(32, 4, 16, 96, 5), 3, normalize(true, true), statistics],
  [forward(96, 3, 24, 64, 3), 1, normalize(false, true), statistics],
  [forward(64, 2, 32, 64, 3), 3, normalize(false, false), plain],
  [forward(32, 2, 10, 32, 3), 1, normalize(true, false), gradientSums("input", true, true)],
  [forward(32, 8, 16, 64, 3, 2), 3, maps, statistics],
  [forward(64, 4, 32, 32, 5, 2), 1, normalize(true, false), statistics],
  [forward(32, 2, 48, 96, 3, 2), 3, normalize(true, true), plain],
  [forward(32, 4, 24, 32, 5, 2), 1, inputGradient("none"), plain],
  [forward(32, 8, 8, 64, 1), 3, normalize(true, true), statistics],
  [forward(64, 4, 16, 32, 1, 2), 3, maps, statistics],
  [forward(32, 8, 16, 32, 3), 1, normalize(true, "scaled"), statistics],
  [forward(64, 4, 8, 32, 5), 1, normalize(true, true), statistics],
  [forward(32, 8, 4, 64, 3), 3, normalize(true, false), statistics],
  [forward(32, 6, 8, 32, 3), 1, normalize(true, false), statistics],
  [forward(32, 4, 8, 32, 1), 3, maps, statistics],
  [backward(32, 8, 8, 32, 3), 3, maps, plain],
  [backward(64, 16, 4, 32, 3, 2), 1, inputGradient("none"), gradientSums("input", true, true)],
  [backward(64, 4, 12, 32, 3), 1, inputGradient("none"), gradientSums("input", false, false)],
  [backward(32, 4, 16, 96, 5), 3, inputGradient("input"), gradientSums("none", false, false)],
  [backward(96, 3, 24, 64, 3), 1, inputGradient("none"), gradientSums("output", true, true)],
  [backward(64, 2, 32, 64, 3), 3, inputGradient("input"), gradientSums("output", false, true)],
  [backward(32, 2, 20, 32, 3), 1, maps, statistics],
  [backward(64, 4, 8, 32, 3, 2), 3, inputGradient("input"), gradientSums("none", true, true)],
  [backward(32, 2, 16, 64, 5, 2), 1, inputGradient("none"), gradientSums("input", true, true)],
  [backward(96, 1, 24, 32, 3, 2), 3, maps, gradientSums("output", true, true)],
  [backward(32, 4, 12, 32, 5, 2), 1, normalize(false, false), gradientSums("none", false, true)],
  [backward(64, 1, 32, 32, 3, 2), 1, inputGradient("none"), plain],
  [backward(32, 4, 16, 64, 1), 1, inputGradient("input"), gradientSums("output", true, true)],
  [backward(64, 2, 16, 32, 1, 2), 3, inputGradient("none"), gradientSums("none", true, true)],
  [withProjection(backward(32, 4, 16, 64, 3)), 1, maps, plain, inputGradient("input")],
  [withProjection(backward(64, 2, 8, 32, 5, 2)), 3, inputGradient("input"), plain, maps],
  [
    withProjection(backward(64, 4, 8, 32, 3, 2)),
    3,
    inputGradient("input"),
    gradientSums("output", false, true),
    inputGradient("none"),
  ],
];

const title = ([shape, batch, source, sink, projected]: (typeof cases)[number]) =>
  `${batch} x ${convolutionKernel(shape, source, sink, projected).name}`;

describe.skipIf(kernels === undefined)(`convolutions on tiles${kernelsMissing}`, () => {
  test.each(cases.map((each) => [title(each), each] as const))("%s", (_, [shape, batch, source, sink, projected]) => {
    expect(servesConvolution(shape)).toBe(true);
    const each = { shape, batch, source, sink, projected };
    const drawn = draw(each);
    const found = byKernels(each, drawn);
    const expected = plainly(each, drawn);

    const untouched = expected.made.map(() => toFloat(UNTOUCHED));
    const checkMade = (
      words: Uint16Array,
      from: ConvolutionSource | undefined,
      made: readonly number[] | undefined,
    ) => {
      const stored = from === undefined || from.kind === "maps" ? untouched : made!;
      expect(wrong(numbers(words.subarray(0, stored.length)), stored, () => 0)).toEqual([]);
    };
    checkMade(found.made, source, expected.made);
    checkMade(found.projectionMade, projected, expected.projectionMade);

    // Half the step from one bfloat16 number to the next, and what sums of floats lose.
    const rounding = (index: number) => 2 ** -8 * Math.abs(expected.result[index]!) + 1e-5;
    expect(wrong(numbers(found.result), expected.result, rounding)).toEqual([]);
    expect(wrong(found.sums, expected.sums, (index) => 1e-5 * expected.sizes[index]! + 1e-4)).toEqual([]);

    for (const map of [found.made, found.projectionMade, found.result]) {
      expect(map.subarray(map.length - BEHIND).every((word) => word === UNTOUCHED)).toBe(true);
    }
  });
});

test("convolutions on tiles that differ have different keys and names", () => {
  const all = cases.map(([shape, _, source, sink, projected]) => convolutionKernel(shape, source, sink, projected));
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(all.map(kernelKey)).size).toBe(all.length);
});

test("convolutions on tiles need AMX, and all that their vectors need", () => {
  const [shape, _, source, sink, projected] = cases[0]!;
  const { features } = convolutionKernel(shape, source, sink, projected).assemble({
    threadNumber: 1n,
    threadCount: 2n,
  });
  const needed = ["3dnowprefetch", "amx_bf16", "amx_tile", "avx", "avx512_bf16", "avx512f", "avx512vl"];
  expect([...features].sort()).toEqual(needed);
});

describe("no kernel serves", () => {
  test.each([
    ["channels that are no multiple of 32", forward(48, 8, 16, 32, 3)],
    ["filters that are no multiple of 32", forward(32, 8, 16, 48, 3)],
    ["filters that are no multiple of 32, backward", backward(32, 8, 16, 48, 3)],
    ["even kernels", forward(32, 8, 16, 32, 2)],
    ["rows of fewer than 8 pixels", forward(32, 8, 7, 32, 3)],
    ["rows that make no tiles of at least 8 pixels", forward(32, 8, 17, 32, 3)],
    ["rows of fewer than 8 pixels after striding", forward(32, 8, 14, 32, 3, 2)],
    ["rows whose length the stride does not divide", forward(32, 8, 33, 32, 3, 2)],
    ["columns whose length the stride does not divide", forward(32, 7, 32, 32, 3, 2)],
    ["an odd number of tiles", forward(32, 7, 16, 32, 3)],
    ["an odd number of tiles, of three a row", backward(32, 3, 48, 32, 3)],
  ])("%s", (_, shape) => {
    expect(servesConvolution(shape)).toBe(false);
  });
});
