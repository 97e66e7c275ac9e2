/** `initial.safetensors`: the weights that a run began with, where it went on from another model, so that it never needs that model again. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readWhole, writeFileAtomic } from "../../disk/files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { RunError } from "../../errors.ts";
import { readSafetensors, safetensorsChunks } from "../../formats/safetensors.ts";
import type { Tensors } from "../../tensor.ts";
import { initialWeightsFormat, runFiles } from "./run-folder.ts";

const chunksOf = (tensors: Tensors): Uint8Array[] =>
  safetensorsChunks({ tensors, metadata: { format: initialWeightsFormat } });

function sha256(chunks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

/** SHA-256 of the `initial.safetensors` of these weights, for the run's configuration. */
export const initialWeightsDigest = (weights: Tensors): string => sha256(chunksOf(weights));

/** Writes the weights that a run begins with into its folder. Throws FileError. */
export const writeInitialWeights = (run: string, weights: Tensors): Promise<void> =>
  writeFileAtomic(join(run, runFiles.initial), chunksOf(weights));

/** The weights that a run began with. Throws RunError where the file is gone, or not the one of the digest that the configuration tells. */
export async function readInitialWeights(run: string, from: { readonly weights: string }): Promise<Tensors> {
  const file = join(run, runFiles.initial);
  const cure = "put the file back as it was, or train again";
  const bytes = await readWhole(file).catch((error: unknown) => {
    throw new RunError(readSentence(file, error, cure), { cause: error });
  });
  if (sha256([bytes]) !== from.weights) {
    throw new RunError(`${file}: damaged: it does not hold the weights that the run was begun with; ${cure}`);
  }
  return readSafetensors(bytes).tensors;
}
