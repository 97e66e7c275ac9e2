/** Max pooling of channels-last bfloat16 maps by windows that do not overlap, and its gradient. A task is one row of outputs. */
import { floatPredicate, integerPredicate } from "../assembler/instructions.ts";
import { type Address, at, type General, lowerHalf, masked, type Zmm } from "../assembler/operands.ts";
import { CHANNELS_PER_REGISTER, loadFloats } from "./channel-pass.ts";
import { type Kernel, type KernelAssembler, taskKernel } from "./task-kernel.ts";

/** The most elements of a window: each has a register for its number. */
const LARGEST_WINDOW = 16;
/** Stands for the number of a window's element where none gets the gradient. */
const NONE = 255;
/** Bytes in which the gradient of what is in no window is set to zero; those of a pixel are a multiple of it. */
export const CLEARED = 32;

/** The sizes of a max pooling whose windows do not overlap. */
export interface MaxPoolShape {
  readonly channels: number;
  /** Of the maps that are pooled. */
  readonly width: number;
  /** Rows and columns of a window, which are its stride too. */
  readonly window: readonly [rows: number, columns: number];
}

/** Whether the kernels pool so many channels in such windows. */
export const canMaxPool = (channels: number, [rows, columns]: readonly [number, number]): boolean =>
  channels % CHANNELS_PER_REGISTER === 0 && rows * columns <= LARGEST_WINDOW;

/** Bytes from a window's first element to each of its elements, in row-major order. */
const elementOffsets = ({ channels, width, window: [rows, columns] }: MaxPoolShape): number[] =>
  Array.from({ length: rows * columns }, (_, i) => 2 * channels * (Math.floor(i / columns) * width + (i % columns)));

const outputWidth = ({ width, window: [, columns] }: MaxPoolShape): number => Math.floor(width / columns);

const nameOf = ({ channels, width, window }: MaxPoolShape): string =>
  `${window.join("x")} of ${channels} channels, ${width} columns`;

/** The row's maps: the one that is pooled or its gradient, the pooled one or its gradient, and the numbers of the elements. */
interface Rows {
  readonly wide: General;
  readonly pooled: General;
  readonly winners: General;
}

const takeRows = (a: KernelAssembler): Rows => a.registers.general("wide", "pooled", "winners");

/**
 * `body` for each register of channels of each output of a row; it is told where the register's channels are, at offsets from the
 * three pointers.
 */
function eachOutput(
  a: KernelAssembler,
  { wide, pooled, winners }: Rows,
  shape: MaxPoolShape,
  lanes: number,
  body: (channel: number) => void,
): void {
  const { channels, window } = shape;
  const registers = channels / lanes;
  const together = [4, 3, 2, 1].find((count) => registers % count === 0)!;
  const { outputs, groups } = a.registers.general("outputs", "groups");
  a.mov(wide, a.argument(0));
  a.mov(pooled, a.argument(1));
  a.mov(winners, a.argument(2));
  a.repeat(outputs, outputWidth(shape), () => {
    a.repeat(groups, registers / together, () => {
      for (let register = 0; register < together; register++) body(register * lanes);
      a.add(wide, 2 * lanes * together);
      a.add(pooled, 2 * lanes * together);
      a.add(winners, lanes * together);
    });
    a.add(wide, 2 * channels * (window[1] - 1));
  });
}

/** A register per number, with the number in every element. */
function broadcast(
  a: KernelAssembler,
  how: "vpbroadcastd" | "vpbroadcastw",
  into: readonly Zmm[],
  first: number,
): void {
  a.registers.scope(() => {
    const { number } = a.registers.general("number");
    into.forEach((register, index) => {
      a.mov(number, BigInt(first + index));
      a[how](register, number);
    });
  });
}

/** A max pooling, and what it keeps for its backward pass. */
export interface MaxPoolForwardShape extends MaxPoolShape {
  /**
   * Whether the number of the window's element that gets the gradient is stored, a byte per output: the first of the largest. Where
   * `positive`, only a positive one gets it.
   */
  readonly winners: "none" | "all" | "positive";
}

/** Arguments: the window's row in the map, the row of outputs, the row of winners (any number where none are stored). */
export function maxPoolKernel(shape: MaxPoolForwardShape): Kernel {
  const { channels, width, window, winners: stored } = shape;
  const offsets = elementOffsets(shape);
  const name = `max pooling ${nameOf(shape)}, winners: ${stored}`;
  return taskKernel({ kind: "maxPool", shape: { channels, width, window, winners: stored }, name }, (a) => {
    const { largest, value, number, zero, none } = a.registers.vectors("largest", "value", "number", "zero", "none");
    const numbers = a.registers.row("numbers", offsets.length);
    const { isWinner } = a.registers.masks("isWinner");
    broadcast(a, "vpbroadcastd", numbers, 0);
    broadcast(a, "vpbroadcastd", [none], NONE);
    a.vpxord(zero, zero, zero);
    const task = () => {
      const rows = takeRows(a);
      const { wide, pooled, winners } = rows;
      eachOutput(a, rows, shape, CHANNELS_PER_REGISTER, (channel) => {
        offsets.forEach((offset, element) => {
          if (element === 0) {
            loadFloats(a, largest, at(wide, 2 * channel));
            a.vmovups(number, numbers[0]!);
            return;
          }
          loadFloats(a, value, at(wide, offset + 2 * channel));
          a.vcmpps(isWinner, value, largest, floatPredicate.greaterThan);
          a.vmovups(masked(number, isWinner, "keep"), numbers[element]!);
          // Of two operands of which one is not a number, the instruction gives the second.
          a.vmaxps(largest, value, largest);
        });
        if (stored === "positive") {
          a.vcmpps(isWinner, largest, zero, floatPredicate.greaterThan);
          a.vmovups(value, none);
          a.vmovups(masked(value, isWinner, "keep"), number);
        }
        if (stored !== "none") a.vpmovdb(at(winners, channel), stored === "all" ? number : value);
        a.vpsrld(largest, largest, 16);
        a.vpmovdw(at(pooled, 2 * channel), largest);
      });
    };
    return { task };
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
  const sized = (register: Zmm) => (lanes === CHANNELS_PER_REGISTER ? lowerHalf(register) : register);
  const rowBytes = 2 * channels * width;
  const columnsLeft = rowBytes - 2 * channels * outputWidth(shape) * window[1];
  const name = `gradient of max pooling ${nameOf(shape)}`;
  return taskKernel({ kind: "maxPoolGradient", shape: { channels, width, window }, name }, (a) => {
    const whole = a.registers.vectors("gradient", "number", "value", "zero");
    const [gradient, number, value] = [sized(whole.gradient), sized(whole.number), sized(whole.value)];
    const numbers = a.registers.row("numbers", offsets.length);
    const { isWinner } = a.registers.masks("isWinner");
    broadcast(a, "vpbroadcastw", numbers, 0);
    a.vpxord(whole.zero, whole.zero, whole.zero);
    const task = () => {
      const rows = takeRows(a);
      const { wide, pooled, winners } = rows;
      a.registers.scope(() =>
        eachOutput(a, rows, shape, lanes, (channel) => {
          a.vmovups(gradient, at(pooled, 2 * channel));
          a.vpmovzxbw(number, at(winners, channel));
          offsets.forEach((offset, element) => {
            a.vpcmpuw(isWinner, number, sized(numbers[element]!), integerPredicate.equal);
            a.vmovdqu16(masked(value, isWinner, "zero"), gradient);
            a.vmovups(at(wide, offset + 2 * channel), value);
          });
        }),
      );
      const { pieces } = a.registers.general("pieces");
      const clear = (times: Address | number) =>
        a.repeat(pieces, times, () => {
          a.vmovups(at(wide), lowerHalf(whole.zero));
          a.add(wide, CLEARED);
        });
      for (let row = 0; row < window[0]; row++) {
        // `wide` stands behind the row's last window.
        if (row > 0) a.add(wide, rowBytes - columnsLeft);
        if (columnsLeft > 0) clear(columnsLeft / CLEARED);
      }
      clear(a.argument(3));
    };
    return { task };
  });
}
