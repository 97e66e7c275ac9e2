/** Sums of arrays of floats, in a fixed order. */
import { at } from "../assembler/operands.ts";
import { FLOATS_AT_ONCE, type Kernel, taskKernel } from "./task-kernel.ts";

/** Arrays to add up: addresses, and how many floats each has. */
export interface PartialSumTask {
  /** The first term, which becomes the sum. */
  readonly sum: bigint;
  /** Of the second term. */
  readonly others: bigint;
  /** A multiple of {@link FLOATS_AT_ONCE}. */
  readonly floats: number;
}

/** The arguments of a task in the order in which the kernel reads them. */
export const partialSumArguments = ({ sum, others, floats }: PartialSumTask) => [sum, others, floats / FLOATS_AT_ONCE];

/** Adds `others` arrays, `pitch` bytes apart, to the first, in order. */
export function partialSumKernel(others: number, pitch: number): Kernel {
  const name = `sum of ${others + 1} parts, ${pitch} bytes apart`;
  return taskKernel({ kind: "partialSum", shape: { others, pitch }, name }, (a) => ({
    task() {
      const { turns, first, next } = a.registers.general("turns", "first", "next");
      const { sum } = a.registers.vectors("sum");
      a.mov(first, a.argument(0));
      a.mov(next, a.argument(1));
      a.repeat(turns, a.argument(2), () => {
        a.vmovups(sum, at(first));
        for (let other = 0; other < others; other++) a.vaddps(sum, sum, at(next, other * pitch));
        a.vmovups(at(first), sum);
        a.add(first, 4 * FLOATS_AT_ONCE);
        a.add(next, 4 * FLOATS_AT_ONCE);
      });
    },
  }));
}

/** Columns that {@link columnSumKernel} must have a multiple of. */
export const COLUMNS_AT_ONCE = 32;

/** Rows to add up: addresses, and how many rows. */
export interface ColumnSumTask {
  readonly from: bigint;
  /** Doubles, one per column. */
  readonly to: bigint;
  readonly rows: number;
}

/** The arguments of a task in the order in which the kernel reads them. */
export const columnSumArguments = ({ from, to, rows }: ColumnSumTask) => [from, to, rows];

/** Adds rows of floats in order and in double precision. */
export function columnSumKernel(columns: number): Kernel {
  const name = `sums of ${columns} columns`;
  return taskKernel({ kind: "columnSum", shape: { columns }, name }, (a) => ({
    task() {
      const { turns, rows, place, from, to } = a.registers.general("turns", "rows", "place", "from", "to");
      const sums = a.registers.row("sums", 4);
      const doubles = a.registers.row("doubles", 4);
      a.mov(from, a.argument(0));
      a.mov(to, a.argument(1));
      a.repeat(turns, columns / COLUMNS_AT_ONCE, () => {
        for (const sum of sums) a.vpxord(sum, sum, sum);
        a.mov(place, from);
        a.repeat(rows, a.argument(2), () => {
          for (const [index, sum] of sums.entries()) {
            a.vcvtps2pd(doubles[index]!, at(place, 32 * index));
            a.vaddpd(sum, sum, doubles[index]!);
          }
          a.add(place, 4 * columns);
        });
        for (const [index, sum] of sums.entries()) a.vmovups(at(to, 64 * index), sum);
        a.add(from, 4 * COLUMNS_AT_ONCE);
        a.add(to, 8 * COLUMNS_AT_ONCE);
      });
    },
  }));
}
