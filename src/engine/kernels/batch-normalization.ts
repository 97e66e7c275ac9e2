/**
 * Batch normalisation of channels-last bfloat16 maps in four passes, each with what stands around it in a network: the rectifier, the
 * sum with a shortcut, and their gradients.
 *
 * A register holds 16 channels as floats; a pass walks over the pixels of its task for up to four registers of channels at a time.
 */
import {
  type Address,
  type Assembler,
  atIndex,
  type General,
  k,
  r8,
  r9,
  r10,
  r11,
  r15,
  rax,
  rcx,
  rdi,
  rdx,
  rsi,
  type Vector,
  zmm,
} from "./assembler.ts";
import { argumentOf, type Kernel, taskKernel } from "./kernel.ts";

/** Channels that a register holds; only multiples of it can be normalised here. */
export const CHANNELS_PER_REGISTER = 16;

/** What a task of every pass is told, in this order; the maps come after it. */
export interface ChannelTask {
  /** Pixels of the task. */
  readonly pixels: number;
  /** Rows of `channels` floats that the pass reads, and that it writes for this task. */
  readonly coefficients: bigint;
  readonly sums: bigint;
  /** The task's first pixel in each map that the pass walks over. */
  readonly maps: readonly bigint[];
}

interface Group {
  /** Registers of channels in the group. */
  readonly registers: number;
  /** A row of coefficients, or of sums, at one of the group's registers. */
  coefficient(row: number, register: number): Address;
  sum(row: number, register: number): Address;
}

/** The code of a pass for one group of channels. */
interface Pass {
  /** Pixels in one turn of the loop. */
  readonly unroll: number;
  readonly maps: number;
  begin(group: Group): void;
  /** One register of channels of one pixel; `turn` is the pixel's number in its turn of the loop. */
  pixel(map: (index: number) => Address, register: number, turn: number): void;
  end?(group: Group): void;
}

const registersOf = (channels: number): number => {
  const all = channels / CHANNELS_PER_REGISTER;
  return [4, 3, 2, 1].find((count) => all % count === 0)!;
};

const mapPointers: readonly General[] = [rsi, rdi, rcx, r10, r11];
const coefficients = rdx;
const sums = r15;
/** Bytes from the first channel of a pixel to the first of the group. */
const groupOffset = r9;

/** The arguments of a task in the order in which {@link channelPass} reads them. */
export const channelArguments = ({ pixels, coefficients, sums, maps }: ChannelTask, { unroll }: { unroll: number }) => [
  Math.floor(pixels / unroll),
  pixels % unroll,
  coefficients,
  sums,
  ...maps,
];

function channelPass(a: Assembler, channels: number, { unroll, maps, begin, pixel, end }: Pass): void {
  const registers = registersOf(channels);
  const pixelBytes = 2 * channels;
  const row = (base: General) => (index: number, register: number) =>
    atIndex(base, groupOffset, 2, 4 * channels * index + 64 * register);
  const group: Group = { registers, coefficient: row(coefficients), sum: row(sums) };
  const pointers = mapPointers.slice(0, maps);
  a.mov(coefficients, argumentOf(2));
  a.mov(sums, argumentOf(3));
  a.mov(groupOffset, 0n);
  a.mov(r8, BigInt(channels / CHANNELS_PER_REGISTER / registers));
  a.repeat(r8, () => {
    pointers.forEach((pointer, index) => {
      a.mov(pointer, argumentOf(4 + index));
      a.add(pointer, groupOffset);
    });
    begin(group);
    [unroll, 1].forEach((turns, loop) => {
      a.mov(rax, argumentOf(loop));
      a.repeat(rax, () => {
        for (let turn = 0; turn < turns; turn++) {
          for (let register = 0; register < registers; register++) {
            const displacement = turn * pixelBytes + 32 * register;
            pixel((index) => ({ base: pointers[index]!, displacement }), register, turn);
          }
        }
        for (const pointer of pointers) a.add(pointer, turns * pixelBytes);
      });
    });
    end?.(group);
    a.add(groupOffset, 32 * registers);
  });
}

/** Hands out registers, each once. */
const registerFile = () => {
  let next = 0;
  return (count: number): Vector[] => Array.from({ length: count }, () => zmm(next++));
};

const positive = k(1);

/** 16 bfloat16 numbers as floats, where `mask` says so; else zero. */
function loadFloats(a: Assembler, into: Vector, from: Address, mask?: typeof positive): void {
  a.convert("vpmovzxwd", into, from, mask ? { masking: { mask, others: "zero" } } : {});
  a.vpslld(into, into, 16);
}

function storeRounded(a: Assembler, into: Address, from: Vector): void {
  a.convert("vcvtneps2bf16", from, from);
  a.move("vmovups", into, from, { length: 256 });
}

const clear = (a: Assembler, registers: readonly Vector[]) => {
  for (const register of registers) a.op("vpxord", register, register, register);
};

export const statisticsUnroll = (channels: number): number => Math.max(1, Math.floor(4 / registersOf(channels)));

/**
 * Sums for mean and variance. Map 0 is x; coefficients are floats of one pixel, the pivot: numbers of about the mean's size keep the sums of
 * squares exact (Chan, Golub and LeVeque 1983).
 *
 * Sums, a row each: x - pivot, its square.
 */
export function statisticsKernel(channels: number): Kernel {
  const unroll = statisticsUnroll(channels);
  const registers = registersOf(channels);
  return taskKernel(`batch statistics of ${channels} channels`, (a) => {
    const take = registerFile();
    const pivots = take(registers);
    const first = Array.from({ length: unroll }, () => take(registers));
    const second = Array.from({ length: unroll }, () => take(registers));
    const [value] = take(1) as [Vector];
    channelPass(a, channels, {
      unroll,
      maps: 1,
      begin({ coefficient }) {
        pivots.forEach((pivot, register) => void a.move("vmovups", pivot, coefficient(0, register)));
        clear(a, [...first.flat(), ...second.flat()]);
      },
      pixel(map, register, turn) {
        loadFloats(a, value, map(0));
        a.op("vsubps", value, value, pivots[register]!);
        a.op("vaddps", first[turn]![register]!, first[turn]![register]!, value);
        a.op("vfmadd231ps", second[turn]![register]!, value, value);
      },
      end: ({ sum }) => addUp(a, [first, second], sum),
    });
  });
}

/** Stores each kind's accumulators, those of all turns added, as a row of sums. */
function addUp(a: Assembler, kinds: readonly (readonly Vector[][])[], sum: Group["sum"]): void {
  kinds.forEach(([total, ...others], row) => {
    total!.forEach((register, index) => {
      for (const other of others) a.op("vaddps", register, register, other[index]!);
      a.move("vmovups", sum(row, index), register);
    });
  });
}

export interface NormalizeShape {
  readonly channels: number;
  readonly relu: boolean;
  /** Whether a shortcut is added before the rectifier. */
  readonly shortcut: boolean;
}

/** y = x * scale + shift [+ shortcut], rectified or not. Maps: y, x [, shortcut]. Coefficients: scale, shift. */
export function normalizeKernel({ channels, relu, shortcut }: NormalizeShape): Kernel {
  const registers = registersOf(channels);
  const name = `normalize ${channels} channels${shortcut ? " + shortcut" : ""}${relu ? ", relu" : ""}`;
  return taskKernel(name, (a) => {
    const take = registerFile();
    const scale = take(registers);
    const shift = take(registers);
    const [zero, value, other] = take(3) as [Vector, Vector, Vector];
    clear(a, [zero]);
    channelPass(a, channels, {
      unroll: 1,
      maps: shortcut ? 3 : 2,
      begin({ coefficient }) {
        scale.forEach((into, register) => void a.move("vmovups", into, coefficient(0, register)));
        shift.forEach((into, register) => void a.move("vmovups", into, coefficient(1, register)));
      },
      pixel(map, register) {
        loadFloats(a, value, map(1));
        a.op("vfmadd213ps", value, scale[register]!, shift[register]!);
        if (shortcut) {
          loadFloats(a, other, map(2));
          a.op("vaddps", value, value, other);
        }
        // Of two operands of which one is not a number, the instruction gives the second.
        if (relu) a.op("vmaxps", value, zero, value);
        storeRounded(a, map(0), value);
      },
    });
  });
}

/** Where the rectifier's mask comes from: nowhere, the sign of x * scale + shift, or that of the stored output. */
export type ReluMask = "none" | "input" | "output";

export interface GradientSumsShape {
  readonly channels: number;
  readonly mask: ReluMask;
  /** How many gradients reach the output: their sum counts. */
  readonly gradients: 1 | 2;
  /** Whether the gradient, summed and masked, is stored. */
  readonly stores: boolean;
}

/**
 * Sums for the gradients of a normalisation. g is the sum of the gradients, zero where the rectifier was.
 *
 * Maps: x, gradient [, second gradient] [, output] [, where g is stored]. Coefficients: scale, shift, mean. Sums, a row each: g, g * (x - mean).
 */
export function gradientSumsKernel({ channels, mask, gradients, stores }: GradientSumsShape): Kernel {
  const registers = registersOf(channels);
  const name = `gradient sums of ${channels} channels, ${gradients} in, mask: ${mask}${stores ? ", stored" : ""}`;
  return taskKernel(name, (a) => {
    const take = registerFile();
    const [scale, shift, mean, sumOfGradients, sumOfProducts] = Array.from({ length: 5 }, () => take(registers)) as [
      Vector[],
      Vector[],
      Vector[],
      Vector[],
      Vector[],
    ];
    const [zero, x, gradient, other] = take(4) as [Vector, Vector, Vector, Vector];
    const output = 1 + gradients;
    const stored = output + (mask === "output" ? 1 : 0);
    clear(a, [zero]);
    channelPass(a, channels, {
      unroll: 1,
      maps: stored + (stores ? 1 : 0),
      begin({ coefficient }) {
        [scale, shift, mean].forEach((row, index) => {
          row.forEach((into, register) => void a.move("vmovups", into, coefficient(index, register)));
        });
        clear(a, [...sumOfGradients, ...sumOfProducts]);
      },
      pixel(map, register) {
        loadFloats(a, x, map(0));
        const within = maskOf(a, mask, { x, other, zero, scale: scale[register]!, shift: shift[register]! }, () =>
          map(output),
        );
        loadFloats(a, gradient, map(1), within);
        if (gradients === 2) {
          loadFloats(a, other, map(2), within);
          a.op("vaddps", gradient, gradient, other);
        }
        a.op("vsubps", x, x, mean[register]!);
        a.op("vaddps", sumOfGradients[register]!, sumOfGradients[register]!, gradient);
        a.op("vfmadd231ps", sumOfProducts[register]!, gradient, x);
        if (stores) storeRounded(a, map(stored), gradient);
      },
      end: ({ sum }) => addUp(a, [[sumOfGradients], [sumOfProducts]], sum),
    });
  });
}

interface MaskOperands {
  readonly x: Vector;
  readonly other: Vector;
  readonly zero: Vector;
  readonly scale: Vector;
  readonly shift: Vector;
}

function maskOf(
  a: Assembler,
  mask: ReluMask,
  { x, other, zero, scale, shift }: MaskOperands,
  output: () => Address,
): typeof positive | undefined {
  if (mask === "none") return undefined;
  if (mask === "output") loadFloats(a, other, output());
  else {
    a.move("vmovups", other, x);
    a.op("vfmadd213ps", other, scale, shift);
  }
  a.compare("vcmpps", positive, other, zero, "greaterThan");
  return positive;
}

export interface InputGradientShape {
  readonly channels: number;
  readonly mask: Exclude<ReluMask, "output">;
}

/**
 * The gradient of a normalisation's input: g * a + x * b + c, with g as in {@link gradientSumsKernel}.
 *
 * Maps: the result, x, g. Coefficients: scale, shift, a, b, c.
 */
export function inputGradientKernel({ channels, mask }: InputGradientShape): Kernel {
  const registers = registersOf(channels);
  return taskKernel(`gradient of ${channels} normalized channels, mask: ${mask}`, (a) => {
    const take = registerFile();
    const rows = Array.from({ length: 5 }, () => take(registers));
    const [scale, shift, ofGradient, ofInput, constant] = rows as [Vector[], Vector[], Vector[], Vector[], Vector[]];
    const [zero, x, gradient, other] = take(4) as [Vector, Vector, Vector, Vector];
    clear(a, [zero]);
    channelPass(a, channels, {
      unroll: 1,
      maps: 3,
      begin({ coefficient }) {
        rows.forEach((row, index) => {
          row.forEach((into, register) => void a.move("vmovups", into, coefficient(index, register)));
        });
      },
      pixel(map, register) {
        loadFloats(a, x, map(1));
        const operands = { x, other, zero, scale: scale[register]!, shift: shift[register]! };
        const within = maskOf(a, mask, operands, () => map(0));
        loadFloats(a, gradient, map(2), within);
        a.op("vfmadd213ps", x, ofInput[register]!, constant[register]!);
        a.op("vfmadd231ps", x, gradient, ofGradient[register]!);
        storeRounded(a, map(0), x);
      },
    });
  });
}
