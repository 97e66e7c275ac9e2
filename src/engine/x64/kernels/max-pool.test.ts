/** The kernels against the reference engine's max pooling, on bf16 numbers of every kind. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import { buildGraph, type GraphNode } from "../../../network/graph.ts";
import { flatten, maxPool, type ResolvedMaxPool } from "../../../network/layer.ts";
import { Random } from "../../../random.ts";
import { alignedBytes } from "../../onednn/library/memory.ts";
import { maxPool as referenceMaxPool } from "../../reference/pooling.ts";
import {
  drawnWords,
  bf16Kernels as kernels,
  bf16KernelsMissing as kernelsMissing,
  toFloat,
  words,
} from "../../testing/kernels-under-test.ts";
import { CLEARED, canMaxPool, maxPoolGradientKernel, maxPoolKernel } from "./max-pool.ts";
import { taskList } from "./task-kernel.ts";

const BATCH = 2;
/** 0, -0, 1, -1, infinities, numbers that are none, denormals. */
const special = [0, 0x8000, 0x3f80, 0xbf80, 0x7f80, 0xff80, 0x7fc0, 0xffc0, 1, 0x8001];

interface Maps {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Channels-last words as the reference's numbers, (batch, channels, height, width). */
function channelsFirst(maps: Uint16Array, { channels, height, width }: Maps): Float64Array {
  const area = height * width;
  return Float64Array.from(maps, (_, i) => {
    const [image, channel, pixel] = [Math.floor(i / (channels * area)), Math.floor(i / area) % channels, i % area];
    return toFloat(maps[(image * area + pixel) * channels + channel]!);
  });
}

describe.skipIf(kernels === undefined)(`max pooling kernels${kernelsMissing}`, () => {
  const shapes: readonly (readonly [number, number, number, number, number])[] = [
    [16, 8, 8, 2, 2],
    [16, 7, 9, 2, 2],
    [32, 5, 6, 2, 2],
    [48, 5, 8, 2, 3],
    [64, 7, 7, 3, 3],
    [80, 4, 5, 1, 2],
    [16, 7, 9, 4, 4],
    [96, 8, 3, 3, 1],
    [128, 2, 2, 2, 2],
    [160, 2, 3, 2, 2],
    [16, 3, 1, 1, 1],
  ];
  const cases = shapes.flatMap((shape) =>
    (["none", "all", "positive"] as const).map((each) => [...shape, each] as const),
  );

  test.each(cases)(
    "%i channels of %i x %i by %i x %i, winners: %s",
    (channels, height, width, rows, columns, winners) => {
      const window = [rows, columns] as const;
      const wide = { channels, height, width };
      const graph = buildGraph({ name: "pooled", input: wide, layers: [maxPool(window), flatten()] });
      const [, outHeight, outWidth] = graph.nodes[0]!.shape as readonly [number, number, number];
      const narrow = { channels, height: outHeight, width: outWidth };
      const outputs = BATCH * channels * outHeight * outWidth;

      const random = Random.of(channels, height, width);
      const some = () => (random.uniform() < 0.5 ? special[random.integer(special.length)]! : random.integer(2 ** 16));
      // Behind a rectifier there is nothing negative.
      const input = drawnWords(BATCH * channels * height * width, () =>
        winners === "positive" ? some() & 0x7fff : some(),
      );
      const output = words(outputs);
      const numbers = alignedBytes(outputs);
      const gradient = drawnWords(outputs, () => 0x3f80 + random.integer(100));
      const inputGradient = drawnWords(input.length, () => 0xffff);

      const sizes = { channels, width, window };
      const last = outHeight - 1;
      const below = 2 * channels * width * (height - rows * outHeight);
      const tasks = (to: Uint16Array, from: Uint16Array) =>
        taskList(
          Array.from({ length: BATCH * outHeight }, (_, task) => {
            const row = Math.floor(task / outHeight) * height + (task % outHeight) * rows;
            return [
              addressOf(to) + BigInt(2 * channels * width * row),
              addressOf(from) + BigInt(2 * channels * outWidth * task),
              addressOf(numbers) + BigInt(channels * outWidth * task),
              task % outHeight === last ? below / CLEARED : 0,
            ];
          }),
        );
      expect(canMaxPool(channels, window)).toBe(true);
      kernels!.run(kernels!.load(maxPoolKernel({ ...sizes, winners })), tasks(input, output));

      const expected = new Float64Array(outputs);
      const pullback = referenceMaxPool({
        node: graph.nodes[0] as GraphNode<ResolvedMaxPool>,
        batch: BATCH,
        inputs: [channelsFirst(input, wide)],
        output: expected,
        parameters: {},
        training: true,
        dropoutPath: [0, 0, 0],
      });
      expect(channelsFirst(output, narrow)).toEqual(expected);
      if (winners === "none") {
        expect(numbers.every((number) => number === 0)).toBe(true);
        return;
      }
      kernels!.run(kernels!.load(maxPoolGradientKernel(sizes)), tasks(inputGradient, gradient));
      const incoming = channelsFirst(gradient, narrow);
      const masked = incoming.map((value, i) => (winners === "all" || expected[i]! > 0 ? value : 0));
      const expectedGradient = new Float64Array(input.length);
      pullback(masked, [expectedGradient], {});
      expect(channelsFirst(inputGradient, wide)).toEqual(expectedGradient);
    },
  );
});

test("only whole registers of channels and windows of at most 16 elements can be pooled", () => {
  expect(canMaxPool(24, [2, 2])).toBe(false);
  expect(canMaxPool(16, [4, 5])).toBe(false);
  expect(canMaxPool(48, [4, 4])).toBe(true);
});
