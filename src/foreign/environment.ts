/** Environment variables as native libraries see them. */
import { isMainThread } from "node:worker_threads";
import { bindSystem } from "./library.ts";

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

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
