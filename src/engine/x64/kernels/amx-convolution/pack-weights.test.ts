/** The kernels against the same in plain TypeScript, word by word. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../../foreign/memory.ts";
import { Random } from "../../../../random.ts";
import {
  bf16Kernels as kernels,
  bf16KernelsMissing as kernelsMissing,
  singles,
  toWord,
  words,
} from "../../../testing/kernels-under-test.ts";
import { taskList } from "../task-kernel.ts";
import { type PackDirection, packedBytes, packTasks, packWeightsKernel } from "./pack-weights.ts";

const UNTOUCHED = 0xabcd;
const BEHIND = 64;
/** Of a tile: 16 rows of 16 columns of pairs. */
const TILE_WORDS = 512;

interface Layer {
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
}

/**
 * Where a weight goes: tiles lie as (columns by 16, in pairs of tiles; blocks of 32 that are summed over; taps), and a tile holds at
 * (row, column, half) what is 2 row + half of those that are summed over.
 */
function placeOf(
  { channels, filters, kernel }: Layer,
  direction: PackDirection,
  tap: number,
  channel: number,
  filter: number,
) {
  const [summed, column] = direction === "forward" ? [channel, filter] : [filter, channel];
  const blocks = (direction === "forward" ? channels : filters) / 32;
  const taps = kernel * kernel;
  const pair = Math.floor(column / 32) * blocks * taps + Math.floor(summed / 32) * taps + tap;
  const tile = 2 * pair + (Math.floor(column / 16) % 2);
  const [row, half] = [Math.floor((summed % 32) / 2), summed % 2];
  return tile * TILE_WORDS + 2 * (16 * row + (column % 16)) + half;
}

describe.skipIf(kernels === undefined)(`packed weights${kernelsMissing}`, () => {
  test.each([
    ["forward", { channels: 64, filters: 96, kernel: 1 }],
    ["forward", { channels: 32, filters: 32, kernel: 3 }],
    ["backward", { channels: 96, filters: 64, kernel: 1 }],
    ["backward", { channels: 32, filters: 64, kernel: 3 }],
  ] as const)("%s, %o", (direction, layer) => {
    const { channels, filters, kernel } = layer;
    const taps = kernel * kernel;
    const random = Random.of(channels, filters);
    const weights = singles(taps * channels * filters).map(() => random.normal());
    const from = singles(weights.length);
    from.set(weights);
    const count = packedBytes(layer) / 2;
    const packed = words(count + BEHIND).fill(UNTOUCHED);
    const order = [Array.from({ length: taps }, (_, tap) => tap)];
    const tasks = packTasks(layer, direction, order, addressOf(from), addressOf(packed));
    kernels!.run(kernels!.load(packWeightsKernel(filters, direction)), taskList(tasks));

    const expected = new Array<number>(count + BEHIND).fill(UNTOUCHED);
    for (let tap = 0; tap < taps; tap++) {
      for (let channel = 0; channel < channels; channel++) {
        for (let filter = 0; filter < filters; filter++) {
          const weight = from[(tap * channels + channel) * filters + filter]!;
          expected[placeOf(layer, direction, tap, channel, filter)] = toWord(weight);
        }
      }
    }
    expect([...packed]).toEqual(expected);
  });
});
