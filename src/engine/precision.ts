/** Which number format a plan computes in: what `auto` stands for, and the refusal of one that the processor has not. */

import { EngineError } from "../errors.ts";
import type { EngineDescription, Precision } from "./engine.ts";

/**
 * The precision that a setting comes to on an engine.
 *
 * @throws EngineError where the engine does not compute in it here; the message says what the processor has and what to choose
 */
export function precisionOn(
  { library, instructionSet, precisions, defaultPrecision }: EngineDescription,
  asked: Precision | "auto",
): Precision {
  const precision = asked === "auto" ? defaultPrecision : asked;
  if (precisions.includes(precision)) return precision;
  const have = precisions.join(" and ");
  throw new EngineError(
    `precision ${precision}: ${library} computes in ${have} alone on this processor (instruction set: ${instructionSet}); ` +
      `choose ${have}, or auto, which is ${defaultPrecision} here`,
  );
}
