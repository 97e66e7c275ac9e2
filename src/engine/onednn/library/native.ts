/** oneDNN's shared library: where it is looked for, what to install, and its version checked once it is open. */
import { readdirSync } from "node:fs";
import { EngineError } from "../../../errors.ts";
import { setLibraryEnvironment } from "../../../foreign/environment.ts";
import { type ForeignLibrary, openLibrary } from "../../../foreign/library.ts";
import { readIntegers } from "../../../foreign/memory.ts";

/** The open library, whose version is known. */
export interface NativeLibrary extends ForeignLibrary {
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
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

/** How oneDNN is installed on each known system, one per line, for messages. */
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

function open(file: string): NativeLibrary {
  const library = openLibrary(file);
  const [major, minor, patch] = readIntegers(library.bind("dnnl_version", "p", "")() as bigint, 3);
  if (major !== 2 && major !== 3) {
    throw new EngineError(
      `${file} is oneDNN ${major}.${minor}; versions 2.4 to 2.7 and 3.x are supported.\n${installAdvice()}`,
    );
  }
  return { ...library, version: { major, minor: minor!, patch: patch! } };
}
