/** Which engine a run uses: oneDNN where it is installed, else the reference engine with a warning. */

import { EngineError } from "../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import { type OnednnOptions, onednnEngine } from "./onednn/onednn-engine.ts";
import { referenceEngine } from "./reference/reference-engine.ts";

/** `onednn` throws where the library is missing; `auto` then warns what to install and gives the reference engine. */
export function selectEngine(
  name: EngineName | "auto",
  warn: (message: string) => void,
  options: OnednnOptions = {},
): Engine {
  if (name === "reference") return referenceEngine();
  try {
    return onednnEngine(options);
  } catch (error) {
    if (name === "onednn" || !(error instanceof EngineError)) throw error;
    warn(`${error.message}\nGoing on with the reference engine, which is about a thousand times slower.`);
    return referenceEngine();
  }
}
