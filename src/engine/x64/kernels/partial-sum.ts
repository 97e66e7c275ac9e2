/** Sums of arrays of floats, in a fixed order. */
import { at, rax, rcx, rdi, rdx, rsi, zmm } from "../assembler/assembler.ts";
import { argumentOf, FLOATS_AT_ONCE, type Kernel, taskKernel } from "./task-kernel.ts";

export interface PartialSumTask {
  /** The first term, which becomes the sum. */
  readonly sum: bigint;
  /** Of the second term. */
  readonly others: bigint;
  /** A multiple of {@link FLOATS_AT_ONCE}. */
  readonly floats: number;
}

export const partialSumArguments = ({ sum, others, floats }: PartialSumTask) => [sum, others, floats / FLOATS_AT_ONCE];

/** Adds `others` arrays, `pitch` bytes apart, to the first, in order. */
export function partialSumKernel(others: number, pitch: number): Kernel {
  return taskKernel(`sum of ${others + 1} parts, ${pitch} bytes apart`, (a) => {
    a.mov(rdi, argumentOf(0));
    a.mov(rsi, argumentOf(1));
    a.mov(rax, argumentOf(2));
    a.repeat(rax, () => {
      a.move("vmovups", zmm(0), at(rdi));
      for (let other = 0; other < others; other++) a.op("vaddps", zmm(0), zmm(0), at(rsi, other * pitch));
      a.move("vmovups", at(rdi), zmm(0));
      a.add(rdi, 4 * FLOATS_AT_ONCE);
      a.add(rsi, 4 * FLOATS_AT_ONCE);
    });
  });
}

/** Columns that {@link columnSumKernel} must have a multiple of. */
export const COLUMNS_AT_ONCE = 32;

export interface ColumnSumTask {
  readonly from: bigint;
  /** Doubles, one per column. */
  readonly to: bigint;
  readonly rows: number;
}

export const columnSumArguments = ({ from, to, rows }: ColumnSumTask) => [from, to, rows];

/** Adds rows of floats in order and in double precision. */
export function columnSumKernel(columns: number): Kernel {
  const registers = [0, 1, 2, 3];
  return taskKernel(`sums of ${columns} columns`, (a) => {
    a.mov(rsi, argumentOf(0));
    a.mov(rdi, argumentOf(1));
    a.mov(rax, BigInt(columns / COLUMNS_AT_ONCE));
    a.repeat(rax, () => {
      for (const register of registers) a.op("vpxord", zmm(register), zmm(register), zmm(register));
      a.mov(rdx, rsi);
      a.mov(rcx, argumentOf(2));
      a.repeat(rcx, () => {
        for (const register of registers) {
          a.convert("vcvtps2pd", zmm(4 + register), at(rdx, 32 * register));
          a.op("vaddpd", zmm(register), zmm(register), zmm(4 + register));
        }
        a.add(rdx, 4 * columns);
      });
      for (const register of registers) a.move("vmovups", at(rdi, 64 * register), zmm(register));
      a.add(rsi, 4 * COLUMNS_AT_ONCE);
      a.add(rdi, 8 * COLUMNS_AT_ONCE);
    });
  });
}
