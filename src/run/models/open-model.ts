/** Opens the model of a run: of its folder, or of the model file itself. */
import { join, resolve } from "node:path";
import { fileExists } from "../../disk/files.ts";
import { RunError } from "../../errors.ts";
import { loadModel, type Model } from "../../inference/model.ts";
import { readConfig } from "../folder/run-config.ts";
import { isModelFile, runFiles } from "../folder/run-folder.ts";

/** The model file of a run; `folder` is undefined where the file itself was given. Throws RunError where the run has no model. */
export async function modelFileOf(
  run: string,
): Promise<{ readonly file: string; readonly folder: string | undefined }> {
  const given = resolve(run);
  if (isModelFile(given)) return { file: given, folder: undefined };
  const file = join(given, runFiles.model);
  if (!(await fileExists(file))) {
    await readConfig(given);
    throw new RunError(`${given}: this run is not finished and has no ${runFiles.model} yet; resume it first`);
  }
  return { file, folder: given };
}

/** `folder` is undefined where the file itself was given. Throws RunError where the run has no model, ModelError. */
export async function openModel(run: string): Promise<{ readonly model: Model; readonly folder: string | undefined }> {
  const { file, folder } = await modelFileOf(run);
  return { model: await loadModel(file), folder };
}
