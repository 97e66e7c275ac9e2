/** An optimizer's update over the flat parameter array: by a kernel of our own where one serves, else as oneDNN primitives. */
import type { Optimizer } from "../../optimizer.ts";
import type { Program } from "../program/program.ts";
import { byKernel } from "./kernels/kernel-table.ts";
import { addOptimizerPrimitives } from "./optimizer/optimizer-primitives.ts";
import type { FlatArrays, OptimizerUpdate } from "./optimizer/optimizer-update.ts";

/** Appends one update to the program. */
export const lowerOptimizer = (optimizer: Optimizer, program: Program, arrays: FlatArrays): OptimizerUpdate =>
  byKernel("optimizer", { program, optimizer, arrays }) ?? addOptimizerPrimitives(optimizer, program, arrays);
