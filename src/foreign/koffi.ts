/** koffi, which calls native libraries: the part of it for this system, loaded when the first library is called. */
import { createRequire } from "node:module";
import type koffi from "koffi";
import { EngineError } from "../errors.ts";
import { firstLine, installAgain } from "../installation.ts";

/** The systems that koffi is installed for, as package.json lists them. */
export const koffiSystems: readonly string[] = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

const require = createRequire(import.meta.url);

let loaded: typeof koffi | undefined;

/** koffi itself. Throws {@link EngineError} where there is none for this system, or it is not installed, or it does not load. */
export const nativeCalls = (): typeof koffi => (loaded ??= loadKoffi(`${process.platform}-${process.arch}`));

/** As {@link nativeCalls}, for a system by name. koffi's own package has an install script, and finds its parts in node_modules only. */
export function loadKoffi(system: string): typeof koffi {
  const part = `@koromix/koffi-${system}`;
  try {
    require.resolve(part);
  } catch (error) {
    throw trouble(
      koffiSystems.includes(system)
        ? `the package ${part} is not installed; ${installAgain}`
        : `there is no koffi for ${system}, only for ${koffiSystems.join(", ")}; choose the reference engine, which needs none`,
      error,
    );
  }
  try {
    return require(part);
  } catch (error) {
    throw trouble(`the package ${part} does not load (${firstLine(error)}); ${installAgain}`, error);
  }
}

const trouble = (sentence: string, cause: unknown): EngineError =>
  new EngineError(`native libraries cannot be called: ${sentence}`, { cause });
