/** Updates of parameters in one pass over flat arrays of floats: what the formulas of `optimizer.ts` say, element by element. */
import { at, atIndex, type Zmm } from "../assembler/operands.ts";
import { BYTES_AHEAD, FLOATS_AT_ONCE, type Kernel, type KernelAssembler, taskKernel } from "./task-kernel.ts";

/** Numbers of an update in the order in which a task finds them: floats, one after the other. */
export const sgdScalars = ["decay", "momentum", "rate"] as const;
/** As {@link sgdScalars}, of Adam and AdamW. */
export const adamScalars = [
  /** Times the weight, is added to the gradient. */
  "decay",
  /** Times the weight, is what is left of it. */
  "kept",
  "beta1",
  /** 1 - beta1 */
  "meanShare",
  "beta2",
  /** 1 - beta2 */
  "squareShare",
  /** 1 / (1 - beta2^t) */
  "squareCorrection",
  "epsilon",
  /** Negative, and corrected for the mean: - rate / (1 - beta1^t). */
  "rate",
] as const;

/** A stretch of the flat arrays to update: addresses, and how many floats. */
export interface UpdateTask {
  /** A multiple of {@link FLOATS_AT_ONCE}. */
  readonly floats: number;
  readonly scalars: bigint;
  readonly gradients: bigint;
  readonly weights: bigint;
  /** In the order of `optimizerSlots`. */
  readonly slots: readonly bigint[];
  /** Receives {@link FLOATS_AT_ONCE} numbers: zeros, or something else where a new weight or number of state is not finite. */
  readonly residue: bigint;
}

/** The arguments of a task in the order in which the kernel reads them. */
export const updateArguments = ({ floats, scalars, gradients, weights, slots, residue }: UpdateTask) => [
  floats / FLOATS_AT_ONCE,
  scalars,
  residue,
  gradients,
  weights,
  ...slots,
];

/**
 * @param slots arrays of state
 * @param change from a gradient, which may be overwritten, to the new weights and slots, in their registers
 */
function updateKernel<Scalar extends string>(
  kind: "sgd" | "adam",
  name: string,
  names: readonly Scalar[],
  slots: number,
  change: (
    a: KernelAssembler,
    scalars: Readonly<Record<Scalar, Zmm>>,
    gradient: Zmm,
    weights: Zmm,
    slots: readonly Zmm[],
  ) => void,
): Kernel {
  const pointers = ["weights", "firstSlot", "secondSlot"].slice(0, 1 + slots);
  return taskKernel({ kind, shape: {}, name }, (a) => ({
    task() {
      const { turns, numbers, gradients, place } = a.registers.general("turns", "numbers", "gradients", "place");
      const changed = Object.values(a.registers.general(...pointers));
      const { gradient, zero } = a.registers.vectors("gradient", "zero");
      const scalars = a.registers.vectors(...names);
      const values = a.registers.row("values", changed.length);
      const residues = a.registers.row("residues", changed.length);
      a.mov(numbers, a.argument(1));
      for (const [index, scalar] of names.entries()) a.vbroadcastss(scalars[scalar], at(numbers, 4 * index));
      a.mov(gradients, a.argument(3));
      for (const [index, pointer] of changed.entries()) a.mov(pointer, a.argument(4 + index));
      for (const register of [...residues, zero]) a.vpxord(register, register, register);
      a.mov(place, 0n);
      a.repeat(turns, a.argument(0), () => {
        a.prefetcht0(atIndex(gradients, place, 1, BYTES_AHEAD));
        for (const pointer of changed) a.prefetchw(atIndex(pointer, place, 1, BYTES_AHEAD));
        a.vmovups(gradient, atIndex(gradients, place));
        for (const [index, pointer] of changed.entries()) a.vmovups(values[index]!, atIndex(pointer, place));
        change(a, scalars, gradient, values[0]!, values.slice(1));
        for (const [index, pointer] of changed.entries()) a.vmovups(atIndex(pointer, place), values[index]!);
        // Infinity times zero is no number, and a sum with one never is again. Memory is the limit: this costs nothing.
        for (const [index, value] of values.entries()) a.vfmadd231ps(residues[index]!, value, zero);
        a.add(place, 4 * FLOATS_AT_ONCE);
      });
      a.mov(numbers, a.argument(2));
      for (const residue of residues.slice(1)) a.vaddps(residues[0]!, residues[0]!, residue);
      a.vmovups(at(numbers), residues[0]!);
    },
  }));
}

/** Stochastic gradient descent with momentum. */
export const sgdKernel = (): Kernel =>
  updateKernel("sgd", "SGD", sgdScalars, 1, (a, { decay, momentum, rate }, gradient, weights, [velocity]) => {
    a.vfmadd231ps(gradient, weights, decay);
    a.vfmadd213ps(velocity!, momentum, gradient);
    a.vfmadd231ps(weights, velocity!, rate);
  });

/** Adam and AdamW. */
export const adamKernel = (): Kernel =>
  updateKernel("adam", "Adam", adamScalars, 2, (a, scalars, gradient, weights, [mean, meanSquare]) => {
    const { step } = a.registers.vectors("step");
    a.vfmadd231ps(gradient, weights, scalars.decay);
    a.vmulps(mean!, mean!, scalars.beta1);
    a.vfmadd231ps(mean!, gradient, scalars.meanShare);
    a.vmulps(gradient, gradient, gradient);
    a.vmulps(meanSquare!, meanSquare!, scalars.beta2);
    a.vfmadd231ps(meanSquare!, gradient, scalars.squareShare);
    a.vmulps(step, meanSquare!, scalars.squareCorrection);
    a.vsqrtps(step, step);
    a.vaddps(step, step, scalars.epsilon);
    a.vdivps(step, mean!, step);
    a.vmulps(weights, weights, scalars.kept);
    a.vfmadd231ps(weights, step, scalars.rate);
  });
