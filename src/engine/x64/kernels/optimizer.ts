/** Updates of parameters in one pass over flat arrays of floats: what the formulas of `optimizer.ts` say, element by element. */
import { at, atIndex, type Zmm } from "../assembler/operands.ts";
import { BYTES_AHEAD, FLOATS_AT_ONCE, type Kernel, type KernelAssembler, taskKernel } from "./task-kernel.ts";

/** Numbers of an update in the order in which a task finds them: floats, one after the other. */
export const sgdScalars = ["decay", "momentum", "rate"] as const;
/** As {@link sgdScalars}. */
export const rmsPropScalars = ["decay", "rho", "squareShare", "epsilon", "momentum", "rate"] as const;
/** As {@link sgdScalars}. */
export const lionScalars = [
  "decay",
  "kept",
  "beta1",
  /** 1 - beta1 */
  "meanShare",
  "beta2",
  /** 1 - beta2 */
  "nextShare",
  /** 2^126: times it twice, every number but 0 is beyond all rates. */
  "huge",
  /** Positive, and its negative. */
  "rate",
  "negativeRate",
] as const;
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

/** How a gradient is clipped on its way, and the numbers that it takes, behind those of the optimizer. */
export const clippingScalars = { none: [], norm: ["scale"], value: ["highest", "lowest"] } as const;
/** How a gradient is clipped: not, by a factor, or between two bounds. */
export type Clipping = keyof typeof clippingScalars;

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

interface Change<Scalar extends string> {
  readonly kind: "sgd" | "adam" | "rmsProp" | "lion";
  /** What its code depends on beside the kind and the clipping. */
  readonly shape?: object;
  readonly name: string;
  readonly scalars: readonly Scalar[];
  /** Arrays of state. */
  readonly slots: number;
  /** From a gradient, which may be overwritten, to the new weights and slots, in their registers. */
  emit(
    a: KernelAssembler,
    scalars: Readonly<Record<Scalar, Zmm>>,
    gradient: Zmm,
    weights: Zmm,
    slots: readonly Zmm[],
  ): void;
}

/** What becomes of a gradient before the optimizer has it. */
const clip: {
  readonly [K in Clipping]: (a: KernelAssembler, gradient: Zmm, zero: Zmm, bounds: readonly Zmm[]) => void;
} = {
  none: () => {},
  norm: (a, gradient, _, [scale]) => a.vmulps(gradient, gradient, scale!),
  value: (a, gradient, zero, [highest, lowest]) => {
    // 0, or no number where the gradient is not finite, which clipping must not hide.
    const { residue } = a.registers.vectors("residue");
    a.vmulps(residue, gradient, zero);
    a.vminps(gradient, highest!, gradient);
    a.vmaxps(gradient, lowest!, gradient);
    a.vaddps(gradient, gradient, residue);
  },
};

function updateKernel<Scalar extends string>(
  { kind, shape = {}, name, scalars: own, slots, emit }: Change<Scalar>,
  clipping: Clipping,
): Kernel {
  const pointers = ["weights", "firstSlot", "secondSlot"].slice(0, 1 + slots);
  const bounds: readonly string[] = clippingScalars[clipping];
  return taskKernel({ kind, shape: { ...shape, clipping }, name }, (a) => ({
    task() {
      const { turns, numbers, gradients, place } = a.registers.general("turns", "numbers", "gradients", "place");
      const changed = Object.values(a.registers.general(...pointers));
      const { gradient, zero } = a.registers.vectors("gradient", "zero");
      const scalars = a.registers.vectors(...own);
      const clippings = a.registers.row("clippings", bounds.length);
      const values = a.registers.row("values", changed.length);
      const residues = a.registers.row("residues", changed.length);
      a.mov(numbers, a.argument(1));
      const inOrder = [...own.map((scalar) => scalars[scalar]), ...clippings];
      for (const [index, scalar] of inOrder.entries()) a.vbroadcastss(scalar, at(numbers, 4 * index));
      a.mov(gradients, a.argument(3));
      for (const [index, pointer] of changed.entries()) a.mov(pointer, a.argument(4 + index));
      for (const register of [...residues, zero]) a.vpxord(register, register, register);
      a.mov(place, 0n);
      a.repeat(turns, a.argument(0), () => {
        a.prefetcht0(atIndex(gradients, place, 1, BYTES_AHEAD));
        for (const pointer of changed) a.prefetchw(atIndex(pointer, place, 1, BYTES_AHEAD));
        a.vmovups(gradient, atIndex(gradients, place));
        for (const [index, pointer] of changed.entries()) a.vmovups(values[index]!, atIndex(pointer, place));
        clip[clipping](a, gradient, zero, clippings);
        emit(a, scalars, gradient, values[0]!, values.slice(1));
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
export const sgdKernel = ({ nesterov = false, clipping = "none" }: SgdKernel = {}): Kernel =>
  updateKernel(
    {
      kind: "sgd",
      shape: { nesterov },
      name: "SGD",
      scalars: sgdScalars,
      slots: 1,
      emit: (a, { decay, momentum, rate }, gradient, weights, [velocity]) => {
        a.vfmadd231ps(gradient, weights, decay);
        a.vfmadd213ps(velocity!, momentum, gradient);
        if (nesterov) {
          a.vfmadd231ps(gradient, velocity!, momentum);
          a.vfmadd231ps(weights, gradient, rate);
        } else a.vfmadd231ps(weights, velocity!, rate);
      },
    },
    clipping,
  );

/** Which descent a kernel does. */
export interface SgdKernel {
  readonly nesterov?: boolean;
  readonly clipping?: Clipping;
}

/** Adam and AdamW. */
export const adamKernel = (clipping: Clipping = "none"): Kernel =>
  updateKernel(
    {
      kind: "adam",
      name: "Adam",
      scalars: adamScalars,
      slots: 2,
      emit: (a, scalars, gradient, weights, [mean, meanSquare]) => {
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
      },
    },
    clipping,
  );

/** RMSprop with momentum. */
export const rmsPropKernel = (clipping: Clipping = "none"): Kernel =>
  updateKernel(
    {
      kind: "rmsProp",
      name: "RMSprop",
      scalars: rmsPropScalars,
      slots: 2,
      emit: (a, scalars, gradient, weights, [meanSquare, velocity]) => {
        const { step } = a.registers.vectors("step");
        a.vfmadd231ps(gradient, weights, scalars.decay);
        a.vmulps(step, gradient, gradient);
        a.vmulps(meanSquare!, meanSquare!, scalars.rho);
        a.vfmadd231ps(meanSquare!, step, scalars.squareShare);
        a.vsqrtps(step, meanSquare!);
        a.vaddps(step, step, scalars.epsilon);
        a.vdivps(step, gradient, step);
        a.vfmadd213ps(velocity!, scalars.momentum, step);
        a.vfmadd231ps(weights, velocity!, scalars.rate);
      },
    },
    clipping,
  );

/** Lion. */
export const lionKernel = (clipping: Clipping = "none"): Kernel =>
  updateKernel(
    {
      kind: "lion",
      name: "Lion",
      scalars: lionScalars,
      slots: 1,
      emit: (a, scalars, gradient, weights, [mean]) => {
        const { step } = a.registers.vectors("step");
        a.vfmadd231ps(gradient, weights, scalars.decay);
        a.vmulps(step, mean!, scalars.beta1);
        a.vfmadd231ps(step, gradient, scalars.meanShare);
        a.vmulps(mean!, mean!, scalars.beta2);
        a.vfmadd231ps(mean!, gradient, scalars.nextShare);
        // The sign times the rate: between bounds, a number that is huge or 0 becomes one of three.
        a.vmulps(step, step, scalars.huge);
        a.vmulps(step, step, scalars.huge);
        a.vminps(step, scalars.rate, step);
        a.vmaxps(step, scalars.negativeRate, step);
        a.vmulps(weights, weights, scalars.kept);
        a.vsubps(weights, weights, step);
      },
    },
    clipping,
  );
