/** Runs kernels of our own: puts their code into executable memory and has oneDNN's team of OpenMP threads call it. */
import { readFileSync } from "node:fs";
import { EngineError } from "../../../errors.ts";
import { type Feature, features, featuresOf, missingFeatures } from "../../x64/assembler/features.ts";
import { type Kernel, kernelKey, MOST_THREADS } from "../../x64/kernels/task-kernel.ts";
import { executableMemory } from "./executable-memory.ts";
import type { NativeLibrary } from "./native.ts";

/** The instruction. */
const RETURN = 0xc3;
/** In what `dnnl_get_effective_cpu_isa` gives: that the library uses AMX. */
const AMX_BIT = 0x200;

/** Loads kernels and runs them. */
export interface KernelRunner {
  /** What code may need and the processor has. */
  readonly features: ReadonlySet<Feature>;
  /**
   * The code of a kernel, ready to run; made once per kind and shape.
   *
   * @throws {EngineError} where the code needs what the processor does not have
   */
  load(kernel: Kernel): bigint;
  /** Runs loaded code over tasks as `taskList` lays them out, and waits until all are done. */
  run(code: bigint, tasks: BigInt64Array): void;
}

/**
 * Undefined where code of our own cannot run: on other systems, where the library's threads are not OpenMP's, or where the system is
 * hardened against executable memory.
 *
 * @param features those that kernels may use
 */
export function kernelRunner(
  library: NativeLibrary,
  threads: number,
  features: ReadonlySet<Feature> = processorFeatures(library),
): KernelRunner | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const threadNumber = library.locate("omp_get_thread_num");
  const threadCount = library.locate("omp_get_num_threads");
  if (threadNumber === null || threadCount === null || library.locate("GOMP_parallel") === null) return undefined;
  const parallel = library.bind("GOMP_parallel", "v", "ppuu");
  const place = executableMemory();
  const loaded = new Map<string, bigint>();

  try {
    place(Uint8Array.of(RETURN));
  } catch {
    return undefined;
  }

  return {
    features,
    load(kernel) {
      const key = kernelKey(kernel);
      const present = loaded.get(key);
      if (present !== undefined) return present;
      const code = kernel.assemble({ threadNumber, threadCount });
      const missing = missingFeatures(code.features, features);
      if (missing.length > 0) {
        throw new EngineError(
          `the kernel "${kernel.name}" needs ${missing.join(", ")}, which this processor does not have`,
        );
      }
      const address = place(code.bytes);
      loaded.set(key, address);
      return address;
    },
    // To wake a thread costs more than a small task: none without work is woken.
    run: (code, tasks) => void parallel(code, tasks, Math.min(threads, MOST_THREADS, Number(tasks[0])), 0),
  };
}

/** Features that the kernels which need AVX-512 alone may use; those for maps may use all. */
const vectorFeatures: ReadonlySet<Feature> = new Set(["3dnowprefetch", "avx", "avx512f"]);

/**
 * The runner for kernels that need AVX-512, and for those of maps, which need AMX: undefined where the processor lacks any feature that they
 * may use, or the system does not say what it has, as a plan whose kernel was refused could not be built.
 */
export function runnersBy(runner: KernelRunner | undefined): {
  readonly kernels: KernelRunner | undefined;
  readonly mapKernels: KernelRunner | undefined;
} {
  const withAll = (needed: ReadonlySet<Feature>) =>
    runner !== undefined && missingFeatures(needed, runner.features).length === 0 ? runner : undefined;
  return { kernels: withAll(vectorFeatures), mapKernels: withAll(new Set(features)) };
}

/** None where the system does not tell. A process may use AMX once it has asked to, which the library does where it uses it. */
function processorFeatures(library: NativeLibrary): ReadonlySet<Feature> {
  const present = featuresOf(cpuinfo());
  const instructions = library.bind("dnnl_get_effective_cpu_isa", "i", "")() as number;
  const hasAmx = (instructions & AMX_BIT) !== 0;
  return new Set([...present].filter((feature) => hasAmx || !feature.startsWith("amx")));
}

function cpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}
