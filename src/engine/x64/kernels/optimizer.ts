/** Updates of parameters in one pass over flat arrays of floats: what the formulas of `optimizer.ts` say, element by element. */
import {
  type Assembler,
  at,
  atIndex,
  type General,
  r8,
  r9,
  rax,
  rcx,
  rdi,
  rdx,
  rsi,
  type Vector,
  zmm,
} from "../assembler/assembler.ts";
import { argumentOf, BYTES_AHEAD, FLOATS_AT_ONCE, type Kernel, taskKernel } from "./task-kernel.ts";

/** Numbers of an update in the order in which a task finds them: floats, one after the other. */
export const sgdScalars = ["decay", "momentum", "rate"] as const;
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

export const updateArguments = ({ floats, scalars, gradients, weights, slots, residue }: UpdateTask) => [
  floats / FLOATS_AT_ONCE,
  scalars,
  residue,
  gradients,
  weights,
  ...slots,
];

const gradients = rsi;
const changed: readonly General[] = [rdi, rcx, r8];
const place = r9;

/**
 * @param slots arrays of state
 * @param change from a gradient, which may be overwritten, to the new weights and slots, in their registers
 */
function updateKernel<Scalar extends string>(
  name: string,
  names: readonly Scalar[],
  slots: number,
  change: (
    a: Assembler,
    scalars: Readonly<Record<Scalar, Vector>>,
    gradient: Vector,
    weights: Vector,
    slots: readonly Vector[],
  ) => void,
): Kernel {
  const pointers = changed.slice(0, 1 + slots);
  const gradient = zmm(0);
  const values = pointers.map((_, index) => zmm(1 + index));
  const residues = pointers.map((_, index) => zmm(9 + index));
  const zero = zmm(12);
  const scalars = Object.fromEntries(names.map((scalar, index) => [scalar, zmm(16 + index)])) as Record<Scalar, Vector>;
  return taskKernel(name, (a) => {
    a.mov(rdx, argumentOf(1));
    names.forEach((scalar, index) => void a.convert("vbroadcastss", scalars[scalar], at(rdx, 4 * index)));
    a.mov(gradients, argumentOf(3));
    pointers.forEach((pointer, index) => void a.mov(pointer, argumentOf(4 + index)));
    for (const register of [...residues, zero]) a.op("vpxord", register, register, register);
    a.mov(place, 0n);
    a.mov(rax, argumentOf(0));
    a.repeat(rax, () => {
      a.prefetcht0(atIndex(gradients, place, 1, BYTES_AHEAD));
      for (const pointer of pointers) a.prefetchw(atIndex(pointer, place, 1, BYTES_AHEAD));
      a.move("vmovups", gradient, atIndex(gradients, place));
      pointers.forEach((pointer, index) => void a.move("vmovups", values[index]!, atIndex(pointer, place)));
      change(a, scalars, gradient, values[0]!, values.slice(1));
      pointers.forEach((pointer, index) => void a.move("vmovups", atIndex(pointer, place), values[index]!));
      // Infinity times zero is no number, and a sum with one never is again. Memory is the limit: this costs nothing.
      values.forEach((value, index) => void a.op("vfmadd231ps", residues[index]!, value, zero));
      a.add(place, 4 * FLOATS_AT_ONCE);
    });
    a.mov(rdx, argumentOf(2));
    for (const residue of residues.slice(1)) a.op("vaddps", residues[0]!, residues[0]!, residue);
    a.move("vmovups", at(rdx), residues[0]!);
  });
}

/** Stochastic gradient descent with momentum. */
export const sgdKernel = (): Kernel =>
  updateKernel("SGD", sgdScalars, 1, (a, { decay, momentum, rate }, gradient, weights, [velocity]) => {
    a.op("vfmadd231ps", gradient, weights, decay);
    a.op("vfmadd213ps", velocity!, momentum, gradient);
    a.op("vfmadd231ps", weights, velocity!, rate);
  });

/** Adam and AdamW. */
export const adamKernel = (): Kernel =>
  updateKernel("Adam", adamScalars, 2, (a, scalars, gradient, weights, [mean, meanSquare]) => {
    const step = zmm(8);
    a.op("vfmadd231ps", gradient, weights, scalars.decay);
    a.op("vmulps", mean!, mean!, scalars.beta1);
    a.op("vfmadd231ps", mean!, gradient, scalars.meanShare);
    a.op("vmulps", gradient, gradient, gradient);
    a.op("vmulps", meanSquare!, meanSquare!, scalars.beta2);
    a.op("vfmadd231ps", meanSquare!, gradient, scalars.squareShare);
    a.op("vmulps", step, meanSquare!, scalars.squareCorrection);
    a.convert("vsqrtps", step, step);
    a.op("vaddps", step, step, scalars.epsilon);
    a.op("vdivps", step, mean!, step);
    a.op("vmulps", weights, weights, scalars.kept);
    a.op("vfmadd231ps", weights, step, scalars.rate);
  });
