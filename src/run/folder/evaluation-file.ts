/** `evaluation.json`: the figures of a run's own test, or of a cross-validation, with a digest of themselves. */
import { join } from "node:path";
import { z } from "zod";
import { readText, writeFileAtomic } from "../../disk/files.ts";
import { sealed, unsealed } from "../../disk/sealed-json.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { tidyJson } from "../../disk/tidy-json.ts";
import { RunError } from "../../errors.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { runFiles } from "./run-folder.ts";

const proportion = z.number().min(0).max(1);

/** What every version has written; the rest is left as it is. */
const evaluationSchema = z.looseObject({
  samples: z.int().min(1),
  correct: z.int().min(0),
  accuracy: proportion,
  accuracyInterval: z.tuple([proportion, proportion]),
  balancedAccuracy: proportion,
  classes: z.array(z.string()),
  confusionMatrix: z.array(z.array(z.int().min(0))),
});

/** Writes the figures into a folder; throws FileError. */
export async function writeEvaluation(folder: string, evaluation: Evaluation): Promise<void> {
  evaluationSchema.parse(evaluation);
  await writeFileAtomic(join(folder, runFiles.evaluation), tidyJson(sealed(evaluation)));
}

/**
 * Reads the figures that `evaluate` and `crossValidate` keep in their folders. Those of earlier versions have no digest, so that
 * only their form is checked. Throws RunError where there are none, or they were changed since they were written.
 */
export async function readEvaluation(folder: string): Promise<Evaluation> {
  const file = join(folder, runFiles.evaluation);
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    throw new RunError(readSentence(file, error, "evaluate the run first"), { cause: error });
  }
  try {
    const { content } = unsealed(text);
    evaluationSchema.parse(content);
    return content as Evaluation;
  } catch (error) {
    throw new RunError(`${file}: damaged, or changed by hand; evaluate the run again`, { cause: error });
  }
}
