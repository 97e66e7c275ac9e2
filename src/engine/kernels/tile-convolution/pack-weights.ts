/** Weights of a convolution from floats to the tiles that AMX multiplies by. */
import { at, k, rax, rdi, rsi, rsp, zmm } from "../assembler.ts";
import { argumentOf, type Kernel, taskKernel } from "../kernel.ts";
import { ROW_BYTES, TILE_BYTES, TILE_CHANNELS, TILE_FILTERS, TILE_ROWS } from "./geometry.ts";

export interface WeightShape {
  readonly channels: number;
  readonly filters: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
}

/** Bytes of the packed weights, in either direction. */
export const packedBytes = ({ channels, filters, kernel }: WeightShape): number =>
  2 * channels * filters * kernel * kernel;

/** Floats lie as (kernel rows, kernel columns, channels, filters). `forward`: what the convolution multiplies by. */
export type PackDirection = "forward" | "backward";

/**
 * One task per tile of the result: 16 rows of 16 columns of pairs, pairs along what is summed over. Forward, channels are summed over and columns
 * are filters; backward it is the other way round.
 *
 * @param order of each phase, the taps in the order in which they are multiplied by
 */
export function packTasks(
  { channels, filters }: WeightShape,
  direction: PackDirection,
  order: readonly (readonly number[])[],
  from: bigint,
  to: bigint,
): readonly (readonly bigint[])[] {
  const [summed, columns] = direction === "forward" ? [channels, filters] : [filters, channels];
  const tasks: bigint[][] = [];
  for (let pair = 0; pair < columns / (2 * TILE_FILTERS); pair++) {
    for (const taps of order) {
      for (let chunk = 0; chunk < summed / TILE_CHANNELS; chunk++) {
        for (const tap of taps) {
          for (const half of [0, 1]) {
            const [first, column] = [TILE_CHANNELS * chunk, TILE_FILTERS * (2 * pair + half)];
            const [channel, filter] = direction === "forward" ? [first, column] : [column, first];
            const element = (tap * channels + channel) * filters + filter;
            tasks.push([from + BigInt(4 * element), to + BigInt(TILE_BYTES * tasks.length)]);
          }
        }
      }
    }
  }
  return tasks;
}

export function packWeightsKernel(filters: number, direction: PackDirection): Kernel {
  const rowBytes = 4 * filters;
  return taskKernel(`pack weights, ${direction}, ${filters} filters`, (a) => {
    const [first, second, indices] = [zmm(0), zmm(1), zmm(2)];
    a.mov(rsi, argumentOf(0));
    a.mov(rdi, argumentOf(1));
    if (direction === "forward") {
      for (let row = 0; row < TILE_ROWS; row++) {
        for (const [half, into] of [first, second].entries()) {
          a.convert("vcvtneps2bf16", into, at(rsi, (2 * row + half) * rowBytes));
          a.convert("vpmovzxwd", into, into);
        }
        a.vpslld(second, second, 16);
        a.op("vpord", first, first, second);
        a.move("vmovups", at(rdi, ROW_BYTES * row), first);
      }
      return;
    }
    // Numbers 0 to 15 times the length of a row: a column's places.
    a.mov(rax, 0x0f0e0d0c0b0a0908n);
    a.push(rax);
    a.mov(rax, 0x0706050403020100n);
    a.push(rax);
    a.convert("vpmovzxbd", indices, at(rsp));
    a.vpslld(indices, indices, 6);
    a.pop(rax);
    a.pop(rax);
    a.mov(rax, 0xffffn);
    for (let column = 0; column < TILE_ROWS; column++) {
      a.convert("vcvtneps2bf16", first, at(rsi, column * rowBytes));
      a.convert("vcvtneps2bf16", second, at(rsi, column * rowBytes + 64));
      a.shuffle("vinserti64x4", first, first, second, 1);
      a.kmovd(k(1), rax);
      a.vpscatterdd(rdi, indices, 4 * column, first, k(1));
    }
  });
}
