/**
 * For tests: worker threads run TypeScript sources. Vitest compiles what tests import, but Node itself loads the file of a worker, and
 * Node 20 knows no TypeScript; types alone are taken out, as `erasableSyntaxOnly` allows. rolldown
 * comes with Vitest.
 */
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

if (!isMainThread) register(import.meta.url);

/** What threads are started with, and what these register. */
const ofThreads = /(\/src\/(?:naevus-worker|cli\/modules\/[\w-]+))\.js$/;

/**
 * Node's hook that finds a module: a worker's file is named as it is when compiled.
 *
 * @type {import("node:module").ResolveHook}
 */
export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier.replace(ofThreads, "$1.ts"), context);
}

/**
 * Node's hook that loads a module.
 *
 * @type {import("node:module").LoadHook}
 */
export async function load(url, context, nextLoad) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return nextLoad(url, context);
  const { transformSync } = await import("rolldown/utils");
  const file = fileURLToPath(url);
  const { code, errors } = transformSync(file, await readFile(file, "utf8"));
  if (errors.length > 0) throw errors[0];
  return { format: "module", source: code, shortCircuit: true };
}
