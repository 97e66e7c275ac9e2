/** An optimizer's update over the flat parameter array: by a kernel of our own where one serves, else as oneDNN primitives. */
import { clippingScale, type Optimizer } from "../../optimizer.ts";
import type { Section } from "../program/instruction.ts";
import type { Program } from "../program/program.ts";
import { byKernel } from "./kernels/kernel-table.ts";
import { addGradientPreparation, type WeightWithGradient } from "./optimizer/gradient-preparation.ts";
import { addOptimizerPrimitives } from "./optimizer/optimizer-primitives.ts";
import type { FlatArrays, OptimizerUpdate } from "./optimizer/optimizer-update.ts";

/** An update in a program. */
export interface LoweredOptimizer extends Pick<OptimizerUpdate, "isFinite"> {
  /** Runs one update; `run` runs a part of the program. */
  update(run: (section: Section) => void, learningRate: number, updates: number): void;
}

/** Appends one update to the program, of `trainable`, which lie in `arrays`. */
export function lowerOptimizer(
  optimizer: Optimizer,
  program: Program,
  arrays: FlatArrays,
  trainable: readonly WeightWithGradient[],
): LoweredOptimizer {
  const begin = program.mark;
  const prepared = addGradientPreparation(optimizer, program, arrays, trainable);
  const middle = program.mark;
  const site = { program, optimizer, arrays: prepared.arrays };
  const changes = byKernel("optimizer", site) ?? addOptimizerPrimitives(optimizer, program, prepared.arrays);
  const end = program.mark;
  return {
    isFinite: changes.isFinite,
    update(run, learningRate, updates) {
      if (middle > begin) run({ from: begin, to: middle });
      const { clipNorm } = optimizer;
      const scale = prepared.norm && clipNorm !== undefined ? clippingScale(prepared.norm(), clipNorm) : 1;
      changes.setScalars(learningRate, updates, scale);
      run({ from: middle, to: end });
    },
  };
}
