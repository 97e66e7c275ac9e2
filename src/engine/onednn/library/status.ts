/** Calls whose result is a oneDNN status: anything but success becomes an error that names the function. */

import { EngineError, MemoryError } from "../../../errors.ts";
import type { NativeFunction, Pointer } from "../../../foreign/library.ts";
import { lessWork } from "../../../memory.ts";
import type { NativeLibrary } from "./native.ts";

const [SUCCESS, OUT_OF_MEMORY, INVALID_ARGUMENTS, UNIMPLEMENTED] = [0, 1, 2, 3];

const otherNames: { readonly [status: number]: string } = {
  4: "last implementation reached",
  5: "runtime error",
  6: "not required",
  7: "invalid graph",
};

const otherEngine = "take another version of oneDNN, or the engine reference";

/** This version of oneDNN has no such primitive for this processor. */
export class UnimplementedError extends EngineError {}

/**
 * Throws what a status says, with its cure.
 *
 * @param name the function that gave the status
 */
export const checkStatus = (status: unknown, name: string): void => {
  if (status === SUCCESS) return;
  if (status === OUT_OF_MEMORY) throw new MemoryError(`oneDNN got no memory (${name}); ${lessWork}`);
  if (status === UNIMPLEMENTED) {
    throw new UnimplementedError(`oneDNN has no such operation for this processor (${name}); ${otherEngine}`);
  }
  const what = status === INVALID_ARGUMENTS ? "refused what it was given" : "failed";
  const why = status === INVALID_ARGUMENTS ? "" : `: ${otherNames[Number(status)] ?? `status ${status}`}`;
  throw new EngineError(`oneDNN ${what} (${name}${why}); ${otherEngine}`);
};

/** Calls of oneDNN's functions that return a status; they throw unless it is success. */
export interface Calls {
  /** Calls a function with these parameters (letters as in {@link NativeLibrary.bind}). */
  run(name: string, parameters: string, ...values: readonly (Pointer | number)[]): void;
  /** The same for a function whose first parameter receives the object it makes. */
  create(name: string, parameters: string, ...values: readonly (Pointer | number)[]): bigint;
}

/** The calls of a library. Each function is bound once. */
export function bindCalls(library: NativeLibrary): Calls {
  const bound = new Map<string, NativeFunction>();
  const run: Calls["run"] = (name, parameters, ...values) => {
    let native = bound.get(name);
    if (native === undefined) {
      native = library.bind(name, "i", parameters);
      bound.set(name, native);
    }
    checkStatus(native(...values), name);
  };
  const slot = new BigUint64Array(1);
  const create: Calls["create"] = (name, parameters, ...values) => {
    slot[0] = 0n;
    run(name, `p${parameters}`, slot, ...values);
    return slot[0];
  };
  return { run, create };
}

/** Dimensions as the C interface takes them; a copy is made there. */
export const int64s = (values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt);
