/**
 * The walk of kernels over channels-last bfloat16 maps: a register holds 16 channels of a pixel as floats, and all pixels are
 * walked over for up to four registers of channels at a time.
 */
import {
  type Address,
  at,
  atIndex,
  type General,
  lowerHalf,
  type Mask,
  masked,
  r8,
  r9,
  r10,
  r11,
  rcx,
  rdi,
  rdx,
  rsi,
  type Zmm,
} from "../assembler/operands.ts";
import { BYTES_AHEAD, type KernelAssembler } from "./task-kernel.ts";

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
/** The name of a row of coefficients. */
export type CoefficientRow = keyof typeof coefficientRows;
/** Rows of coefficients that a pass has room for. */
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

/** The arguments of a pass in the order in which its kernel reads them. */
export const passArguments = ({ coefficients, sums, maps }: PassArguments) => [coefficients, sums, ...maps];

/** Some registers of channels, from {@link groupOffset} on. */
export interface Group {
  /** Loads rows of coefficients. */
  load(rows: Readonly<Partial<Record<CoefficientRow, readonly Zmm[]>>>): void;
  /** Stores a row of sums: of each register, with all `others` added to it. */
  storeSum(row: number, total: readonly Zmm[], others?: readonly (readonly Zmm[])[]): void;
}

/**
 * @param first position of the pass's arguments
 * @param groupOffset bytes from the first channel of a pixel to the first of the group
 */
export function channelGroup(a: KernelAssembler, channels: number, first: number, groupOffset: General): Group {
  const withRows = (argument: number, work: (row: (index: number, register: number) => Address) => void) =>
    a.registers.scope(() => {
      const { rows } = a.registers.fixed({ rows: rdx });
      a.mov(rows, a.argument(argument));
      work((index, register) => atIndex(rows, groupOffset, 2, 4 * channels * index + 64 * register));
    });
  return {
    load(rows) {
      withRows(first, (row) => {
        for (const [name, into] of Object.entries(rows)) {
          into.forEach(
            (vector, register) => void a.vmovups(vector, row(coefficientRows[name as CoefficientRow], register)),
          );
        }
      });
    },
    storeSum(index, total, others = []) {
      withRows(first + 1, (row) => {
        total.forEach((vector, register) => {
          for (const other of others) a.vaddps(vector, vector, other[register]!);
          a.vmovups(row(index, register), vector);
        });
      });
    },
  };
}

/** What is done with one register of channels of one pixel: of the group's registers, in one of the loop's turns. */
export type PixelWork = (map: (index: number) => Address, register: number, turn: number) => void;

/** Where the pixels are: emits loops that call `block` with the number of pixels to do at once. */
export type PixelLoops = (block: (pixels: number) => void) => void;

/** A pass over maps: where its pixels are, and what is done at each. */
export interface ChannelPass {
  readonly channels: number;
  readonly maps: number;
  /** The map that is written and not read; the others are read. */
  readonly written?: number | undefined;
  /** Position of the pass's arguments. */
  readonly first: number;
  readonly loops: PixelLoops;
  /** Told where the group's first channel is, too: bytes from the first one of a pixel. */
  begin(group: Group, groupOffset: General): void;
  readonly pixel: PixelWork;
  end?(group: Group): void;
}

const pointerRegisters: readonly General[] = [rsi, rdi, rcx, r10, r11];

/** A pointer for each of up to five maps. */
export const takeMapPointers = (a: KernelAssembler, maps: number): readonly General[] =>
  Object.values(
    a.registers.fixed(
      Object.fromEntries(pointerRegisters.slice(0, maps).map((register, map) => [`map ${map}`, register] as const)),
    ),
  );

/** Counts groups, and says where in a pixel the current one is. */
export const takeGroupRegisters = (a: KernelAssembler) => a.registers.fixed({ groups: r8, groupOffset: r9 });

/** The widest group that divides the channels evenly. */
export const registersOf = (channels: number): number => {
  const all = channels / CHANNELS_PER_REGISTER;
  return [4, 3, 2, 1].find((count) => all % count === 0)!;
};

/** Emits a pass: all pixels for one group of channels, then for the next. */
export function channelPass(
  a: KernelAssembler,
  { channels, maps, written, first, loops, begin, pixel, end }: ChannelPass,
): void {
  const registers = registersOf(channels);
  const { groups, groupOffset } = takeGroupRegisters(a);
  const group = channelGroup(a, channels, first, groupOffset);
  const pointers = takeMapPointers(a, maps);
  const pixelBytes = 2 * channels;
  const ahead = pixelBytes * Math.ceil(BYTES_AHEAD / pixelBytes);
  const askFor = (displacement: number) => {
    pointers.forEach((pointer, index) => {
      if (index === written) a.prefetchw(at(pointer, displacement));
      else a.prefetcht0(at(pointer, displacement));
    });
  };
  a.mov(groupOffset, 0n);
  a.repeat(groups, channels / CHANNELS_PER_REGISTER / registers, () => {
    pointers.forEach((pointer, index) => {
      a.mov(pointer, a.argument(first + 2 + index));
      a.add(pointer, groupOffset);
    });
    begin(group, groupOffset);
    loops((pixels) => {
      for (let turn = 0; turn < pixels; turn++) {
        for (let register = 0; register < registers; register++) {
          const displacement = turn * pixelBytes + 32 * register;
          if (register % REGISTERS_PER_LINE === 0) askFor(displacement + ahead);
          pixel((index) => at(pointers[index]!, displacement), register, turn);
        }
      }
      for (const pointer of pointers) a.add(pointer, pixels * pixelBytes);
    });
    end?.(group);
    a.add(groupOffset, 32 * registers);
  });
}

/** 16 bfloat16 numbers as floats. */
export function loadFloats(a: KernelAssembler, into: Zmm, from: Address): void {
  a.vpmovzxwd(into, from);
  a.vpslld(into, into, 16);
}

/** Stores 16 floats as bfloat16 numbers. */
export function storeRounded(a: KernelAssembler, into: Address, from: Zmm, rounded: Zmm): void {
  a.vcvtneps2bf16(lowerHalf(rounded), from);
  a.vmovups(into, lowerHalf(rounded));
}

/** Sets what is not within the mask to zero. */
export const keepWithin = (a: KernelAssembler, vector: Zmm, mask: Mask): void =>
  a.vmovups(masked(vector, mask, "zero"), vector);

/** Sets registers to zero. */
export const clear = (a: KernelAssembler, registers: readonly Zmm[]): void => {
  for (const register of registers) a.vpxord(register, register, register);
};
