/**
 * The walk of kernels over channels-last bfloat16 maps: a register holds 16 channels of a pixel as floats, and all pixels are
 * walked over for up to four registers of channels at a time.
 */
import {
  type Address,
  type Assembler,
  at,
  atIndex,
  type General,
  type Mask,
  r8,
  r9,
  r10,
  r11,
  rcx,
  rdi,
  rdx,
  rsi,
  type Vector,
  zmm,
} from "../assembler/assembler.ts";
import { argumentOf, BYTES_AHEAD } from "./task-kernel.ts";

/** Channels that a register holds; only multiples of it can be walked over. */
export const CHANNELS_PER_REGISTER = 16;

const REGISTERS_PER_LINE = 2;

/** Rows of floats, one per channel, that a pass reads. Statistics read a pivot only. */
export const coefficientRows = {
  pivot: 0,
  scale: 0,
  shift: 1,
  mean: 2,
  ofGradient: 3,
  ofInput: 4,
  constant: 5,
  shortcutScale: 6,
} as const;
export type CoefficientRow = keyof typeof coefficientRows;
export const COEFFICIENT_ROWS = 7;
/** Rows of sums that a pass writes. */
export const SUM_ROWS = 2;

/** Where a pass finds its rows and its maps among the arguments of a task: rows that it reads, rows that it writes, then the maps. */
export interface PassArguments {
  readonly coefficients: bigint | number;
  readonly sums: bigint | number;
  /** The task's first pixel in each map. */
  readonly maps: readonly bigint[];
}

export const passArguments = ({ coefficients, sums, maps }: PassArguments) => [coefficients, sums, ...maps];

/** Some registers of channels, from {@link groupOffset} on. */
export interface Group {
  /** Loads rows of coefficients. */
  load(rows: Readonly<Partial<Record<CoefficientRow, readonly Vector[]>>>): void;
  /** Stores a row of sums: of each register, with all `others` added to it. */
  storeSum(row: number, total: readonly Vector[], others?: readonly (readonly Vector[])[]): void;
}

/** Bytes from the first channel of a pixel to the first of the group. */
export const groupOffset = r9;
const rowsBase = rdx;

/** @param first position of the pass's arguments */
export function channelGroup(a: Assembler, channels: number, first: number): Group {
  const row = (index: number, register: number) =>
    atIndex(rowsBase, groupOffset, 2, 4 * channels * index + 64 * register);
  return {
    load(rows) {
      a.mov(rowsBase, argumentOf(first));
      for (const [name, into] of Object.entries(rows)) {
        into.forEach((vector, register) => {
          a.move("vmovups", vector, row(coefficientRows[name as CoefficientRow], register));
        });
      }
    },
    storeSum(index, total, others = []) {
      a.mov(rowsBase, argumentOf(first + 1));
      total.forEach((vector, register) => {
        for (const other of others) a.op("vaddps", vector, vector, other[register]!);
        a.move("vmovups", row(index, register), vector);
      });
    },
  };
}

/** What is done with one register of channels of one pixel: of the group's registers, in one of the loop's turns. */
export type PixelWork = (map: (index: number) => Address, register: number, turn: number) => void;

/** Where the pixels are: emits loops that call `block` with the number of pixels to do at once. */
export type PixelLoops = (block: (pixels: number) => void) => void;

export interface ChannelPass {
  readonly channels: number;
  readonly maps: number;
  /** The map that is written and not read; the others are read. */
  readonly written?: number | undefined;
  /** Position of the pass's arguments. */
  readonly first: number;
  readonly loops: PixelLoops;
  begin(group: Group): void;
  readonly pixel: PixelWork;
  end?(group: Group): void;
}

export const mapPointers: readonly General[] = [rsi, rdi, rcx, r10, r11];

/** The widest group that divides the channels evenly. */
export const registersOf = (channels: number): number => {
  const all = channels / CHANNELS_PER_REGISTER;
  return [4, 3, 2, 1].find((count) => all % count === 0)!;
};

export function channelPass(
  a: Assembler,
  { channels, maps, written, first, loops, begin, pixel, end }: ChannelPass,
): void {
  const registers = registersOf(channels);
  const group = channelGroup(a, channels, first);
  const pointers = mapPointers.slice(0, maps);
  const pixelBytes = 2 * channels;
  const ahead = pixelBytes * Math.ceil(BYTES_AHEAD / pixelBytes);
  const askFor = (displacement: number) => {
    pointers.forEach((pointer, index) => {
      if (index === written) a.prefetchw(at(pointer, displacement));
      else a.prefetcht0(at(pointer, displacement));
    });
  };
  a.mov(groupOffset, 0n);
  a.mov(r8, BigInt(channels / CHANNELS_PER_REGISTER / registers));
  a.repeat(r8, () => {
    pointers.forEach((pointer, index) => {
      a.mov(pointer, argumentOf(first + 2 + index));
      a.add(pointer, groupOffset);
    });
    begin(group);
    loops((pixels) => {
      for (let turn = 0; turn < pixels; turn++) {
        for (let register = 0; register < registers; register++) {
          const displacement = turn * pixelBytes + 32 * register;
          if (register % REGISTERS_PER_LINE === 0) askFor(displacement + ahead);
          pixel((index) => ({ base: pointers[index]!, displacement }), register, turn);
        }
      }
      for (const pointer of pointers) a.add(pointer, pixels * pixelBytes);
    });
    end?.(group);
    a.add(groupOffset, 32 * registers);
  });
}

/** Hands out vector registers, each once. */
export const registerFile = () => {
  let next = 0;
  return (count: number): Vector[] => Array.from({ length: count }, () => zmm(next++));
};
export type TakeRegisters = ReturnType<typeof registerFile>;

/** 16 bfloat16 numbers as floats. */
export function loadFloats(a: Assembler, into: Vector, from: Address): void {
  a.convert("vpmovzxwd", into, from);
  a.vpslld(into, into, 16);
}

/** Stores 16 floats as bfloat16 numbers. */
export function storeRounded(a: Assembler, into: Address, from: Vector, rounded: Vector): void {
  a.convert("vcvtneps2bf16", rounded, from);
  a.move("vmovups", into, rounded, { length: 256 });
}

/** Sets what is not within the mask to zero. */
export const keepWithin = (a: Assembler, vector: Vector, mask: Mask): void =>
  a.move("vmovups", vector, vector, { masking: { mask, others: "zero" } });

export const clear = (a: Assembler, registers: readonly Vector[]): void => {
  for (const register of registers) a.op("vpxord", register, register, register);
};
