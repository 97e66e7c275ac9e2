/** The engines that the tests run over: the reference, and oneDNN where its library can be loaded. */

import { EngineError } from "../../errors.ts";
import type { ImmediateEngine, Precision } from "../engine.ts";
import { onednnEngine } from "../onednn/onednn-engine.ts";
import { referenceEngine } from "../reference/reference-engine.ts";

function tryOnednn(): ImmediateEngine | EngineError {
  try {
    return onednnEngine();
  } catch (error) {
    if (error instanceof EngineError && process.env.NAEVUS_REQUIRE_ONEDNN !== "1") return error;
    throw error;
  }
}

const onednn = tryOnednn();

/** Why oneDNN's tests are skipped, to be shown in their titles; empty where they run. */
export const onednnMissing = onednn instanceof EngineError ? ` (skipped: ${onednn.message.split("\n")[0]})` : "";

export interface EngineUnderTest {
  /** Such as `onednn bf16`. */
  readonly title: string;
  readonly engine: ImmediateEngine;
  readonly precision: Precision;
}

export const reference: EngineUnderTest = { title: "reference", engine: referenceEngine(), precision: "f32" };

/** oneDNN in every precision that this processor has; empty where there is no library. */
export const onednnEngines: readonly EngineUnderTest[] =
  onednn instanceof EngineError
    ? []
    : onednn.description.precisions.map((precision) => ({ title: `onednn ${precision}`, engine: onednn, precision }));

export const enginesUnderTest: readonly EngineUnderTest[] = [reference, ...onednnEngines];
