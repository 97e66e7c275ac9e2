/** Optimizer updates by kernels of our own: all arrays are read and written once. */

import { decayOf, type Optimizer } from "../../../optimizer.ts";
import {
  adamKernel,
  adamScalars,
  type Clipping,
  clippingScalars,
  lionKernel,
  lionScalars,
  rmsPropKernel,
  rmsPropScalars,
  sgdKernel,
  sgdScalars,
  updateArguments,
} from "../../../x64/kernels/optimizer.ts";
import { FLOATS_AT_ONCE, type Kernel } from "../../../x64/kernels/task-kernel.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Program } from "../../program/program.ts";
import { areFinite, type FlatArrays, type OptimizerUpdate } from "../optimizer/optimizer-update.ts";
import type { KernelLowering } from "./sites.ts";

/** Floats of a task, a multiple of what the kernel does at once. */
const TASK_FLOATS = 2 ** 14;

/** What a weight's own decay comes to: `decay` times it is added to its gradient, `kept` is what is left of it. */
interface Decay {
  readonly decay: number;
  readonly kept: number;
}

/** A kernel with the numbers that it reads. */
interface UpdateKernel<Scalar extends string = string> {
  readonly kernel: Kernel;
  readonly names: readonly Scalar[];
  numbers(decay: Decay, learningRate: number, updates: number): Readonly<Record<Scalar, number>>;
}

const updateKernel = <const Scalar extends string>(
  kernel: Kernel,
  names: readonly Scalar[],
  numbers: UpdateKernel<Scalar>["numbers"],
): UpdateKernel => ({ kernel, names, numbers });

const clippingOf = ({ clipNorm, clipValue }: Optimizer): Clipping => {
  if (clipNorm !== undefined) return "norm";
  return clipValue === undefined ? "none" : "value";
};

/** Adds the kernel over all that is trained. */
function addUpdate(
  program: Program,
  arrays: FlatArrays,
  optimizer: Optimizer,
  { kernel, names: own, numbers }: UpdateKernel,
): OptimizerUpdate {
  const { clipValue = 0 } = optimizer;
  const { coupled, decoupled } = decayOf(optimizer);
  const names = [...own, ...clippingScalars[clippingOf(optimizer)]];
  const flat = (bytes: Uint8Array) =>
    program.persistent(program.rowMajor([bytes.length / bytesPerElement.f32], "f32"), bytes);
  const [gradients, weights] = [flat(arrays.gradients), flat(arrays.weights.subarray(0, arrays.gradients.length))];
  const slots = arrays.slots.map(flat);
  const regions = arrays.trained.map((region) => ({ ...region, scalars: program.host([names.length]) }));
  const tasks = regions.flatMap(({ from, to, scalars }) =>
    Array.from({ length: Math.ceil((to - from) / TASK_FLOATS) }, (_, task) => {
      const first = from + task * TASK_FLOATS;
      return { first, floats: Math.min(TASK_FLOATS, to - first), scalars };
    }),
  );
  const residues = program.host([tasks.length, FLOATS_AT_ONCE]);
  const access = { reads: [gradients, weights, ...slots], writes: [weights, ...slots, residues.value] };
  program.addKernel("optimizer update", kernel, access, (locate) =>
    tasks.map(({ first, floats, scalars }, task) => {
      const place = bytesPerElement.f32 * first;
      return updateArguments({
        floats,
        scalars: locate(scalars.value),
        residue: locate(residues.value, bytesPerElement.f32 * FLOATS_AT_ONCE * task),
        gradients: locate(gradients, place),
        weights: locate(weights, place),
        slots: slots.map((slot) => locate(slot, place)),
      });
    }),
  );
  return {
    isFinite: () => areFinite(residues.array),
    setScalars(learningRate, updates, scale) {
      const clipping = { scale, highest: clipValue, lowest: -clipValue };
      for (const { decays, l2, scalars } of regions) {
        const decay = (decays ? coupled : 0) + 2 * l2;
        const kept = decays ? 1 - learningRate * decoupled : 1;
        const values: Readonly<Record<string, number>> = {
          ...numbers({ decay, kept }, learningRate, updates),
          ...clipping,
        };
        names.forEach((name, index) => {
          scalars.array[index] = values[name]!;
        });
      }
    },
  };
}

type Rule<O extends Optimizer> = (optimizer: O, clipping: Clipping) => UpdateKernel;

const adam: Rule<Extract<Optimizer, { kind: "adam" | "adamW" }>> = ({ beta1, beta2, epsilon }, clipping) =>
  updateKernel(adamKernel(clipping), adamScalars, (decay, learningRate, updates) => ({
    ...decay,
    beta1,
    meanShare: 1 - beta1,
    beta2,
    squareShare: 1 - beta2,
    squareCorrection: 1 / (1 - beta2 ** (updates + 1)),
    epsilon,
    rate: -learningRate / (1 - beta1 ** (updates + 1)),
  }));

/** Undefined for an optimizer without a kernel, which oneDNN's primitives update. */
const rules: { readonly [K in Optimizer["kind"]]: Rule<Extract<Optimizer, { kind: K }>> | undefined } = {
  sgd: ({ momentum, nesterov = false }, clipping) =>
    updateKernel(sgdKernel({ nesterov, clipping }), sgdScalars, ({ decay }, learningRate) => ({
      decay,
      momentum,
      rate: -learningRate,
    })),
  adam,
  adamW: adam,
  rmsProp: ({ rho, epsilon, momentum }, clipping) =>
    updateKernel(rmsPropKernel(clipping), rmsPropScalars, ({ decay }, learningRate) => ({
      decay,
      rho,
      squareShare: 1 - rho,
      epsilon,
      momentum,
      rate: -learningRate,
    })),
  lion: ({ beta1, beta2 }, clipping) =>
    updateKernel(lionKernel(clipping), lionScalars, (decay, learningRate) => ({
      ...decay,
      beta1,
      meanShare: 1 - beta1,
      beta2,
      nextShare: 1 - beta2,
      huge: 2 ** 126,
      rate: learningRate,
      negativeRate: -learningRate,
    })),
};

/** Updates of an optimizer in one kernel over the flat arrays. */
export const optimizerKernels: KernelLowering<"optimizer"> = {
  needs: "AVX-512",
  serves: ({ optimizer }) => rules[optimizer.kind] !== undefined,
  lower: ({ optimizer, program, arrays }) =>
    addUpdate(program, arrays, optimizer, (rules[optimizer.kind] as Rule<Optimizer>)(optimizer, clippingOf(optimizer))),
};
