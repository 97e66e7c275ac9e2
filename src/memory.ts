/** Memory that could not be had: told apart from other failures, and said with what to do. */
import { firstLine, MemoryError } from "./errors.ts";

/** What to do where a training or a judgement needs too much. */
export const lessWork = "take a smaller batch or image size, close other programs, or raise the process's memory limit";

/** As V8, Node, libvips with its codecs, ONNX Runtime and the C library say it. */
const signs =
  /array buffer allocation failed|could not allocate memory|invalid (typed )?array( buffer)? length|out of memory|insufficient memory|unable to allocate|cannot allocate memory|failed to allocate|bad_alloc|memory limit/i;
const codes: ReadonlySet<unknown> = new Set(["ENOMEM", "ERR_MEMORY_ALLOCATION_FAILED", "ERR_WORKER_OUT_OF_MEMORY"]);

/** Whether an error, whoever throws it, says that memory could not be had. */
export function lacksMemory(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    error instanceof MemoryError || codes.has((error as { readonly code?: unknown }).code) || signs.test(error.message)
  );
}

/**
 * Does what needs memory; where that could not be had, the error says so.
 *
 * @param what it is for, such as "the training plan"
 * @throws MemoryError; whatever `work` throws otherwise
 */
export function needingMemory<T>(what: string, cure: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw lacksMemory(error) && !(error instanceof MemoryError) ? memoryError(what, cure, error) : error;
  }
}

/** The error that says what got no memory, why, and what to do. */
export const memoryError = (what: string, cure: string, cause: Error): MemoryError =>
  new MemoryError(`${what} got no memory (${firstLine(cause)}); ${cure}`, { cause });
