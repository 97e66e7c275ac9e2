/**
 * Batch normalisation of channels-last bfloat16 maps: what is done at each pixel, for the passes of this file and for the convolutions
 * that do it on their way; with what stands around it in a network: the rectifier, the sum with a shortcut, and their gradients.
 */
import { floatPredicate } from "../assembler/instructions.ts";
import type { Address, Zmm } from "../assembler/operands.ts";
import {
  channelPass,
  clear,
  type Group,
  keepWithin,
  loadFloats,
  type PixelLoops,
  registersOf,
  storeRounded,
} from "./channel-pass.ts";
import { type Kernel, type KernelAssembler, type KernelIdentity, taskKernel } from "./task-kernel.ts";

type Maps = (index: number) => Address;

/** Makes the floats of a pixel from maps. */
export interface Source {
  /** Maps that it reads. */
  readonly maps: number;
  begin(group: Group): void;
  make(map: Maps, register: number): Zmm;
}

/** Does something with the floats of a pixel, which it may change, before they are stored. */
export interface Sink {
  readonly maps: number;
  begin(group: Group): void;
  take(value: Zmm, map: Maps, register: number, turn: number): void;
  end(group: Group): void;
}

/** What follows the scale and the shift of a normalisation. */
export interface NormalizeShape {
  readonly relu: boolean;
  /** Whether a shortcut is added before the rectifier, and whether it is multiplied by a scale of its own. */
  readonly shortcut: boolean | "scaled";
}

/** Names the work in profiles. */
export const normalizeName = ({ relu, shortcut }: NormalizeShape): string =>
  `normalize${shortcut ? ` + ${shortcut === "scaled" ? "scaled " : ""}shortcut` : ""}${relu ? " + relu" : ""}`;

/** x * scale + shift [+ shortcut [* its scale]], rectified or not. Maps: x [, shortcut]. */
export function normalizeSource(a: KernelAssembler, registers: number, { relu, shortcut }: NormalizeShape): Source {
  const scale = a.registers.row("scale", registers);
  const shift = a.registers.row("shift", registers);
  const shortcutScale = shortcut === "scaled" ? a.registers.row("shortcutScale", registers) : [];
  const { zero, value, other } = a.registers.vectors("zero", "value", "other");
  return {
    maps: shortcut ? 2 : 1,
    begin(group) {
      clear(a, [zero]);
      group.load({ scale, shift, shortcutScale });
    },
    make(map, register) {
      loadFloats(a, value, map(0));
      a.vfmadd213ps(value, scale[register]!, shift[register]!);
      if (shortcut) {
        loadFloats(a, other, map(1));
        if (shortcut === "scaled") a.vfmadd231ps(value, other, shortcutScale[register]!);
        else a.vaddps(value, value, other);
      }
      // Of two operands of which one is not a number, the instruction gives the second.
      if (relu) a.vmaxps(value, zero, value);
      return value;
    },
  };
}

/** Where the rectifier's mask comes from: nowhere, the sign of x * scale + shift, or that of the stored output. */
export type ReluMask = "none" | "input" | "output";

/** How the gradient of a normalisation's input is masked. */
export interface InputGradientShape {
  readonly mask: Exclude<ReluMask, "output">;
}

/** Names the work in profiles. */
export const inputGradientName = ({ mask }: InputGradientShape): string => `normalize's gradient, mask: ${mask}`;

/**
 * The gradient of a normalisation's input: g * ofGradient + x * ofInput + constant; g is the gradient of its output, masked.
 * Maps: x, the gradient.
 */
export function inputGradientSource(a: KernelAssembler, registers: number, { mask }: InputGradientShape): Source {
  const takeRow = (name: string) => (mask === "input" ? a.registers.row(name, registers) : []);
  const [scale, shift] = [takeRow("scale"), takeRow("shift")];
  const ofGradient = a.registers.row("ofGradient", registers);
  const ofInput = a.registers.row("ofInput", registers);
  const constant = a.registers.row("constant", registers);
  const { zero, x, gradient, other } = a.registers.vectors("zero", "x", "gradient", "other");
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
        a.vmovups(other, x);
        a.vfmadd213ps(other, scale[register]!, shift[register]!);
        keepPositive(a, gradient, other, zero);
      }
      a.vfmadd213ps(x, ofInput[register]!, constant[register]!);
      a.vfmadd231ps(x, gradient, ofGradient[register]!);
      return x;
    },
  };
}

/** Sets to zero where `sign` is not above zero. */
function keepPositive(a: KernelAssembler, value: Zmm, sign: Zmm, zero: Zmm): void {
  a.registers.scope(() => {
    const { positive } = a.registers.masks("positive");
    a.vcmpps(positive, sign, zero, floatPredicate.greaterThan);
    keepWithin(a, value, positive);
  });
}

/**
 * Sums for mean and variance: of x - pivot and of its square. A pivot of about the mean's size keeps the sums of squares exact (Chan,
 * Golub and LeVeque 1983).
 *
 * @param turns pixels that are added up apart from each other
 */
export function statisticsSink(a: KernelAssembler, registers: number, turns: number): Sink {
  const pivots = a.registers.row("pivots", registers);
  const first = Array.from({ length: turns }, (_, turn) => a.registers.row(`sums of turn ${turn}`, registers));
  const second = Array.from({ length: turns }, (_, turn) => a.registers.row(`squares of turn ${turn}`, registers));
  const { difference } = a.registers.vectors("difference");
  return {
    maps: 0,
    begin(group) {
      group.load({ pivot: pivots });
      clear(a, [...first.flat(), ...second.flat()]);
    },
    take(value, _, register, turn) {
      const [sum, squares] = [first[turn % turns]![register]!, second[turn % turns]![register]!];
      a.vsubps(difference, value, pivots[register]!);
      a.vaddps(sum, sum, difference);
      a.vfmadd231ps(squares, difference, difference);
    },
    end(group) {
      group.storeSum(0, first[0]!, first.slice(1));
      group.storeSum(1, second[0]!, second.slice(1));
    },
  };
}

/** What the sums for a normalisation's gradients are taken of. */
export interface GradientSumsShape {
  readonly mask: ReluMask;
  /** Whether a second gradient is added to the first. */
  readonly second: boolean;
  /** Whether g is stored. */
  readonly stores: boolean;
}

/** Names the work in profiles. */
export const gradientSumsName = ({ mask, second, stores }: GradientSumsShape): string =>
  `gradient sums, mask: ${mask}${second ? ", two gradients" : ""}${stores ? ", stored" : ""}`;

/**
 * Sums for the gradients of a normalisation: of g, and of g * (x - mean). g is the gradient, with a second one added, zero where
 * the rectifier was; the value becomes g. Maps: x [, second gradient] [, output].
 */
export function gradientSumsSink(a: KernelAssembler, registers: number, { mask, second }: GradientSumsShape): Sink {
  const takeRow = (name: string) => (mask === "input" ? a.registers.row(name, registers) : []);
  const [scale, shift] = [takeRow("scale"), takeRow("shift")];
  const mean = a.registers.row("mean", registers);
  const sumOfGradients = a.registers.row("sumOfGradients", registers);
  const sumOfProducts = a.registers.row("sumOfProducts", registers);
  const { zero, x, other } = a.registers.vectors("zero", "x", "other");
  return {
    maps: 1 + (second ? 1 : 0) + (mask === "output" ? 1 : 0),
    begin(group) {
      group.load({ scale, shift, mean });
      clear(a, [zero, ...sumOfGradients, ...sumOfProducts]);
    },
    take(gradient, map, register) {
      if (second) {
        loadFloats(a, other, map(1));
        a.vaddps(gradient, gradient, other);
      }
      loadFloats(a, x, map(0));
      if (mask === "input") {
        a.vmovups(other, x);
        a.vfmadd213ps(other, scale[register]!, shift[register]!);
      } else if (mask === "output") loadFloats(a, other, map(second ? 2 : 1));
      if (mask !== "none") keepPositive(a, gradient, other, zero);
      a.vsubps(x, x, mean[register]!);
      a.vaddps(sumOfGradients[register]!, sumOfGradients[register]!, gradient);
      a.vfmadd231ps(sumOfProducts[register]!, gradient, x);
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
  (a: KernelAssembler): PixelLoops =>
  (block) => {
    const { turns } = a.registers.general("turns");
    [TURNS, 1].forEach((pixels, position) => void a.repeat(turns, a.argument(position), () => block(pixels)));
  };

/** Maps: the result, then those of the source. */
function sourceKernel(
  identity: KernelIdentity & { readonly shape: { readonly channels: number } },
  source: (a: KernelAssembler, registers: number) => Source,
): Kernel {
  const { channels } = identity.shape;
  return taskKernel(identity, (a) => ({
    task() {
      const { maps, begin, make } = source(a, registersOf(channels));
      const { rounded } = a.registers.vectors("rounded");
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
    },
  }));
}

const nameOf = (what: string, channels: number): string => `${what}, ${channels} channels`;

/** Maps: the result, x [, shortcut]. */
export function normalizeKernel(channels: number, { relu, shortcut }: NormalizeShape): Kernel {
  const shape = { channels, relu, shortcut };
  const identity = { kind: "normalize", shape, name: nameOf(normalizeName(shape), channels) };
  return sourceKernel(identity, (a, registers) => normalizeSource(a, registers, shape));
}

/** Maps: the result, x, the gradient of the output. */
export function inputGradientKernel(channels: number, { mask }: InputGradientShape): Kernel {
  const shape = { channels, mask };
  const identity = { kind: "normalizationInputGradient", shape, name: nameOf(inputGradientName(shape), channels) };
  return sourceKernel(identity, (a, registers) => inputGradientSource(a, registers, shape));
}

/** Maps: x. */
export function statisticsKernel(channels: number): Kernel {
  const identity = { kind: "batchStatistics", shape: { channels }, name: nameOf("batch statistics", channels) };
  return taskKernel(identity, (a) => ({
    task() {
      const { value } = a.registers.vectors("value");
      const registers = registersOf(channels);
      // Enough sums apart from each other that an addition need not wait for the one before.
      const turns = Math.max(1, Math.floor(TURNS / registers));
      const sink = statisticsSink(a, registers, turns);
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
    },
  }));
}

/** Maps: where g is stored (read by nobody else), the gradient, x [, second gradient] [, output]. */
export function gradientSumsKernel(channels: number, { mask, second, stores }: GradientSumsShape): Kernel {
  const shape = { channels, mask, second, stores };
  const identity = { kind: "gradientSums", shape, name: nameOf(gradientSumsName(shape), channels) };
  return taskKernel(identity, (a) => ({
    task() {
      const { value, rounded } = a.registers.vectors("value", "rounded");
      const sink = gradientSumsSink(a, registersOf(channels), shape);
      channelPass(a, {
        channels,
        maps: 2 + sink.maps,
        written: stores ? 0 : undefined,
        first: PIXEL_ARGUMENTS,
        loops: flatLoops(a),
        begin: sink.begin,
        pixel(map, register, turn) {
          loadFloats(a, value, map(1));
          sink.take(value, (index) => map(2 + index), register, turn);
          if (stores) storeRounded(a, map(0), value, rounded);
        },
        end: sink.end,
      });
    },
  }));
}
