/** Shared libraries opened so that they stay mapped, and their functions, called with plain numbers and addresses. */
import { nativeCalls } from "./koffi.ts";

/** A native address, a buffer whose address is meant, or null. */
export type Pointer = bigint | ArrayBufferView | null;

/** One letter per parameter: p pointer, i int, u unsigned, f float, z size_t, v void. */
export type Signature = string;

/** A C function; numbers of 64 bits are bigints. */
export type NativeFunction = (...values: readonly (Pointer | number)[]) => number | bigint | null;

/** A C library that stays in memory until the process ends. */
export interface ForeignLibrary {
  /** The name or path that it was opened by. */
  readonly file: string;
  /** A function of the library: result and parameter types as letters, for example `bind("setenv", "i", "ppi")`. */
  bind(name: string, result: Signature, parameters: Signature): NativeFunction;
  /** Where a function of the library, or of those that it depends on, is in memory; null where there is none. */
  locate(name: string): bigint | null;
}

const types: Readonly<Record<string, string>> = {
  p: "void *",
  i: "int",
  u: "uint32_t",
  f: "float",
  z: "size_t",
  v: "void",
};

const RTLD_NOW = 2;
const RTLD_NODELETE = process.platform === "darwin" ? 0x80 : 0x1000;
const isMac = process.platform === "darwin";

type Loaded = ReturnType<ReturnType<typeof nativeCalls>["load"]>;

const binder =
  (library: Loaded): ForeignLibrary["bind"] =>
  (name, result, parameters) =>
    library.func(
      name,
      types[result]!,
      [...parameters].map((letter) => types[letter]!),
    ) as NativeFunction;

const systemLibrary = (): Loaded => nativeCalls().load(isMac ? "libSystem.B.dylib" : "libc.so.6");

// koffi forgets a library that nothing refers to.
const opened: Loaded[] = [];

/**
 * Opens a library for as long as the process lives: koffi closes libraries when Node exits while threads of theirs still run; pinned, the
 * code stays mapped. Throws koffi's error where it cannot be loaded, and EngineError where there is no koffi.
 */
export function openLibrary(file: string): ForeignLibrary {
  const system = systemLibrary();
  const handle = system.func("void *dlopen(const char *file, int flags)")(file, RTLD_NOW | RTLD_NODELETE);
  const locate = system.func("void *dlsym(void *library, const char *name)");
  const library = nativeCalls().load(file);
  opened.push(library);
  return { file, bind: binder(library), locate: (name) => locate(handle, name) as bigint | null };
}

/** A function of the system's C library. */
export const bindSystem: ForeignLibrary["bind"] = (...signature) => binder(systemLibrary())(...signature);

/** A function of the system's mathematics library. */
export const bindMath: ForeignLibrary["bind"] = (...signature) =>
  binder(isMac ? systemLibrary() : nativeCalls().load("libm.so.6"))(...signature);
