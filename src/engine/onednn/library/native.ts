/** oneDNN's shared library: where it is looked for, and its version checked once it is open. */
import { readdirSync } from "node:fs";
import { EngineError } from "../../../errors.ts";
import { setLibraryEnvironment } from "../../../foreign/environment.ts";
import { type ForeignLibrary, openLibrary } from "../../../foreign/library.ts";
import { readIntegers } from "../../../foreign/memory.ts";
import { installAdvice } from "./install-advice.ts";

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

type Version = NativeLibrary["version"];

/** The versions that {@link isSupported} takes, for messages. */
const supportedVersions = "2.6, 2.7 and 3.x";

/**
 * Whether the engine can use a version. Versions 2.0 and 2.2 lack operations that networks need (normalisation with separate scale and
 * shift, bf16 from bytes) and compute wrong numbers with others, so that none is taken below the first that passed the engine's tests.
 */
export const isSupported = ({ major, minor }: Pick<Version, "major" | "minor">): boolean =>
  major === 3 || (major === 2 && minor >= 6);

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
 * Loads the first of the searched libraries that the engine can use. Throws {@link EngineError} that says what was tried, why none of
 * it serves, and what to install.
 *
 * @param threads OpenMP threads; only the first load in a process can set it
 * @param open opens one file; tests put another in its place
 */
export function loadNative(
  explicit: string | undefined,
  threads: number | undefined,
  open: (file: string) => NativeLibrary = openNative,
): NativeLibrary {
  const tried: string[] = [];
  for (const file of searchedLibraries(explicit)) {
    try {
      setOpenMp(threads);
      const library = open(file);
      const unfit = whyUnfit(library);
      if (unfit === undefined) return library;
      tried.push(`${file} (${unfit})`);
    } catch (error) {
      // The means to open libraries are missing, whichever file it is.
      if (error instanceof EngineError) throw error;
      tried.push(`${file} (${error instanceof Error ? error.message : error})`);
    }
  }
  const list = tried.length > 0 ? tried.join("; ") : `no known name on ${process.platform}`;
  const named = explicit === undefined && process.env.NAEVUS_ONEDNN;
  const cure = named ? "Correct or unset NAEVUS_ONEDNN, which names that file.\n" : "";
  throw new EngineError(
    `No oneDNN that naevus can use was found (${supportedVersions} are supported). Tried: ${list}.\n${cure}${installAdvice()}`,
  );
}

/** Why the engine cannot use a library that opened. */
function whyUnfit({ version, locate }: NativeLibrary): string | undefined {
  const { major, minor, patch } = version;
  if (!isSupported(version)) return `oneDNN ${major}.${minor}.${patch}, which is too ${major > 3 ? "new" : "old"}`;
  // The engine's own kernels and its number of threads are those of OpenMP's team.
  return locate("omp_get_max_threads") === null ? "built without OpenMP" : undefined;
}

/** OpenMP reads its settings when the library comes in. */
function setOpenMp(threads: number | undefined): void {
  if (threads !== undefined) setLibraryEnvironment("OMP_NUM_THREADS", String(threads));
  // Threads that spin for long take the processor from augmentation and other work; this many turns, some 150 microseconds, bridge the
  // gaps between instructions, in which JavaScript runs.
  const { OMP_WAIT_POLICY, GOMP_SPINCOUNT } = process.env;
  if (OMP_WAIT_POLICY === undefined && GOMP_SPINCOUNT === undefined) setLibraryEnvironment("GOMP_SPINCOUNT", "3000");
}

function openNative(file: string): NativeLibrary {
  const library = openLibrary(file);
  const [major, minor, patch] = readIntegers(library.bind("dnnl_version", "p", "")() as bigint, 3);
  return { ...library, version: { major: major!, minor: minor!, patch: patch! } };
}
