/** Calls whose result is a oneDNN status: anything but success becomes an error that names the function. */

import { EngineError, MemoryError } from "../../../errors.ts";
import type { NativeFunction, Pointer } from "../../../foreign/library.ts";
import { lessWork } from "../../../memory.ts";
import type { GraphNode } from "../../../network/graph.ts";
import type { Sides } from "../../../network/windows.ts";
import type { NativeLibrary } from "./native.ts";

const [SUCCESS, OUT_OF_MEMORY, INVALID_ARGUMENTS, UNIMPLEMENTED] = [0, 1, 2, 3];

const otherNames: { readonly [status: number]: string } = {
  4: "last implementation reached",
  5: "runtime error",
  6: "not required",
  7: "invalid graph",
};

/** What to do where a version of oneDNN cannot do what the engine asks of it. */
export const otherEngine =
  "take another version of oneDNN, or --engine reference (naevus doctor shows what works here)";

/** oneDNN could not do what it was asked. */
export class StatusError extends EngineError {
  /** What it said, without subject and cure: "has no such operation for this processor (dnnl_primitive_desc_create)". */
  readonly reason: string;
  /** The layer of the network that it was asked for, where that is known; see {@link inLayer}. */
  layer: string | undefined;

  constructor(reason: string) {
    super(`oneDNN ${reason}; ${otherEngine}`);
    this.reason = reason;
  }
}

/** This version of oneDNN has no such primitive for this processor. */
export class UnimplementedError extends StatusError {}

/** What `make` gives; undefined where this version of oneDNN has no such thing for this processor. */
export function whereThereIs<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof UnimplementedError) return undefined;
    throw error;
  }
}

/** Does what a layer needs; an error of oneDNN then names the layer. */
export function inLayer<T>({ name, operation }: GraphNode, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StatusError) error.layer ??= `${name} (${operation.kind})`;
    throw error;
  }
}

/**
 * Throws what a status says, with its cure.
 *
 * @param name the function that gave the status
 */
export const checkStatus = (status: unknown, name: string): void => {
  if (status === SUCCESS) return;
  if (status === OUT_OF_MEMORY) throw new MemoryError(`oneDNN got no memory (${name}); ${lessWork}`);
  if (status === UNIMPLEMENTED) throw new UnimplementedError(`has no such operation for this processor (${name})`);
  if (status === INVALID_ARGUMENTS) throw new StatusError(`refused what it was given (${name})`);
  throw new StatusError(`failed (${name}: ${otherNames[Number(status)] ?? `status ${status}`})`);
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

/** Padding as oneDNN takes it: what is before the maps on each axis, and what is after them. */
export const beforeAndAfter = ([top, left, bottom, right]: Sides) =>
  [int64s([top, left]), int64s([bottom, right])] as const;
