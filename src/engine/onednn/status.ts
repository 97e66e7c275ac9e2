/** Calls whose result is a oneDNN status: anything but success becomes an error that names the function. */
import { EngineError } from "../engine.ts";
import type { NativeFunction, NativeLibrary, Pointer } from "./native.ts";

const statusNames = [
  "success",
  "out of memory",
  "invalid arguments",
  "not implemented by this version on this processor",
  "last implementation reached",
  "runtime error",
  "not required",
  "invalid graph",
];

const UNIMPLEMENTED = 3;

/** This version of oneDNN has no such primitive for this processor. */
export class UnimplementedError extends EngineError {}

export const checkStatus = (status: unknown, name: string): void => {
  if (status === UNIMPLEMENTED) throw new UnimplementedError(`oneDNN: ${name}: ${statusNames[UNIMPLEMENTED]}`);
  if (status !== 0) throw new EngineError(`oneDNN: ${name}: ${statusNames[Number(status)] ?? `status ${status}`}`);
};

export interface Calls {
  /** Calls a function with these parameters (letters as in {@link NativeLibrary.bind}). */
  run(name: string, parameters: string, ...values: readonly (Pointer | number)[]): void;
  /** The same for a function whose first parameter receives the object it makes. */
  create(name: string, parameters: string, ...values: readonly (Pointer | number)[]): bigint;
}

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
