/** Max pooling of channels-last bfloat16 maps by windows that do not overlap, and its gradient. A task is one row of outputs. */
import { type Assembler, at, k, r8, rax, rcx, rdi, rsi, type Vector, zmm } from "../assembler/assembler.ts";
import { CHANNELS_PER_REGISTER, loadFloats } from "./channel-pass.ts";
import { argumentOf, type Kernel, taskKernel } from "./task-kernel.ts";

/** The most elements of a window: each has a register for its number. */
const LARGEST_WINDOW = 16;
/** Stands for the number of a window's element where none gets the gradient. */
const NONE = 255;
/** Bytes in which the gradient of what is in no window is set to zero; those of a pixel are a multiple of it. */
export const CLEARED = 32;

export interface MaxPoolShape {
  readonly channels: number;
  /** Of the maps that are pooled. */
  readonly width: number;
  /** Rows and columns of a window, which are its stride too. */
  readonly window: readonly [rows: number, columns: number];
}

export const canMaxPool = (channels: number, [rows, columns]: readonly [number, number]): boolean =>
  channels % CHANNELS_PER_REGISTER === 0 && rows * columns <= LARGEST_WINDOW;

/** Bytes from a window's first element to each of its elements, in row-major order. */
const elementOffsets = ({ channels, width, window: [rows, columns] }: MaxPoolShape): number[] =>
  Array.from({ length: rows * columns }, (_, i) => 2 * channels * (Math.floor(i / columns) * width + (i % columns)));

const outputWidth = ({ width, window: [, columns] }: MaxPoolShape): number => Math.floor(width / columns);

const nameOf = ({ channels, width, window }: MaxPoolShape): string =>
  `${window.join("x")} of ${channels} channels, ${width} columns`;

/** The row's maps: the one that is pooled or its gradient, the pooled one or its gradient, and the numbers of the elements. */
const wide = rsi;
const pooled = rdi;
const winners = r8;

const winner = k(1);

/**
 * `body` for each register of channels of each output of a row; it is told where the register's channels are, at offsets from the
 * three pointers.
 */
function eachOutput(a: Assembler, shape: MaxPoolShape, lanes: number, body: (channel: number) => void): void {
  const { channels, window } = shape;
  const registers = channels / lanes;
  const together = [4, 3, 2, 1].find((count) => registers % count === 0)!;
  a.mov(wide, argumentOf(0));
  a.mov(pooled, argumentOf(1));
  a.mov(winners, argumentOf(2));
  a.mov(rax, BigInt(outputWidth(shape)));
  a.repeat(rax, () => {
    a.mov(rcx, BigInt(registers / together));
    a.repeat(rcx, () => {
      for (let register = 0; register < together; register++) body(register * lanes);
      a.add(wide, 2 * lanes * together);
      a.add(pooled, 2 * lanes * together);
      a.add(winners, lanes * together);
    });
    a.add(wide, 2 * channels * (window[1] - 1));
  });
}

/** A register per number, with the number in every element. */
function broadcast(a: Assembler, how: "vpbroadcastd" | "vpbroadcastw", into: readonly Vector[], from: number): void {
  into.forEach((register, index) => {
    a.mov(rax, BigInt(from + index));
    a[how](register, rax);
  });
}

export interface MaxPoolForwardShape extends MaxPoolShape {
  /**
   * Whether the number of the window's element that gets the gradient is stored, a byte per output: the first of the largest. Where
   * `positive`, only a positive one gets it.
   */
  readonly winners: "none" | "all" | "positive";
}

/** Arguments: the window's row in the map, the row of outputs, the row of winners (any number where none are stored). */
export function maxPoolKernel(shape: MaxPoolForwardShape): Kernel {
  const offsets = elementOffsets(shape);
  const [largest, value, number, zero, none, ...numbers] = Array.from({ length: 5 + offsets.length }, (_, i) =>
    zmm(i),
  ) as [Vector, Vector, Vector, Vector, Vector, ...Vector[]];
  const body = (a: Assembler) =>
    eachOutput(a, shape, CHANNELS_PER_REGISTER, (channel) => {
      offsets.forEach((offset, element) => {
        if (element === 0) {
          loadFloats(a, largest, at(wide, 2 * channel));
          a.move("vmovups", number, numbers[0]!);
          return;
        }
        loadFloats(a, value, at(wide, offset + 2 * channel));
        a.compare("vcmpps", winner, value, largest, "greaterThan");
        a.move("vmovups", number, numbers[element]!, { masking: { mask: winner, others: "keep" } });
        // Of two operands of which one is not a number, the instruction gives the second.
        a.op("vmaxps", largest, value, largest);
      });
      if (shape.winners === "positive") {
        a.compare("vcmpps", winner, largest, zero, "greaterThan");
        a.move("vmovups", value, none);
        a.move("vmovups", value, number, { masking: { mask: winner, others: "keep" } });
      }
      if (shape.winners !== "none") a.narrow("vpmovdb", at(winners, channel), shape.winners === "all" ? number : value);
      a.vpsrld(largest, largest, 16);
      a.narrow("vpmovdw", at(pooled, 2 * channel), largest);
    });
  return taskKernel(`max pooling ${nameOf(shape)}, winners: ${shape.winners}`, body, {
    before(a) {
      broadcast(a, "vpbroadcastd", numbers, 0);
      broadcast(a, "vpbroadcastd", [none], NONE);
      a.op("vpxord", zero, zero, zero);
    },
  });
}

/**
 * The gradient of {@link maxPoolKernel}'s input: that of the output at each window's winner, else zero.
 *
 * Arguments: the window's row in the input's gradient, the row of the outputs' gradients, the row of winners, how many times
 * 32 bytes follow that are in no window and become zero.
 */
export function maxPoolGradientKernel(shape: MaxPoolShape): Kernel {
  const { channels, width, window } = shape;
  const offsets = elementOffsets(shape);
  const lanes = channels % (2 * CHANNELS_PER_REGISTER) === 0 ? 2 * CHANNELS_PER_REGISTER : CHANNELS_PER_REGISTER;
  const length = lanes === CHANNELS_PER_REGISTER ? 256 : 512;
  const [gradient, number, value, zero, ...numbers] = Array.from({ length: 4 + offsets.length }, (_, i) => zmm(i)) as [
    Vector,
    Vector,
    Vector,
    Vector,
    ...Vector[],
  ];
  const rowBytes = 2 * channels * width;
  const columnsLeft = rowBytes - 2 * channels * outputWidth(shape) * window[1];
  const body = (a: Assembler) => {
    eachOutput(a, shape, lanes, (channel) => {
      a.move("vmovups", gradient, at(pooled, 2 * channel), { length });
      a.convert("vpmovzxbw", number, at(winners, channel), { length });
      offsets.forEach((offset, element) => {
        a.compare("vpcmpuw", winner, number, numbers[element]!, "equal", { length });
        a.move("vmovdqu16", value, gradient, { length, masking: { mask: winner, others: "zero" } });
        a.move("vmovups", at(wide, offset + 2 * channel), value, { length });
      });
    });
    const clear = () =>
      a.repeat(rax, () => {
        a.move("vmovups", at(wide), zero, { length: 256 });
        a.add(wide, CLEARED);
      });
    for (let row = 0; row < window[0]; row++) {
      // `wide` stands behind the row's last window.
      if (row > 0) a.add(wide, rowBytes - columnsLeft);
      if (columnsLeft === 0) continue;
      a.mov(rax, BigInt(columnsLeft / CLEARED));
      clear();
    }
    a.mov(rax, argumentOf(3));
    clear();
  };
  return taskKernel(`gradient of max pooling ${nameOf(shape)}`, body, {
    before(a) {
      broadcast(a, "vpbroadcastw", numbers, 0);
      a.op("vpxord", zero, zero, zero);
    },
  });
}
