/** Environment variables as native libraries see them. */
import { isMainThread } from "node:worker_threads";
import { bindSystem } from "./library.ts";

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

/** The `process.env` of a worker thread, and bun's, is a copy that no library sees. */
const isCopy = !isMainThread || process.versions.bun !== undefined;

/**
 * Sets an environment variable for libraries that are loaded from now on, from whichever thread. Throws EngineError where that takes a
 * call of the C library and none can be called.
 */
export function setLibraryEnvironment(name: string, value: string): void {
  process.env[name] = value;
  if (!isCopy || process.platform === "win32") return;
  bindSystem("setenv", "i", "ppi")(cString(name), cString(value), 1);
}
