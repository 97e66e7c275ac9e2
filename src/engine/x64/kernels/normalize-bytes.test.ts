/** The kernel against the same in plain TypeScript, word by word. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import { Random } from "../../../random.ts";
import { alignedBytes } from "../../onednn/library/memory.ts";
import {
  bf16Kernels as kernels,
  bf16KernelsMissing as kernelsMissing,
  singles,
  toWord,
  words,
} from "../../testing/kernels-under-test.ts";
import { canNormalize, normalizeBytesKernel, periodValues, remainderMasks } from "./normalize-bytes.ts";
import { taskList } from "./task-kernel.ts";

const UNTOUCHED = 0xabcd;
const BEHIND = 64;

describe.skipIf(kernels === undefined)(`bytes to normalised words${kernelsMissing}`, () => {
  test.each([
    [1, 16],
    [1, 5],
    [3, 48],
    [3, 3 * 49],
    [4, 4 * 1000 + 4],
    [5, 5 * 33],
    [12, 12 * 3],
  ])("of %i channels, %i of them", (channels, count) => {
    const random = Random.of(channels, count);
    const from = alignedBytes(count + BEHIND);
    for (const index of from.keys()) from[index] = random.integer(256);
    const [scale, shift] = [0, 1].map(() => Array.from({ length: channels }, () => Math.fround(random.normal())));
    const turn = periodValues(channels);
    const coefficients = singles(2 * turn);
    for (let index = 0; index < turn; index++) {
      coefficients[index] = scale![index % channels]!;
      coefficients[turn + index] = shift![index % channels]!;
    }
    const to = words(count + BEHIND).fill(UNTOUCHED);
    const turns = Math.floor(count / turn);
    const places = [addressOf(from), addressOf(to), addressOf(coefficients)];
    const task = [turns, ...places, ...remainderMasks(channels, count - turns * turn)];
    kernels!.run(kernels!.load(normalizeBytesKernel(channels)), taskList([task]));

    const expected = Array.from(from.subarray(0, count), (value, index) => {
      const channel = index % channels;
      return toWord(Math.fround(value * scale![channel]! + shift![channel]!));
    });
    expect([...to]).toEqual([...expected, ...Array<number>(BEHIND).fill(UNTOUCHED)]);
  });

  test("serves channels that are in step with a register soon enough", () => {
    expect([1, 3, 4, 5, 12, 13, 32, 48].map((channels) => canNormalize(channels))).toEqual([
      ...[true, true, true, true, true],
      ...[false, true, true],
    ]);
  });
});
