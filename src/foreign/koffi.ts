/** koffi, which calls native libraries: the part of it for this system, loaded when the first library is called. */
// As a whole, since webpack puts functions of its own in place of a createRequire that is imported by name.
import * as modules from "node:module";
import type koffi from "koffi";
import { EngineError, firstLine } from "../errors.ts";
import { installAgain, mend } from "../installation.ts";

/** The systems that koffi is installed for, as package.json lists them. */
export const koffiSystems: readonly string[] = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

let loaded: typeof koffi | undefined;

/** koffi itself. Throws {@link EngineError} where there is none for this system, or it is not installed, or it does not load. */
export const nativeCalls = (): typeof koffi => (loaded ??= loadKoffi(`${process.platform}-${process.arch}`));

/** As {@link nativeCalls}, for a system by name. koffi's own package has an install script, and finds its parts in node_modules only. */
export function loadKoffi(system: string): typeof koffi {
  const part = `@koromix/koffi-${system}`;
  let requireHere: NodeJS.Require;
  try {
    requireHere = requireThatFinds(part);
  } catch (error) {
    throw trouble(
      koffiSystems.includes(system)
        ? `the package ${part} is not installed; ${installAgain}`
        : `there is no koffi for ${system}, only for ${koffiSystems.join(", ")}; choose the reference engine, which needs none`,
      error,
    );
  }
  try {
    return requireHere(part);
  } catch (error) {
    throw trouble(`the package ${part} does not load (${firstLine(error)}); ${mend(error, installAgain)}`, error);
  }
}

/** This file's `require`, or the started program's, as a bundle may not know its own place. Throws where neither finds the package. */
function requireThatFinds(name: string): NodeJS.Require {
  let missing: unknown;
  for (const place of [import.meta.url, process.argv[1]!]) {
    try {
      const found = modules.createRequire(place);
      found.resolve(name);
      return found;
    } catch (error) {
      missing ??= error;
    }
  }
  throw missing;
}

const trouble = (sentence: string, cause: unknown): EngineError =>
  new EngineError(`native libraries cannot be called: ${sentence}`, { cause });
