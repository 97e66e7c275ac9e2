/** Where decoded images and drawn data sets are kept between runs. */
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The given folder, else `$XDG_CACHE_HOME/naevus`, else `~/.cache/naevus`. */
export function cacheFolder(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (given !== undefined) return resolve(given);
  // The XDG Base Directory Specification has relative paths ignored.
  const base = environment.XDG_CACHE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "naevus");
}
