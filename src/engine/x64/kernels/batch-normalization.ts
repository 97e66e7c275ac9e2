/**
 * Batch normalisation of channels-last bfloat16 maps: what is done at each pixel, for the passes of this file and for the convolutions
 * that do it on their way; with what stands around it in a network: the rectifier, the sum with a shortcut, and their gradients.
 */
import { type Address, type Assembler, k, rax, type Vector } from "../assembler/assembler.ts";
import {
  channelPass,
  clear,
  type Group,
  keepWithin,
  loadFloats,
  type PixelLoops,
  registerFile,
  registersOf,
  storeRounded,
  type TakeRegisters,
} from "./channel-pass.ts";
import { argumentOf, type Kernel, taskKernel } from "./task-kernel.ts";

type Maps = (index: number) => Address;

/** Makes the floats of a pixel from maps. */
export interface Source {
  /** Maps that it reads. */
  readonly maps: number;
  begin(group: Group): void;
  make(map: Maps, register: number): Vector;
}

/** Does something with the floats of a pixel, which it may change, before they are stored. */
export interface Sink {
  readonly maps: number;
  begin(group: Group): void;
  take(value: Vector, map: Maps, register: number, turn: number): void;
  end(group: Group): void;
}

export interface NormalizeShape {
  readonly relu: boolean;
  /** Whether a shortcut is added before the rectifier, and whether it is multiplied by a scale of its own. */
  readonly shortcut: boolean | "scaled";
}

export const normalizeName = ({ relu, shortcut }: NormalizeShape): string =>
  `normalize${shortcut ? ` + ${shortcut === "scaled" ? "scaled " : ""}shortcut` : ""}${relu ? " + relu" : ""}`;

/** x * scale + shift [+ shortcut [* its scale]], rectified or not. Maps: x [, shortcut]. */
export function normalizeSource(
  a: Assembler,
  take: TakeRegisters,
  registers: number,
  { relu, shortcut }: NormalizeShape,
): Source {
  const scale = take(registers);
  const shift = take(registers);
  const shortcutScale = shortcut === "scaled" ? take(registers) : [];
  const [zero, value, other] = take(3) as [Vector, Vector, Vector];
  return {
    maps: shortcut ? 2 : 1,
    begin(group) {
      clear(a, [zero]);
      group.load({ scale, shift, shortcutScale });
    },
    make(map, register) {
      loadFloats(a, value, map(0));
      a.op("vfmadd213ps", value, scale[register]!, shift[register]!);
      if (shortcut) {
        loadFloats(a, other, map(1));
        if (shortcut === "scaled") a.op("vfmadd231ps", value, other, shortcutScale[register]!);
        else a.op("vaddps", value, value, other);
      }
      // Of two operands of which one is not a number, the instruction gives the second.
      if (relu) a.op("vmaxps", value, zero, value);
      return value;
    },
  };
}

/** Where the rectifier's mask comes from: nowhere, the sign of x * scale + shift, or that of the stored output. */
export type ReluMask = "none" | "input" | "output";

export interface InputGradientShape {
  readonly mask: Exclude<ReluMask, "output">;
}

export const inputGradientName = ({ mask }: InputGradientShape): string => `normalize's gradient, mask: ${mask}`;

/**
 * The gradient of a normalisation's input: g * ofGradient + x * ofInput + constant; g is the gradient of its output, masked.
 * Maps: x, the gradient.
 */
export function inputGradientSource(
  a: Assembler,
  take: TakeRegisters,
  registers: number,
  { mask }: InputGradientShape,
): Source {
  const [scale, shift] = mask === "input" ? [take(registers), take(registers)] : [[], []];
  const ofGradient = take(registers);
  const ofInput = take(registers);
  const constant = take(registers);
  const [zero, x, gradient, other] = take(4) as [Vector, Vector, Vector, Vector];
  return {
    maps: 2,
    begin(group) {
      clear(a, [zero]);
      group.load({ scale, shift, ofGradient, ofInput, constant });
    },
    make(map, register) {
      loadFloats(a, x, map(0));
      loadFloats(a, gradient, map(1));
      if (mask === "input") {
        a.move("vmovups", other, x);
        a.op("vfmadd213ps", other, scale[register]!, shift[register]!);
        keepPositive(a, gradient, other, zero);
      }
      a.op("vfmadd213ps", x, ofInput[register]!, constant[register]!);
      a.op("vfmadd231ps", x, gradient, ofGradient[register]!);
      return x;
    },
  };
}

const positive = k(1);

/** Sets to zero where `sign` is not above zero. */
function keepPositive(a: Assembler, value: Vector, sign: Vector, zero: Vector): void {
  a.compare("vcmpps", positive, sign, zero, "greaterThan");
  keepWithin(a, value, positive);
}

/**
 * Sums for mean and variance: of x - pivot and of its square. A pivot of about the mean's size keeps the sums of squares exact (Chan,
 * Golub and LeVeque 1983).
 *
 * @param turns pixels that are added up apart from each other
 */
export function statisticsSink(a: Assembler, take: TakeRegisters, registers: number, turns: number): Sink {
  const pivots = take(registers);
  const first = Array.from({ length: turns }, () => take(registers));
  const second = Array.from({ length: turns }, () => take(registers));
  const [difference] = take(1) as [Vector];
  return {
    maps: 0,
    begin(group) {
      group.load({ pivot: pivots });
      clear(a, [...first.flat(), ...second.flat()]);
    },
    take(value, _, register, turn) {
      const [sum, squares] = [first[turn % turns]![register]!, second[turn % turns]![register]!];
      a.op("vsubps", difference, value, pivots[register]!);
      a.op("vaddps", sum, sum, difference);
      a.op("vfmadd231ps", squares, difference, difference);
    },
    end(group) {
      group.storeSum(0, first[0]!, first.slice(1));
      group.storeSum(1, second[0]!, second.slice(1));
    },
  };
}

export interface GradientSumsShape {
  readonly mask: ReluMask;
  /** Whether a second gradient is added to the first. */
  readonly second: boolean;
  /** Whether g is stored. */
  readonly stores: boolean;
}

export const gradientSumsName = ({ mask, second, stores }: GradientSumsShape): string =>
  `gradient sums, mask: ${mask}${second ? ", two gradients" : ""}${stores ? ", stored" : ""}`;

/**
 * Sums for the gradients of a normalisation: of g, and of g * (x - mean). g is the gradient, with a second one added, zero where
 * the rectifier was; the value becomes g. Maps: x [, second gradient] [, output].
 */
export function gradientSumsSink(
  a: Assembler,
  take: TakeRegisters,
  registers: number,
  { mask, second }: GradientSumsShape,
): Sink {
  const [scale, shift] = mask === "input" ? [take(registers), take(registers)] : [[], []];
  const mean = take(registers);
  const sumOfGradients = take(registers);
  const sumOfProducts = take(registers);
  const [zero, x, other] = take(3) as [Vector, Vector, Vector];
  return {
    maps: 1 + (second ? 1 : 0) + (mask === "output" ? 1 : 0),
    begin(group) {
      group.load({ scale, shift, mean });
      clear(a, [zero, ...sumOfGradients, ...sumOfProducts]);
    },
    take(gradient, map, register) {
      if (second) {
        loadFloats(a, other, map(1));
        a.op("vaddps", gradient, gradient, other);
      }
      loadFloats(a, x, map(0));
      if (mask === "input") {
        a.move("vmovups", other, x);
        a.op("vfmadd213ps", other, scale[register]!, shift[register]!);
      } else if (mask === "output") loadFloats(a, other, map(second ? 2 : 1));
      if (mask !== "none") keepPositive(a, gradient, other, zero);
      a.op("vsubps", x, x, mean[register]!);
      a.op("vaddps", sumOfGradients[register]!, sumOfGradients[register]!, gradient);
      a.op("vfmadd231ps", sumOfProducts[register]!, gradient, x);
    },
    end(group) {
      group.storeSum(0, sumOfGradients);
      group.storeSum(1, sumOfProducts);
    },
  };
}

/** Pixels that the passes of this file do in a turn of their loop. */
const TURNS = 4;

/** The first two arguments of a pass over so many pixels: full turns, and what is left. */
export const pixelArguments = (pixels: number): readonly number[] => [Math.floor(pixels / TURNS), pixels % TURNS];
const PIXEL_ARGUMENTS = 2;

const flatLoops =
  (a: Assembler): PixelLoops =>
  (block) => {
    [TURNS, 1].forEach((pixels, position) => {
      a.mov(rax, argumentOf(position));
      a.repeat(rax, () => block(pixels));
    });
  };

/** Maps: the result, then those of the source. */
function sourceKernel(
  name: string,
  channels: number,
  source: (a: Assembler, take: TakeRegisters, registers: number) => Source,
): Kernel {
  return taskKernel(`${name}, ${channels} channels`, (a) => {
    const take = registerFile();
    const { maps, begin, make } = source(a, take, registersOf(channels));
    const [rounded] = take(1) as [Vector];
    channelPass(a, {
      channels,
      maps: 1 + maps,
      written: 0,
      first: PIXEL_ARGUMENTS,
      loops: flatLoops(a),
      begin,
      pixel(map, register) {
        const value = make((index) => map(1 + index), register);
        storeRounded(a, map(0), value, rounded);
      },
    });
  });
}

/** Maps: the result, x [, shortcut]. */
export const normalizeKernel = (channels: number, shape: NormalizeShape): Kernel =>
  sourceKernel(normalizeName(shape), channels, (...where) => normalizeSource(...where, shape));

/** Maps: the result, x, the gradient of the output. */
export const inputGradientKernel = (channels: number, shape: InputGradientShape): Kernel =>
  sourceKernel(inputGradientName(shape), channels, (...where) => inputGradientSource(...where, shape));

/** Maps: x. */
export function statisticsKernel(channels: number): Kernel {
  return taskKernel(`batch statistics, ${channels} channels`, (a) => {
    const take = registerFile();
    const [value] = take(1) as [Vector];
    const registers = registersOf(channels);
    // Enough sums apart from each other that an addition need not wait for the one before.
    const turns = Math.max(1, Math.floor(TURNS / registers));
    const sink = statisticsSink(a, take, registers, turns);
    channelPass(a, {
      channels,
      maps: 1,
      first: PIXEL_ARGUMENTS,
      loops: flatLoops(a),
      begin: sink.begin,
      pixel(map, register, turn) {
        loadFloats(a, value, map(0));
        sink.take(value, map, register, turn);
      },
      end: sink.end,
    });
  });
}

/** Maps: where g is stored (read by nobody else), the gradient, x [, second gradient] [, output]. */
export function gradientSumsKernel(channels: number, shape: GradientSumsShape): Kernel {
  return taskKernel(`${gradientSumsName(shape)}, ${channels} channels`, (a) => {
    const take = registerFile();
    const [value, rounded] = take(2) as [Vector, Vector];
    const sink = gradientSumsSink(a, take, registersOf(channels), shape);
    channelPass(a, {
      channels,
      maps: 2 + sink.maps,
      written: shape.stores ? 0 : undefined,
      first: PIXEL_ARGUMENTS,
      loops: flatLoops(a),
      begin: sink.begin,
      pixel(map, register, turn) {
        loadFloats(a, value, map(1));
        sink.take(value, (index) => map(2 + index), register, turn);
        if (shape.stores) storeRounded(a, map(0), value, rounded);
      },
      end: sink.end,
    });
  });
}
