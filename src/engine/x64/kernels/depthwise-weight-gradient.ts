/**
 * Gradients of the weights and the bias of a depthwise convolution. A register holds 16 channels of a pixel as floats; a task is one row of the
 * window, for 16 channels of some images. The sums of tasks are added up by a second kernel, in a fixed order.
 */
import { type Address, at, type General, masked, type Zmm } from "../assembler/operands.ts";
import { clear, loadFloats } from "./channel-pass.ts";
import { FLOATS_AT_ONCE, type Kernel, type KernelAssembler, taskKernel } from "./task-kernel.ts";

/** Columns of gradients that are in registers at once. */
const COLUMNS = 8;
/** Sums of each weight that are added up apart from each other, so that additions need not wait for each other. */
const CHAINS = 2;
const BIAS_CHAINS = 8;
/** Two vectors hold values of the source. */
const SOURCES = 2;
/** The most columns of a window: each has a register for each of its chains. */
const LARGEST_WIDTH = (32 - COLUMNS - SOURCES) / CHAINS;
/** The code for columns at the borders is written out, so it grows by the window's reach. */
const LARGEST_REACH = 64;

/** Maps lie in blocks of 16 channels: (images, blocks, rows, columns, 16). */
export interface DepthwiseShape {
  readonly type: "f32" | "bf16";
  readonly blocks: number;
  readonly input: readonly [rows: number, columns: number];
  readonly output: readonly [rows: number, columns: number];
  /** Columns of a window. */
  readonly columns: number;
  readonly stride: readonly [rows: number, columns: number];
  /** From one of a window's columns to the next. */
  readonly dilation: number;
  /** Columns of padding on the left. */
  readonly left: number;
}

/** Whether the kernel takes windows of so many columns. */
export const canTakeColumns = (columns: number, dilation: number): boolean =>
  columns <= LARGEST_WIDTH && (columns - 1) * dilation < LARGEST_REACH;

/** Bytes of one pixel's 16 channels. */
export const pixelBytes = (type: "f32" | "bf16"): number => FLOATS_AT_ONCE * (type === "f32" ? 4 : 2);

/** What a task adds up: addresses in a block of the first image, and how much. */
export interface DepthwiseTask {
  /** Of the source's row that the first row of gradients meets. */
  readonly source: bigint;
  /** Of the first row of gradients that meets a row of the source. */
  readonly gradient: bigint;
  readonly rows: number;
  readonly images: number;
  /** 16 floats for each of the window's columns. */
  readonly sums: bigint;
}

/** The arguments of a task in the order in which the kernel reads them. */
export const depthwiseArguments = ({ source, gradient, rows, images, sums }: DepthwiseTask) => [
  images,
  source,
  gradient,
  rows,
  sums,
];

function load(a: KernelAssembler, type: "f32" | "bf16", into: Zmm, from: Address): void {
  if (type === "f32") a.vmovups(into, from);
  else loadFloats(a, into, from);
}

/** The sum of some vectors, in the first. */
function addAll(a: KernelAssembler, [first, ...others]: readonly Zmm[]): void {
  for (const other of others) a.vaddps(first!, first!, other);
}

/** sums[column] += gradient * source over all rows and images. */
export function depthwiseWeightGradientKernel(shape: DepthwiseShape): Kernel {
  const { type, blocks, input, output, columns, stride, dilation, left } = shape;
  const name = `${columns} columns of depthwise weight gradients, ${blocks} blocks of ${input.join("x")} to ${output.join("x")}`;
  const pixel = pixelBytes(type);
  const sourceColumn = (column: number, tap: number) => column * stride[1] + tap * dilation - left;
  const isInside = (column: number, tap: number) =>
    sourceColumn(column, tap) >= 0 && sourceColumn(column, tap) < input[1];
  const taps = Array.from({ length: columns }, (_, tap) => tap);
  const insideTaps = Array.from({ length: output[1] }, (_, column) => taps.filter((tap) => isInside(column, tap)));
  // Columns whose whole window is within the map follow one another: these run in a loop, the others are written out.
  const firstWhole = insideTaps.findIndex((inside) => inside.length === columns);
  const whole = insideTaps.filter((inside) => inside.length === columns).length;
  const turns = Math.floor(whole / COLUMNS);
  const looped = turns > 1 ? { from: firstWhole, to: firstWhole + turns * COLUMNS } : undefined;

  return taskKernel({ kind: "depthwiseWeightGradient", shape, name }, (a) => ({
    task() {
      const g = a.registers.general(
        "images",
        "rows",
        "turns",
        "image",
        "gradients",
        "row",
        "gradientRow",
        "place",
        "to",
      );
      const sums = Array.from({ length: CHAINS }, (_, chain) => a.registers.row(`sums of chain ${chain}`, columns));
      const gradients = a.registers.row("gradients", COLUMNS);
      const sources = a.registers.row("sources", SOURCES);

      /** Up to {@link COLUMNS} columns from `from` on, of rows that begin at the pointers. */
      const some = (from: number, count: number, source: General, gradient: General) => {
        const met = new Map<number, (readonly [column: number, tap: number])[]>();
        for (let index = 0; index < count; index++) {
          for (const tap of insideTaps[from + index]!) {
            const column = sourceColumn(from + index, tap);
            met.set(column, [...(met.get(column) ?? []), [index, tap]]);
          }
          if (insideTaps[from + index]!.length > 0)
            load(a, type, gradients[index]!, at(gradient, pixel * (from + index)));
        }
        [...met.entries()].forEach(([column, pairs], index) => {
          const value = sources[index % SOURCES]!;
          load(a, type, value, at(source, pixel * column));
          for (const [each, tap] of pairs) a.vfmadd231ps(sums[each % CHAINS]![tap]!, gradients[each]!, value);
        });
      };
      const writtenOut = (from: number, to: number) => {
        for (let column = from; column < to; column += COLUMNS)
          some(column, Math.min(COLUMNS, to - column), g.row, g.gradientRow);
      };

      clear(a, sums.flat());
      a.mov(g.image, a.argument(1));
      a.mov(g.gradients, a.argument(2));
      a.repeat(g.images, a.argument(0), () => {
        a.mov(g.row, g.image);
        a.mov(g.gradientRow, g.gradients);
        a.repeat(g.rows, a.argument(3), () => {
          writtenOut(0, looped?.from ?? output[1]);
          if (looped !== undefined) {
            a.mov(g.place, g.row);
            a.mov(g.to, g.gradientRow);
            a.repeat(g.turns, turns, () => {
              some(looped.from, COLUMNS, g.place, g.to);
              a.add(g.place, pixel * COLUMNS * stride[1]);
              a.add(g.to, pixel * COLUMNS);
            });
            writtenOut(looped.to, output[1]);
          }
          a.add(g.row, pixel * input[1] * stride[0]);
          a.add(g.gradientRow, pixel * output[1]);
        });
        a.add(g.image, pixel * blocks * input[0] * input[1]);
        a.add(g.gradients, pixel * blocks * output[0] * output[1]);
      });
      a.mov(g.to, a.argument(4));
      for (const tap of taps) {
        addAll(
          a,
          sums.map((chain) => chain[tap]!),
        );
        a.vmovups(at(g.to, 4 * FLOATS_AT_ONCE * tap), sums[0]![tap]!);
      }
    },
  }));
}

/** The sum of all gradients. Arguments: images, the first image's block, where 16 sums go. */
export function depthwiseBiasGradientKernel({
  type,
  blocks,
  pixels,
}: {
  readonly type: "f32" | "bf16";
  readonly blocks: number;
  /** Of a map. */
  readonly pixels: number;
}): Kernel {
  const name = `sums of ${blocks} blocks of ${pixels} gradients`;
  const pixel = pixelBytes(type);
  return taskKernel({ kind: "depthwiseBiasGradient", shape: { type, blocks, pixels }, name }, (a) => ({
    task() {
      const { images, turns, from, to } = a.registers.general("images", "turns", "from", "to");
      const sums = a.registers.row("sums", BIAS_CHAINS);
      const values = a.registers.row("values", BIAS_CHAINS);
      const some = (count: number) => {
        for (let index = 0; index < count; index++) {
          load(a, type, values[index]!, at(from, pixel * index));
          a.vaddps(sums[index]!, sums[index]!, values[index]!);
        }
        a.add(from, pixel * count);
      };
      clear(a, sums);
      a.mov(from, a.argument(1));
      a.repeat(images, a.argument(0), () => {
        a.repeat(turns, Math.floor(pixels / BIAS_CHAINS), () => some(BIAS_CHAINS));
        some(pixels % BIAS_CHAINS);
        a.add(from, pixel * pixels * (blocks - 1));
      });
      addAll(a, sums);
      a.mov(to, a.argument(2));
      a.vmovups(at(to), sums[0]!);
    },
  }));
}

/** Where the parts of a gradient's sums are and where the gradient goes. */
export interface PartsShape {
  readonly parts: number;
  /** From one part to the next. */
  readonly partBytes: number;
  /** Weights of a channel. */
  readonly weights: number;
  readonly channels: number;
}

/**
 * Adds up the parts of 16 channels' sums, (weights, 16), in order, to a gradient laid out as (weights, channels). Arguments: the first part, the gradient of the first
 * channel, a bit for each of the channels that there are.
 */
export function depthwisePartsKernel(shape: PartsShape): Kernel {
  const { parts, partBytes, weights, channels } = shape;
  const name = `${parts} parts of ${weights} weights of ${channels} channels`;
  return taskKernel({ kind: "depthwiseParts", shape, name }, (a) => ({
    task() {
      const { turns, others, from, part, to, bits } = a.registers.general(
        "turns",
        "others",
        "from",
        "part",
        "to",
        "bits",
      );
      const { sum } = a.registers.vectors("sum");
      const { within } = a.registers.masks("within");
      a.mov(from, a.argument(0));
      a.mov(to, a.argument(1));
      a.mov(bits, a.argument(2));
      a.kmovd(within, bits);
      a.repeat(turns, weights, () => {
        a.vmovups(sum, at(from));
        a.mov(part, from);
        a.repeat(others, parts - 1, () => {
          a.add(part, partBytes);
          a.vaddps(sum, sum, at(part));
        });
        a.vmovups(masked(at(to), within, "keep"), sum);
        a.add(from, 4 * FLOATS_AT_ONCE);
        a.add(to, 4 * channels);
      });
    },
  }));
}
