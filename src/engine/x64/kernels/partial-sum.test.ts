/** Sums of columns, bit by bit as plain TypeScript adds them. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import { Random } from "../../../random.ts";
import { alignedBytes } from "../../onednn/library/memory.ts";
import {
  vectorKernels as kernels,
  vectorKernelsMissing as kernelsMissing,
  singles,
} from "../../testing/kernels-under-test.ts";
import { COLUMNS_AT_ONCE, columnSumArguments, columnSumKernel } from "./partial-sum.ts";
import { taskList } from "./task-kernel.ts";

describe.skipIf(kernels === undefined)(`sums of columns${kernelsMissing}`, () => {
  test.each([1, 2, 32, 33])("of %i rows", (rows) => {
    const columns = 3 * COLUMNS_AT_ONCE;
    const random = Random.of(rows);
    const from = singles(rows * columns).map(() => random.normal() * 10 ** random.integer(8));
    const bytes = alignedBytes(8 * columns + 64);
    const sums = new Float64Array(bytes.buffer, bytes.byteOffset, columns + 8).fill(-1);
    const task = columnSumArguments({ from: addressOf(from), to: addressOf(sums), rows });
    kernels!.run(kernels!.load(columnSumKernel(columns)), taskList([task]));

    const expected = Array.from({ length: columns }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += from[row * columns + column]!;
      return sum;
    });
    expect([...sums]).toEqual([...expected, ...Array<number>(8).fill(-1)]);
  });
});
