/** Optimizer updates by kernels of our own: all arrays are read and written once. */

import type { Adam, AdamW, Optimizer } from "../../../optimizer.ts";
import { adamKernel, adamScalars, sgdKernel, sgdScalars, updateArguments } from "../../../x64/kernels/optimizer.ts";
import { FLOATS_AT_ONCE, type Kernel } from "../../../x64/kernels/task-kernel.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Program } from "../../program/program.ts";
import { areFinite, type FlatArrays, type OptimizerUpdate } from "../optimizer/optimizer-update.ts";
import type { KernelLowering } from "./sites.ts";

/** Floats of a task, a multiple of what the kernel does at once. */
const TASK_FLOATS = 2 ** 14;

/** Adds the kernel over all that is trained; `at` gives its scalars where weights decay as much as said. */
function addUpdate<Scalar extends string>(
  program: Program,
  arrays: FlatArrays,
  kernel: Kernel,
  names: readonly Scalar[],
  decay: number,
  at: (decay: number, learningRate: number, updates: number) => Readonly<Record<Scalar, number>>,
): OptimizerUpdate {
  const { decayed, trained } = arrays;
  const flat = (bytes: Uint8Array) =>
    program.persistent(program.rowMajor([bytes.length / bytesPerElement.f32], "f32"), bytes);
  const [gradients, weights] = [flat(arrays.gradients), flat(arrays.weights.subarray(0, arrays.gradients.length))];
  const slots = arrays.slots.map(flat);
  const regions = [
    { ...decayed, decay, scalars: program.host([names.length]) },
    { from: decayed.to, to: trained.to, decay: 0, scalars: program.host([names.length]) },
  ];
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
    setScalars(learningRate, updates) {
      for (const region of regions) {
        const values = at(region.decay, learningRate, updates);
        names.forEach((name, index) => {
          region.scalars.array[index] = values[name];
        });
      }
    },
  };
}

type AddUpdate<O extends Optimizer> = (optimizer: O, program: Program, arrays: FlatArrays) => OptimizerUpdate;

const addAdam =
  (decoupled: boolean): AddUpdate<Adam | AdamW> =>
  ({ beta1, beta2, epsilon, weightDecay }, program, arrays) =>
    addUpdate(program, arrays, adamKernel(), adamScalars, weightDecay, (decay, learningRate, updates) => ({
      decay: decoupled ? 0 : decay,
      kept: decoupled ? 1 - learningRate * decay : 1,
      beta1,
      meanShare: 1 - beta1,
      beta2,
      squareShare: 1 - beta2,
      squareCorrection: 1 / (1 - beta2 ** (updates + 1)),
      epsilon,
      rate: -learningRate / (1 - beta1 ** (updates + 1)),
    }));

/** Undefined for an optimizer without a kernel, which oneDNN's primitives update. */
const updates: { readonly [K in Optimizer["kind"]]: AddUpdate<Extract<Optimizer, { kind: K }>> | undefined } = {
  sgd: ({ momentum, weightDecay }, program, arrays) =>
    addUpdate(program, arrays, sgdKernel(), sgdScalars, weightDecay, (decay, learningRate) => ({
      decay,
      momentum,
      rate: -learningRate,
    })),
  adam: addAdam(false),
  adamW: addAdam(true),
};

/** Updates of an optimizer in one kernel over the flat arrays. */
export const optimizerKernels: KernelLowering<"optimizer"> = {
  needs: "AVX-512",
  serves: ({ optimizer }) => updates[optimizer.kind] !== undefined,
  lower: ({ optimizer, program, arrays }) =>
    (updates[optimizer.kind] as AddUpdate<Optimizer>)(optimizer, program, arrays),
};
