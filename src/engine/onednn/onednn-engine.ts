/** The fast engine: networks as static programs of oneDNN primitives, called from TypeScript. */
import { EngineError } from "../../errors.ts";
import { lessWork, needingMemory } from "../../memory.ts";
import type { Graph } from "../../network/graph.ts";
import type { ImmediateEngine, PlanOptions, Precision, TrainingPlanOptions } from "../engine.ts";
import { precisionOn } from "../precision.ts";
import { type Runtime, sharedRuntime } from "./library/runtime.ts";
import { otherEngine, StatusError } from "./library/status.ts";
import { inferencePlan } from "./plan/inference-plan.ts";
import { type InspectableTrainingPlan, trainingPlan } from "./plan/training-plan.ts";

/** The engine on oneDNN, whose training plans can be inspected. */
export interface OnednnEngine extends ImmediateEngine {
  trainingPlan(graph: Graph, options: TrainingPlanOptions): InspectableTrainingPlan;
}

/** Which library computes, with how many threads and which of its means. */
export interface OnednnOptions {
  /** The library's file; by default `NAEVUS_ONEDNN`, then the known names. */
  readonly library?: string;
  /** OpenMP threads; by default all that the process may use, or `OMP_NUM_THREADS`. */
  readonly threads?: number;
  /** How large an activation may be before the batch is computed in parts that stay in the cache; by default as measured. */
  readonly cacheBytes?: number;
  /** Whether plans may use kernels of our own where the processor runs them, not oneDNN's primitives only; default true. */
  readonly kernels?: boolean;
}

const MiB = 2 ** 20;

/**
 * Measured with 1 MiB of second-level cache a core, and 2 MiB with AMX. Float32 has larger parts because Winograd convolutions
 * transform their weights once per part; with AMX convolutions are so fast that what is done once per part costs more than
 * the cache saves, up to where memory counts.
 */
const defaultCacheBytes: { readonly [P in Precision]: (hasAmx: boolean) => number } = {
  bf16: (hasAmx) => (hasAmx ? 64 : 4) * MiB,
  f32: () => 32 * MiB,
};

/** Throws `EngineError`, which says what to install, where oneDNN cannot be loaded. */
export function onednnEngine({ library, threads, ...options }: OnednnOptions = {}): OnednnEngine {
  return engineOn(sharedRuntime(library, threads), options);
}

/** The engine on a library that is loaded. */
export function engineOn(
  shared: Runtime,
  { cacheBytes, kernels = true }: Pick<OnednnOptions, "cacheBytes" | "kernels"> = {},
): OnednnEngine {
  const runtime = kernels ? shared : { ...shared, kernels: undefined, mapKernels: undefined };
  const hasAmx = runtime.description.instructionSet.startsWith("AMX");
  const cacheFor = ({ precision = "f32" }: PlanOptions) => cacheBytes ?? defaultCacheBytes[precision](hasAmx);
  const planned = <P>(use: Use, graph: Graph, { batch, precision = "f32" }: PlanOptions, make: () => P): P => {
    precisionOn(runtime.description, precision);
    try {
      return needingMemory(`${use} on ${batch} images at once`, lessWork, make);
    } catch (error) {
      throw error instanceof StatusError ? cannotPlan(runtime, use, graph, precision, error) : error;
    }
  };
  return {
    description: runtime.description,
    inferencePlan: (graph, options) =>
      planned("judging", graph, options, () => inferencePlan(runtime, graph, options, cacheFor(options))),
    trainingPlan: (graph, options) =>
      planned("training", graph, options, () => trainingPlan(runtime, graph, options, cacheFor(options))),
  };
}

type Use = "judging" | "training";

/** The library opens, but has not all that the network needs. */
function cannotPlan({ description }: Runtime, use: Use, graph: Graph, precision: Precision, cause: StatusError) {
  const { layer, reason } = cause;
  const where = layer === undefined ? "" : `, layer ${layer}`;
  const first = precision === "bf16" ? "take --precision f32, or " : "";
  return new EngineError(
    `${description.library}: ${use} ${graph.network.name} in ${precision} cannot be had${where}: it ${reason}; ${first}${otherEngine}`,
    { cause },
  );
}
