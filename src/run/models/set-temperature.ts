/** Writes a finished run's model again with another temperature, for one that was found after the training. */
import { join, resolve } from "node:path";
import { RunError } from "../../errors.ts";
import { readCheckpoint } from "../../training/checkpoint.ts";
import { keptWeights } from "../../training/training-state.ts";
import { checkpointOwner, learnedCounts } from "../folder/checkpoint-owner.ts";
import { writeModel } from "../folder/model-file.ts";
import { readConfig } from "../folder/run-config.ts";
import { runFiles } from "../folder/run-folder.ts";
import { readRunImages } from "../folder/run-images.ts";
import { graphOf } from "../run-preparation.ts";

/** Throws RunError where the run is not there or has no checkpoint, CheckpointError, FileError. */
export async function setTemperature(run: string, temperature: number): Promise<void> {
  const folder = resolve(run);
  const config = await readConfig(folder);
  const { settings, resolved, data } = config;
  const graph = graphOf({ ...settings, imageSize: resolved.imageSize }, data.classes.length);
  const images = await readRunImages(folder, data);
  const file = join(folder, runFiles.checkpoint);
  const checkpoint = await readCheckpoint(file, checkpointOwner(config, graph, learnedCounts(config, images)));
  if (checkpoint === undefined)
    throw new RunError(`${folder}: there is no ${runFiles.checkpoint}; resume the run first`);
  await writeModel(folder, config, { graph, parameters: keptWeights(checkpoint), temperature, images });
}
