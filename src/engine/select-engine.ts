/** Which engine a run uses: oneDNN where it is installed, else the reference engine with a warning. */

import { EngineError } from "../errors.ts";
import { warnProcess } from "../process-warning.ts";
import type { Engine, EngineName } from "./engine.ts";
import type { OnednnEngine, OnednnOptions } from "./onednn/onednn-engine.ts";
import { referenceEngine } from "./reference/reference-engine.ts";

/** The oneDNN engine, loaded with its library; throws EngineError, which says what to install, where that cannot be loaded. */
export async function onednnEngine(options: OnednnOptions = {}): Promise<OnednnEngine> {
  const { onednnEngine: open } = await import("./onednn/onednn-engine.ts");
  return open(options);
}

/** Opens each engine; what it needs is loaded no earlier. */
const engines: { readonly [K in EngineName]: (options: OnednnOptions) => Promise<Engine> } = {
  onednn: onednnEngine,
  reference: async () => referenceEngine(),
};

/**
 * Loads what the engine needs no earlier than here: nothing of oneDNN where the reference engine is asked for.
 * `onednn` throws where the library is missing; `auto`, the default, then warns what to install, by default as a warning of the process,
 * and gives the reference engine.
 */
export async function selectEngine(
  name: EngineName | "auto" = "auto",
  warn: (message: string) => void = warnProcess,
  options: OnednnOptions = {},
): Promise<Engine> {
  if (name !== "auto") return engines[name](options);
  try {
    return await engines.onednn(options);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    warn(`${error.message}\nGoing on with the reference engine, which is about a thousand times slower.`);
    return referenceEngine();
  }
}
