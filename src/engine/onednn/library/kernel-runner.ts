/** Runs kernels of our own: puts their code into executable memory and has oneDNN's team of OpenMP threads call it. */
import { EngineError } from "../../../errors.ts";
import { bindSystem } from "../../../foreign/library.ts";
import { type Kernel, MOST_THREADS } from "../../x64/kernels/task-kernel.ts";
import { roundUp } from "./memory.ts";
import type { NativeLibrary } from "./native.ts";

const PAGE = 4096;
/** The instruction. */
const RETURN = 0xc3;
const READ_AND_WRITE = 1 | 2;
const READ_AND_EXECUTE = 1 | 4;
const PRIVATE_AND_ANONYMOUS = 0x2 | 0x20;

export interface KernelRunner {
  /** The code of a kernel, ready to run; made once per name. */
  load(kernel: Kernel): bigint;
  /** Runs loaded code over tasks as `taskList` lays them out, and waits until all are done. */
  run(code: bigint, tasks: BigInt64Array): void;
}

/**
 * Undefined where code of our own cannot run: on other systems, where the library's threads are not OpenMP's, or where the system is
 * hardened against executable memory.
 */
export function kernelRunner(library: NativeLibrary, threads: number): KernelRunner | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const threadNumber = library.locate("omp_get_thread_num");
  const threadCount = library.locate("omp_get_num_threads");
  if (threadNumber === null || threadCount === null || library.locate("GOMP_parallel") === null) return undefined;
  const parallel = library.bind("GOMP_parallel", "v", "ppuu");
  const map = bindSystem("mmap", "p", "pziiiz");
  const protect = bindSystem("mprotect", "i", "pzi");
  const copy = bindSystem("memcpy", "p", "ppz");
  const loaded = new Map<string, bigint>();

  /** Memory is never writable and executable at once. */
  const place = (code: Uint8Array): bigint => {
    const bytes = roundUp(code.length, PAGE);
    const address = map(null, bytes, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0) as bigint;
    if (BigInt.asIntN(64, address) === -1n) throw new EngineError("the system gave no memory for a kernel's code");
    copy(address, code, code.length);
    if (protect(address, bytes, READ_AND_EXECUTE) !== 0) {
      throw new EngineError("the system forbids executable memory, which kernels need");
    }
    return address;
  };

  try {
    place(Uint8Array.of(RETURN));
  } catch {
    return undefined;
  }

  return {
    load(kernel) {
      const present = loaded.get(kernel.name);
      if (present !== undefined) return present;
      const address = place(kernel.assemble({ threadNumber, threadCount }));
      loaded.set(kernel.name, address);
      return address;
    },
    // To wake a thread costs more than a small task: none without work is woken.
    run: (code, tasks) => void parallel(code, tasks, Math.min(threads, MOST_THREADS, Number(tasks[0])), 0),
  };
}
