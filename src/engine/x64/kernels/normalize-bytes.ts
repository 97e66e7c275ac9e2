/** Channels-last bytes to bfloat16 numbers, scaled and shifted per channel. */
import { type Assembler, at, k, rax, rcx, rdi, rdx, rsi, type Vector, zmm } from "../assembler/assembler.ts";
import { argumentOf, type Kernel, taskKernel } from "./task-kernel.ts";

const LANES = 16;
/** The most registers after which channels and lanes are in step again: scale and shift take one each. */
const LONGEST_PERIOD = 12;

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** Registers of values after which channels and lanes are in step again. */
const periodOf = (channels: number): number => channels / greatestCommonDivisor(channels, LANES);

export const canNormalize = (channels: number): boolean => periodOf(channels) <= LONGEST_PERIOD;

/** Values in one turn of the kernel's loop: the number for each of them is that of its channel. */
export const periodValues = (channels: number): number => LANES * periodOf(channels);

/** Where values are left for less than a turn: a task's last arguments, a mask for each register of a turn. */
export const remainderMasks = (channels: number, values: number): number[] =>
  Array.from({ length: periodOf(channels) }, (_, register) => {
    const left = Math.min(LANES, Math.max(0, values - LANES * register));
    return 2 ** left - 1;
  });

/**
 * value * scale + shift.
 *
 * Arguments: how many times {@link periodValues}, the bytes, the results, as many floats as a turn has values for scale, then for shift,
 * then {@link remainderMasks} for what follows.
 */
export function normalizeBytesKernel(channels: number): Kernel {
  const period = periodOf(channels);
  const registers = (from: number) => Array.from({ length: period }, (_, index) => zmm(from + index));
  const scale = registers(0);
  const shift = registers(period);
  const value: Vector = zmm(2 * period);
  const within = k(1);
  const convert = (a: Assembler, register: number, partly: boolean) => {
    const masked = (others: "zero" | "keep") => (partly ? { masking: { mask: within, others } } : {});
    a.convert("vpmovzxbd", value, at(rsi, LANES * register), masked("zero"));
    a.convert("vcvtdq2ps", value, value);
    a.op("vfmadd213ps", value, scale[register]!, shift[register]!);
    a.convert("vcvtneps2bf16", value, value);
    a.move("vmovdqu16", at(rdi, 2 * LANES * register), value, { length: 256, ...masked("keep") });
  };
  return taskKernel(`normalize bytes of ${channels} channels`, (a) => {
    a.mov(rsi, argumentOf(1));
    a.mov(rdi, argumentOf(2));
    a.mov(rdx, argumentOf(3));
    scale.forEach((into, register) => void a.move("vmovups", into, at(rdx, 4 * LANES * register)));
    shift.forEach((into, register) => void a.move("vmovups", into, at(rdx, 4 * LANES * (period + register))));
    a.mov(rcx, argumentOf(0));
    a.repeat(rcx, () => {
      for (let register = 0; register < period; register++) convert(a, register, false);
      a.add(rsi, LANES * period);
      a.add(rdi, 2 * LANES * period);
    });
    for (let register = 0; register < period; register++) {
      a.mov(rax, argumentOf(4 + register));
      a.kmovd(within, rax);
      convert(a, register, true);
    }
  });
}
