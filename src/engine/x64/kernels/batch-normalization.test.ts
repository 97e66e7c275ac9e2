/** The kernels against plain TypeScript, word by word; sums up to rounding. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import { Random } from "../../../random.ts";
import {
  drawnWords,
  bf16Kernels as kernels,
  bf16KernelsMissing as kernelsMissing,
  singles,
  toFloat,
  toWord,
  words,
} from "../../testing/kernels-under-test.ts";
import {
  gradientSumsKernel,
  inputGradientKernel,
  normalizeKernel,
  pixelArguments,
  statisticsKernel,
} from "./batch-normalization.ts";
import { COEFFICIENT_ROWS, type CoefficientRow, coefficientRows, passArguments, SUM_ROWS } from "./channel-pass.ts";
import { type Kernel, kernelKey, taskList } from "./task-kernel.ts";

const channelCounts = [16, 32, 48, 64, 112, 256];
/** Of every task. */
const pixelCounts = [1, 3, 4, 7, 64];
const pixels = pixelCounts.reduce((sum, count) => sum + count);
const starts = pixelCounts.map((_, task) => pixelCounts.slice(0, task).reduce((sum, count) => sum + count, 0));
const booleans = [false, true];

/** What stands where nothing may be written. */
const UNTOUCHED = 0xabcd;

/** Coefficients of which some are zero, so that what a mask looks at is exactly zero too. */
function drawCoefficients(channels: number, random: Random): Float32Array {
  const coefficients = singles(COEFFICIENT_ROWS * channels).map(() => 2 * random.uniform() - 1);
  for (let channel = 0; channel < channels; channel += 5) coefficients[channels * coefficientRows.shift + channel] = 0;
  return coefficients;
}

const ordinary = (random: Random): number => {
  const kind = random.integer(8);
  return kind === 0 ? 0 : kind === 1 ? 0x8000 : toWord(4 * random.uniform() - 2);
};
const special = [0x7f80, 0xff80, 0x7fc0, 0xffc0, 0, 0x8000];
const anyValue = (random: Random): number =>
  random.integer(4) === 0 ? special[random.integer(special.length)]! : ordinary(random);

const drawMaps = (channels: number, random: Random, draw: (random: Random) => number = ordinary) =>
  drawnWords(pixels * channels, () => draw(random));

/** A place for maps, with as much behind them that must stay as it is. */
const emptyMaps = (channels: number) => words(pixels * channels + 64).fill(UNTOUCHED);

interface Pass {
  readonly channels: number;
  readonly coefficients: Float32Array;
  readonly maps: readonly Uint16Array[];
}

/** Runs a pass whose tasks are consecutive parts of the maps; gives the sums. */
function run(kernel: Kernel, { channels, coefficients, maps }: Pass): Float32Array {
  const sumsPerTask = SUM_ROWS * channels;
  const sums = singles(sumsPerTask * pixelCounts.length).fill(Number.NaN);
  const tasks = pixelCounts.map((count, task) => [
    ...pixelArguments(count),
    ...passArguments({
      coefficients: addressOf(coefficients),
      sums: addressOf(sums) + BigInt(4 * sumsPerTask * task),
      maps: maps.map((map) => addressOf(map) + BigInt(2 * channels * starts[task]!)),
    }),
  ]);
  kernels!.run(kernels!.load(kernel), taskList(tasks));
  return sums;
}

/** Values of one element in `maps`, and the coefficients of its channel. */
type PerElement<T> = (values: readonly number[], coefficient: (row: CoefficientRow) => number) => T;

const evaluate = <T>({ channels, coefficients, maps }: Pass, what: PerElement<T>): T[] =>
  Array.from({ length: pixels * channels }, (_, index) =>
    what(
      maps.map((map) => toFloat(map[index]!)),
      (row) => coefficients[channels * coefficientRows[row] + (index % channels)]!,
    ),
  );

const canonical = (word: number) => (Number.isNaN(toFloat(word)) ? 0x7fc0 : word);

/** Where words differ from the numbers that they should round, and where something was written behind them. */
const wrongWords = (found: Uint16Array, expected: readonly number[]): string[] =>
  Array.from(found, (word, index) => [index, canonical(word), canonical(toWordAt(expected, index))] as const)
    .filter(([, word, wanted]) => word !== wanted)
    .map(([index, word, wanted]) => `${index}: ${toFloat(word)} instead of ${toFloat(wanted)}`);

const toWordAt = (expected: readonly number[], index: number) =>
  index < expected.length ? toWord(expected[index]!) : UNTOUCHED;

/** Sums of a task and channel that are further from those of `terms` (per element, both rows) than adding floats can be. */
function wrongSums(found: Float32Array, channels: number, terms: readonly (readonly [number, number])[]): string[] {
  const totals = new Float64Array(found.length);
  const sizes = new Float64Array(found.length);
  pixelCounts.forEach((count, task) => {
    for (let index = starts[task]! * channels; index < (starts[task]! + count) * channels; index++) {
      terms[index]!.forEach((term, row) => {
        const place = (SUM_ROWS * task + row) * channels + (index % channels);
        totals[place]! += term;
        sizes[place]! += Math.abs(term);
      });
    }
  });
  return Array.from(totals.keys())
    .filter((place) => !(Math.abs(found[place]! - totals[place]!) <= 1e-6 * sizes[place]!))
    .map((place) => `${place}: ${found[place]} instead of ${totals[place]}`);
}

const shortcuts = [false, true, "scaled"] as const;

/** Of doubles, that which a fused multiplication and addition of floats gives. */
const fma = (a: number, b: number, c: number) => Math.fround(a * b + c);

describe.skipIf(kernels === undefined)(`kernels for batch normalisation${kernelsMissing}`, () => {
  const normalizations = channelCounts.flatMap((channels) =>
    booleans.flatMap((relu) => shortcuts.map((shortcut) => ({ channels, relu, shortcut }))),
  );
  test.each(normalizations)("normalize $channels channels, relu: $relu, shortcut: $shortcut", (each) => {
    const { channels, relu, shortcut } = each;
    const random = Random.of(channels, 1);
    const inputs = (shortcut ? [1, 2] : [1]).map(() => drawMaps(channels, random, anyValue));
    const coefficients = drawCoefficients(channels, random);
    const output = emptyMaps(channels);
    run(normalizeKernel(channels, each), { channels, coefficients, maps: [output, ...inputs] });
    const expected = evaluate({ channels, coefficients, maps: inputs }, ([x, other], coefficient) => {
      const normalized = fma(x!, coefficient("scale"), coefficient("shift"));
      const factor = shortcut === "scaled" ? coefficient("shortcutScale") : 1;
      const sum = shortcut ? fma(other!, factor, normalized) : normalized;
      // What is not a number stays so.
      return relu && sum < 0 ? 0 : sum;
    });
    expect(expected.some(Number.isNaN)).toBe(true);
    expect(wrongWords(output, expected)).toEqual([]);
  });

  test.each(channelCounts)("add up %i channels for mean and variance", (channels) => {
    const random = Random.of(channels, 2);
    const maps = [drawMaps(channels, random)];
    const coefficients = drawCoefficients(channels, random);
    const sums = run(statisticsKernel(channels), { channels, coefficients, maps });
    const terms = evaluate({ channels, coefficients, maps }, ([x], coefficient) => {
      const difference = x! - coefficient("pivot");
      return [difference, difference ** 2] as const;
    });
    expect(wrongSums(sums, channels, terms)).toEqual([]);
  });

  const gradientSums = channelCounts.flatMap((channels) =>
    (["none", "input", "output"] as const).flatMap((mask) =>
      booleans.flatMap((second) => booleans.map((stores) => ({ channels, mask, second, stores }))),
    ),
  );
  test.each(gradientSums)(
    "add up gradients of $channels channels, mask: $mask, second: $second, stored: $stores",
    (each) => {
      const { channels, mask, second, stores } = each;
      const random = Random.of(channels, 3);
      const [gradient, x, other, output] = Array.from({ length: 4 }, () => drawMaps(channels, random));
      const coefficients = drawCoefficients(channels, random);
      const stored = emptyMaps(channels);
      const maps = [gradient!, x!, ...(second ? [other!] : []), ...(mask === "output" ? [output!] : [])];
      const sums = run(gradientSumsKernel(channels, each), { channels, coefficients, maps: [stored, ...maps] });

      const all = { channels, coefficients, maps: [gradient!, x!, other!, output!] };
      const expected = evaluate(all, ([incoming, input, further, result], coefficient) => {
        const sign = { none: 1, input: fma(input!, coefficient("scale"), coefficient("shift")), output: result! }[mask];
        const total = second ? Math.fround(incoming! + further!) : incoming!;
        const masked = sign > 0 ? total : 0;
        return { masked, terms: [masked, masked * (input! - coefficient("mean"))] as const };
      });
      const terms = expected.map((element) => element.terms);
      expect(wrongSums(sums, channels, terms)).toEqual([]);
      const masked = expected.map((element) => element.masked);
      expect(masked.filter((value) => value === 0).length).toBeGreaterThan(0);
      expect(wrongWords(stored, stores ? masked : masked.map(() => toFloat(UNTOUCHED)))).toEqual([]);
    },
  );

  const inputGradients = channelCounts.flatMap((channels) =>
    (["none", "input"] as const).map((mask) => ({ channels, mask })),
  );
  test.each(inputGradients)("give the gradient of $channels channels of input, mask: $mask", ({ channels, mask }) => {
    const random = Random.of(channels, 4);
    const maps = [drawMaps(channels, random), drawMaps(channels, random)];
    const coefficients = drawCoefficients(channels, random);
    const output = emptyMaps(channels);
    run(inputGradientKernel(channels, { mask }), { channels, coefficients, maps: [output, ...maps] });
    const expected = evaluate({ channels, coefficients, maps }, ([x, gradient], coefficient) => {
      const sign = mask === "none" ? 1 : fma(x!, coefficient("scale"), coefficient("shift"));
      const ofX = fma(x!, coefficient("ofInput"), coefficient("constant"));
      return fma(sign > 0 ? gradient! : 0, coefficient("ofGradient"), ofX);
    });
    expect(wrongWords(output, expected)).toEqual([]);
  });
});

test("kernels for batch normalisation that differ have different keys and names", () => {
  const shapes = booleans.flatMap((a) => booleans.map((b) => [a, b] as const));
  const all = [16, 32].flatMap((channels) => [
    ...booleans.flatMap((relu) => shortcuts.map((shortcut) => normalizeKernel(channels, { relu, shortcut }))),
    statisticsKernel(channels),
    ...(["none", "input", "output"] as const).flatMap((mask) =>
      shapes.map(([second, stores]) => gradientSumsKernel(channels, { mask, second, stores })),
    ),
    ...(["none", "input"] as const).map((mask) => inputGradientKernel(channels, { mask })),
  ]);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(all.map(kernelKey)).size).toBe(all.length);
});
