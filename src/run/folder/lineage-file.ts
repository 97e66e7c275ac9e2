/** `lineage.json`: the models that a run went on from, with digests of the images that each was trained on. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readText, writeFileAtomic } from "../../disk/files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { RunError } from "../../errors.ts";
import { type Ancestor, ancestorsFrom, storedAncestors } from "../../onnx/lineage.ts";
import { runFiles } from "./run-folder.ts";

const about =
  "The models that this run went on from, nearest first. Evaluations leave out the images that one of them was trained on.";

const lineageText = (ancestors: readonly Ancestor[]): string =>
  `${JSON.stringify({ about, ancestors: storedAncestors(ancestors) }, undefined, 2)}\n`;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** SHA-256 of the `lineage.json` of these models, for the run's configuration. */
export const lineageDigest = (ancestors: readonly Ancestor[]): string => sha256(lineageText(ancestors));

/** Writes the models that a run goes on from into its folder. Throws FileError. */
export const writeLineage = (run: string, ancestors: readonly Ancestor[]): Promise<void> =>
  writeFileAtomic(join(run, runFiles.lineage), lineageText(ancestors));

/**
 * The models that a run went on from, nearest first; none where its configuration tells of none. Throws RunError where the file is gone, or
 * not the one of the digest that the configuration tells.
 */
export async function readLineage(
  run: string,
  from: { readonly lineage: string } | undefined,
): Promise<readonly Ancestor[]> {
  if (from === undefined) return [];
  const file = join(run, runFiles.lineage);
  const cure = "put the file back as it was, or train again";
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    throw new RunError(readSentence(file, error, cure), { cause: error });
  }
  if (sha256(text) !== from.lineage) {
    throw new RunError(`${file}: damaged: it is not the one that the run was begun with; ${cure}`);
  }
  const ancestors = ancestorsFrom((JSON.parse(text) as { readonly ancestors?: unknown }).ancestors);
  if (ancestors === undefined) throw new RunError(`${file}: from another version of naevus; use that version`);
  return ancestors;
}
