/** Channels-last bytes to bfloat16 numbers, scaled and shifted per channel. */
import { at, lowerHalf, masked } from "../assembler/operands.ts";
import { type Kernel, taskKernel } from "./task-kernel.ts";

const LANES = 16;
/** The most registers after which channels and lanes are in step again: scale and shift take one each. */
const LONGEST_PERIOD = 12;

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** Registers of values after which channels and lanes are in step again. */
const periodOf = (channels: number): number => channels / greatestCommonDivisor(channels, LANES);

/** Whether the kernel takes images of so many channels. */
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
  const name = `normalize bytes of ${channels} channels`;
  return taskKernel({ kind: "normalizeBytes", shape: { channels }, name }, (a) => ({
    task() {
      const { bits, turns, coefficients, from, to } = a.registers.general(
        "bits",
        "turns",
        "coefficients",
        "from",
        "to",
      );
      const scale = a.registers.row("scale", period);
      const shift = a.registers.row("shift", period);
      const { value } = a.registers.vectors("value");
      const { within } = a.registers.masks("within");
      const convert = (register: number, partly: boolean) => {
        const result = at(to, 2 * LANES * register);
        a.vpmovzxbd(partly ? masked(value, within, "zero") : value, at(from, LANES * register));
        a.vcvtdq2ps(value, value);
        a.vfmadd213ps(value, scale[register]!, shift[register]!);
        a.vcvtneps2bf16(lowerHalf(value), value);
        a.vmovdqu16(partly ? masked(result, within, "keep") : result, lowerHalf(value));
      };
      a.mov(from, a.argument(1));
      a.mov(to, a.argument(2));
      a.mov(coefficients, a.argument(3));
      for (const [index, into] of [...scale, ...shift].entries()) a.vmovups(into, at(coefficients, 4 * LANES * index));
      a.repeat(turns, a.argument(0), () => {
        for (let register = 0; register < period; register++) convert(register, false);
        a.add(from, LANES * period);
        a.add(to, 2 * LANES * period);
      });
      for (let register = 0; register < period; register++) {
        a.mov(bits, a.argument(4 + register));
        a.kmovd(within, bits);
        convert(register, true);
      }
    },
  }));
}
