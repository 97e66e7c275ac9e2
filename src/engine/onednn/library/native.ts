/** The shared library itself: found, pinned, loaded, and called with plain pointers. Only this file imports koffi. */
import { readdirSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import koffi from "koffi";
import { EngineError } from "../../../errors.ts";

/** A native address, a buffer whose address is meant, or null. */
export type Pointer = bigint | ArrayBufferView | null;

/** One letter per parameter: p pointer, i int, u unsigned, f float, z size_t. */
type Signature = string;

export type NativeFunction = (...values: readonly (Pointer | number)[]) => number | bigint | null;

const parameterTypes: Readonly<Record<string, string>> = {
  p: "void *",
  i: "int",
  u: "uint32_t",
  f: "float",
  z: "size_t",
  v: "void",
};

export interface NativeLibrary {
  /** The name or path that it was loaded by. */
  readonly file: string;
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
  /** A function of the library: result and parameter types as letters, for example `bind("dnnl_engine_create", "i", "pizi")`. */
  bind(name: string, result: Signature, parameters: Signature): NativeFunction;
  /** Where a function of the library, or of those that it depends on, is in memory; null where there is none. */
  locate(name: string): bigint | null;
}

/** Where the library is looked for, in this order, after the file that `NAEVUS_ONEDNN` names. */
export const libraryNames: Readonly<Record<string, readonly string[]>> = {
  linux: ["libdnnl.so.3", "libdnnl.so.3.*", "libdnnl.so.2"],
  darwin: [
    "/opt/homebrew/opt/onednn/lib/libdnnl.3.dylib",
    "/usr/local/opt/onednn/lib/libdnnl.3.dylib",
    "libdnnl.3.dylib",
  ],
};

/** What to type to have oneDNN, per system. */
export const installCommands: readonly (readonly [system: string, command: string])[] = [
  ["Debian 12, Ubuntu 22.04 and 24.04", "sudo apt-get install libdnnl2  (Ubuntu 24.04: libdnnl3)"],
  ["Debian 13", "sudo apt-get install libdnnl3.6"],
  ["Fedora", "sudo dnf install onednn"],
  ["macOS", "brew install onednn"],
];

export const installAdvice = (): string =>
  ["oneDNN can be installed with:", ...installCommands.map(([system, command]) => `  ${system}: ${command}`)].join(
    "\n",
  );

const linuxFolders = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/local/lib",
];

/** Debian 13 puts the minor version into the file's name (libdnnl.so.3.6), so a name with `*` is looked up in the folders. */
const expand = (name: string): readonly string[] => {
  if (!name.endsWith("*")) return [name];
  const prefix = name.slice(0, -1);
  return linuxFolders.flatMap((folder) => {
    try {
      return readdirSync(folder)
        .filter((file) => file.startsWith(prefix))
        .sort()
        .map((file) => `${folder}/${file}`);
    } catch {
      return [];
    }
  });
};

const RTLD_NOW = 2;
const RTLD_NODELETE = process.platform === "darwin" ? 0x80 : 0x1000;
const libc: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: "libc.so.6", darwin: "libSystem.B.dylib" };

/** The files that are tried, in order. */
export const searchedLibraries = (explicit = process.env.NAEVUS_ONEDNN): readonly string[] =>
  explicit ? [explicit] : (libraryNames[process.platform] ?? []).flatMap(expand);

/**
 * Loads oneDNN. Throws {@link EngineError} that lists what was tried and what to install.
 *
 * @param threads OpenMP threads; only the first load in a process can set it
 */
export function loadNative(explicit: string | undefined, threads: number | undefined): NativeLibrary {
  const tried: string[] = [];
  for (const file of searchedLibraries(explicit)) {
    try {
      setOpenMp(threads);
      return open(file);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      tried.push(`${file} (${error instanceof Error ? error.message : error})`);
    }
  }
  const list = tried.length > 0 ? tried.join("; ") : `no known name on ${process.platform}`;
  const named = explicit === undefined && process.env.NAEVUS_ONEDNN;
  const cure = named ? "Correct or unset NAEVUS_ONEDNN, which names that file." : installAdvice();
  throw new EngineError(`oneDNN was not found. Tried: ${list}.\n${cure}`);
}

/** OpenMP reads its settings when the library comes in. */
function setOpenMp(threads: number | undefined): void {
  if (threads !== undefined) setLibraryEnvironment("OMP_NUM_THREADS", String(threads));
  // Threads that spin for long take the processor from augmentation and other work; this many turns, some 150 microseconds, bridge the
  // gaps between instructions, in which JavaScript runs.
  const { OMP_WAIT_POLICY, GOMP_SPINCOUNT } = process.env;
  if (OMP_WAIT_POLICY === undefined && GOMP_SPINCOUNT === undefined) setLibraryEnvironment("GOMP_SPINCOUNT", "3000");
}

const pinned: unknown[] = [];

function open(file: string): NativeLibrary {
  // koffi closes libraries when Node exits while OpenMP's threads still run in them; pinned, the code stays mapped.
  const system = koffi.load(libc[process.platform] ?? "libc.so.6");
  const handle = system.func("void *dlopen(const char *file, int flags)")(file, RTLD_NOW | RTLD_NODELETE);
  const locate = system.func("void *dlsym(void *library, const char *name)");
  const library = koffi.load(file);
  pinned.push(library);
  const bind = bindIn(library);
  const fields = koffi.decode(bind("dnnl_version", "p", "")(), koffi.array("int", 3)) as ArrayLike<number>;
  const version = { major: fields[0]!, minor: fields[1]!, patch: fields[2]! };
  if (version.major !== 2 && version.major !== 3) {
    throw new EngineError(
      `${file} is oneDNN ${version.major}.${version.minor}; versions 2.4 to 2.7 and 3.x are supported.\n${installAdvice()}`,
    );
  }
  return { file, version, bind, locate: (name) => locate(handle, name) as bigint | null };
}

/** A function of the system's C library. */
export const bindSystem = (name: string, result: Signature, parameters: Signature): NativeFunction =>
  bindIn(koffi.load(libc[process.platform] ?? "libc.so.6"))(name, result, parameters);

const cString = (text: string): Pointer => Buffer.from(`${text}\0`);

/**
 * Sets an environment variable for libraries that are loaded from now on, from whichever thread. Throws where there is no C library
 * that could be asked to.
 */
export function setLibraryEnvironment(name: string, value: string): void {
  process.env[name] = value;
  // The `process.env` of a worker thread is a copy that no library sees.
  if (isMainThread || process.platform === "win32") return;
  bindSystem("setenv", "i", "ppi")(cString(name), cString(value), 1);
}

/** A function of the system's mathematics library. */
export const bindMath = (name: string, result: Signature, parameters: Signature): NativeFunction =>
  bindIn(koffi.load(process.platform === "darwin" ? "libSystem.B.dylib" : "libm.so.6"))(name, result, parameters);

const bindIn =
  (library: ReturnType<typeof koffi.load>) =>
  (name: string, result: Signature, parameters: Signature): NativeFunction => {
    const types = [...parameters].map((letter) => parameterTypes[letter]!);
    return library.func(name, parameterTypes[result]!, types) as NativeFunction;
  };

/** The address of an array's first byte. */
export const addressOf = (array: ArrayBufferView): bigint => koffi.address(array);

/** A C string at an address. */
export const readString = (address: bigint): string => koffi.decode(address, "char", -1) as string;
