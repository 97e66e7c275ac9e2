/** Where decoded images and drawn data sets are kept between runs. */
import { lstat, mkdir } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { FileError } from "../errors.ts";
import { warnProcess } from "../process-warning.ts";
import { refuseUnwritable } from "./files.ts";
import { writeTrouble } from "./system-errors.ts";

/** The folder of the cache, and what has to be said of it. */
export interface CachePlace {
  readonly folder: string;
  readonly warning?: string;
}

const cure = "give a folder with --cache or in XDG_CACHE_HOME";

/**
 * `$XDG_CACHE_HOME/naevus`, else `~/.cache/naevus`; where that cannot be written to, a folder of the user's own in the system's temporary
 * one, which is made at once, and a warning. Throws a {@link FileError} where there is no place at all.
 */
export async function usualCacheFolder(environment: NodeJS.ProcessEnv = process.env): Promise<CachePlace> {
  const usual = usualFolder(environment);
  const trouble = usual === undefined ? "this user has no home folder" : await troubleOf(usual, refuseUnwritable);
  if (usual !== undefined && trouble === undefined) return { folder: usual };
  const folder = join(tmpdir(), `naevus-${userId() ?? "cache"}`);
  const another = isAbsolute(folder) ? await troubleOf(folder, makePrivate) : `${tmpdir()} is no absolute path`;
  if (another !== undefined) throw new FileError(`the cache has no place: ${trouble}, and ${another}; ${cure}`);
  return { folder, warning: `${trouble}, so the cache is ${folder}, which the system may empty; ${cure}` };
}

const told = new Set<string>();

/** The given folder, else {@link usualCacheFolder}; what has to be said of that is told once, by default as a warning of the process. */
export async function cacheFolder(
  given: string | undefined,
  onWarning: (message: string) => void = warnProcess,
  environment?: NodeJS.ProcessEnv,
): Promise<string> {
  if (given !== undefined) return resolve(given);
  const { folder, warning } = await usualCacheFolder(environment);
  if (warning !== undefined && !told.has(warning)) {
    told.add(warning);
    onWarning(warning);
  }
  return folder;
}

function usualFolder({ XDG_CACHE_HOME: caches }: NodeJS.ProcessEnv): string | undefined {
  // The XDG Base Directory Specification has relative paths ignored.
  if (caches !== undefined && isAbsolute(caches)) return join(caches, "naevus");
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, ".cache", "naevus") : undefined;
  } catch {
    // The system does not know the user.
    return undefined;
  }
}

/** What is in the way of a folder, in words. */
async function troubleOf(folder: string, use: (folder: string) => Promise<void>): Promise<string | undefined> {
  try {
    await use(folder);
    return undefined;
  } catch (error) {
    if (error instanceof NotOwnError) return error.message;
    const { reason } = writeTrouble(error instanceof FileError ? error.cause : error);
    return `${folder} cannot be written to (${reason})`;
  }
}

/** The user whose rights this process has, by number, where the system has such. */
const userId = (): number | undefined => process.geteuid?.();

class NotOwnError extends Error {}

/** Makes a folder that nobody else may look into. In a folder that all may write to, another user may have been there first. */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const stats = await lstat(folder);
  if (!stats.isDirectory()) throw new NotOwnError(`${folder} is no folder`);
  const user = userId();
  if (user !== undefined && stats.uid !== user) throw new NotOwnError(`${folder} belongs to another user`);
  if (user !== undefined && (stats.mode & 0o077) !== 0) throw new NotOwnError(`${folder} is open to other users`);
  await refuseUnwritable(folder);
}
