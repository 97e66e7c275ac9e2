/** Weights of a convolution from floats to the tiles that AMX multiplies by. */
import { type Address, at, lowerHalf, type Zmm } from "../../assembler/operands.ts";
import { AMX_ROW_BYTES, AMX_TILE_BYTES, AMX_TILE_ROWS } from "../amx-configuration.ts";
import { type Kernel, type KernelAssembler, taskKernel } from "../task-kernel.ts";
import { AMX_TILE_CHANNELS, AMX_TILE_FILTERS } from "./geometry.ts";

/** Channels, and filters, that are packed at a time. */
const BLOCK = AMX_TILE_CHANNELS;
const PAIR_BYTES = 2 * AMX_TILE_BYTES;

/** The sizes of a convolution's weights. */
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
 * One task per tap and {@link AMX_TILE_CHANNELS} channels: blocks of as many filters, each of which makes two tiles side by side, of 16 rows of 16 columns
 * of pairs, pairs along what is summed over. Forward, channels are summed over and columns are filters; backward it is the other way round.
 *
 * @param order of each phase, the taps in the order in which they are multiplied by
 * @param projection where the weights are of the tap that the kernel itself does not have
 */
export function packTasks(
  { channels, filters, kernel }: WeightShape,
  direction: PackDirection,
  order: readonly (readonly number[])[],
  from: bigint,
  to: bigint,
  projection = 0n,
): readonly (readonly bigint[])[] {
  const summedBlocks = (direction === "forward" ? channels : filters) / BLOCK;
  // Tiles lie as (pairs of columns, phases, blocks that are summed over, taps).
  const columnStep = summedBlocks * order.flat().length;
  let phaseStart = 0;
  const tasks = order.flatMap((taps) => {
    const start = phaseStart;
    phaseStart += summedBlocks * taps.length;
    const [channelStep, filterStep] = direction === "forward" ? [taps.length, columnStep] : [columnStep, taps.length];
    return taps.flatMap((tap, index) =>
      Array.from({ length: channels / BLOCK }, (_, block) => [
        (tap < kernel * kernel ? from + BigInt(4 * tap * channels * filters) : projection) +
          BigInt(4 * BLOCK * block * filters),
        to + BigInt(PAIR_BYTES * (start + index + block * channelStep)),
        BigInt(PAIR_BYTES * filterStep),
      ]),
    );
  });
  return tasks.toSorted(([a], [b]) => Number(a! - b!));
}

/** Packs float weights, tap by tap, into bfloat16 tiles for one direction of the convolution. */
export function packWeightsKernel(filters: number, direction: PackDirection): Kernel {
  const rowBytes = 4 * filters;
  const name = `pack weights, ${direction}, ${filters} filters`;
  return taskKernel({ kind: "packWeights", shape: { filters, direction }, name }, (a) => ({
    task() {
      const { blocks, step, from, to } = a.registers.general("blocks", "step", "from", "to");
      const read = (row: number, half: number) => at(from, row * rowBytes + 4 * AMX_TILE_FILTERS * half);
      const readBoth = (row: number) => [read(row, 0), read(row, 1)] as const;
      a.mov(from, a.argument(0));
      a.mov(to, a.argument(1));
      a.mov(step, a.argument(2));
      a.repeat(blocks, filters / BLOCK, () => {
        for (const half of [0, 1]) {
          const tile = (row: number) => at(to, AMX_TILE_BYTES * half + AMX_ROW_BYTES * row);
          a.registers.scope(() => {
            if (direction === "forward") joinRows(a, (row) => read(row, half), tile);
            else transposePairs(a, (row) => readBoth(AMX_TILE_ROWS * half + row), tile);
          });
        }
        a.add(from, 4 * BLOCK);
        a.add(to, step);
      });
    },
  }));
}

/** Pairs along rows: two rows of 16 floats make one. */
function joinRows(a: KernelAssembler, read: (row: number) => Address, write: (row: number) => Address): void {
  const { first, second } = a.registers.vectors("first", "second");
  for (let row = 0; row < AMX_TILE_ROWS; row++) {
    for (const [index, into] of [first, second].entries()) {
      a.vcvtneps2bf16(lowerHalf(into), read(2 * row + index));
      a.vpmovzxwd(into, lowerHalf(into));
    }
    a.vpslld(second, second, 16);
    a.vpord(first, first, second);
    a.vmovups(write(row), first);
  }
}

/** Pairs along columns: 16 rows of 32 floats, in two halves, become columns. */
function transposePairs(
  a: KernelAssembler,
  read: (row: number) => readonly [Address, Address],
  write: (row: number) => Address,
): void {
  const rows = a.registers.row("rows", AMX_TILE_ROWS);
  const others = a.registers.row("others", AMX_TILE_ROWS);
  for (const [row, into] of rows.entries()) {
    const [low, high] = read(row);
    a.vmovups(others[row]!, high);
    a.vcvtne2ps2bf16(into, others[row]!, low);
  }
  // Columns of two rows side by side, then of four, in each quarter of a register.
  for (let i = 0; i < 16; i += 2) {
    a.vpunpckldq(others[i]!, rows[i]!, rows[i + 1]!);
    a.vpunpckhdq(others[i + 1]!, rows[i]!, rows[i + 1]!);
  }
  for (let i = 0; i < 16; i += 4) {
    for (const j of [0, 1]) {
      a.vpunpcklqdq(rows[i + 2 * j]!, others[i + j]!, others[i + j + 2]!);
      a.vpunpckhqdq(rows[i + 2 * j + 1]!, others[i + j]!, others[i + j + 2]!);
    }
  }
  // Quarter q of register 4 g + c holds column 4 q + c of the rows from 4 g on.
  const quarters = { firstTwo: 0x44, lastTwo: 0xee, even: 0x88, odd: 0xdd };
  // The other registers hold nothing more.
  const [top, bottom, column] = others as readonly [Zmm, Zmm, Zmm, ...Zmm[]];
  for (let c = 0; c < 4; c++) {
    for (const [q, two] of [
      [0, quarters.firstTwo],
      [2, quarters.lastTwo],
    ] as const) {
      a.vshufi32x4(top, rows[c]!, rows[4 + c]!, two);
      a.vshufi32x4(bottom, rows[8 + c]!, rows[12 + c]!, two);
      a.vshufi32x4(column, top, bottom, quarters.even);
      a.vmovups(write(4 * q + c), column);
      a.vshufi32x4(column, top, bottom, quarters.odd);
      a.vmovups(write(4 * (q + 1) + c), column);
    }
  }
}
