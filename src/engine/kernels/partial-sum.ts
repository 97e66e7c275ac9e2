/** Sums of arrays of floats, in a fixed order. */
import { at, rax, rdi, rsi, zmm } from "./assembler.ts";
import { argumentOf, type Kernel, taskKernel } from "./kernel.ts";

/** Floats that a task of {@link partialSumKernel} must have a multiple of. */
export const FLOATS_AT_ONCE = 16;

export interface PartialSumTask {
  /** The first term, which becomes the sum. */
  readonly sum: bigint;
  /** Of the second term. */
  readonly others: bigint;
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
