/** The model that a training goes on from: its network and weights, and which images it and the models before it were trained on. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { fileExists, readWhole } from "../../disk/files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { ModelError, RunError } from "../../errors.ts";
import type { Network } from "../../network/layer.ts";
import type { Ancestor } from "../../onnx/lineage.ts";
import type { StoredMetadata } from "../../onnx/model-metadata.ts";
import { readStoredModel } from "../../onnx/stored-model.ts";
import type { Tensors } from "../../tensor.ts";
import { provenanceOf } from "../folder/provenance.ts";
import { foldRun, runFiles } from "../folder/run-folder.ts";
import { modelFileOf } from "./open-model.ts";

/** A model to go on from. */
export interface Parent {
  /** As it was given. */
  readonly name: string;
  /** Of which no layer is frozen. */
  readonly network: Network;
  readonly metadata: StoredMetadata;
  readonly parameters: Tensors;
  /** The model itself, and those before it. */
  readonly ancestors: readonly Ancestor[];
}

/** Opens the model of a run's folder, or a model file. Throws RunError where there is none, ModelError where it is damaged or of another program. */
export async function openParent(from: string): Promise<Parent> {
  const { file, folder } = await modelFileOf(from).catch(async (error: unknown) => {
    if (!(await fileExists(join(foldRun(resolve(from), 0), runFiles.config)))) throw error;
    throw new RunError(
      `${from}: a cross-validation, of which each fold has a model; go on from one of them, such as ${foldRun(from, 0)}`,
      { cause: error },
    );
  });
  try {
    const bytes = await readWhole(file).catch((cause: unknown) => {
      throw new ModelError(readSentence(file, cause, "expected the model.onnx of a run"), { cause });
    });
    const stored = readStoredModel(bytes, (content) => createHash("sha256").update(content).digest());
    const { metadata, parameters } = stored;
    const { frozen: _, ...network } = stored.network;
    const { learned, ancestors } = await provenanceOf(folder ?? file, metadata);
    const { classes, dataFingerprint, version, origin } = metadata;
    const own = { network: network.name, dataFingerprint, version, classes, ...(origin && { origin }), learned };
    return { name: from, network, metadata, parameters, ancestors: [own, ...ancestors] };
  } catch (error) {
    if (!(error instanceof ModelError) || error.message.startsWith(file)) throw error;
    throw new ModelError(`${file}: ${error.message}; expected the model.onnx of a run`, { cause: error });
  }
}
