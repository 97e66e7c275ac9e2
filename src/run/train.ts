/** Trains a network on the images of a data set and leaves a run folder. */

import { rmdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Dataset } from "../dataset/dataset.ts";
import { drawnProtocol } from "../dataset/protocol-summary.ts";
import { fileExists, refuseUnwritable } from "../disk/files.ts";
import { precisionOn } from "../engine/precision.ts";
import { selectEngine } from "../engine/select-engine.ts";
import { SettingsError } from "../errors.ts";
import { networkName } from "../network/network-source.ts";
import type { Settings } from "../training/settings/schema.ts";
import { settingsForClasses, type TrainSettings } from "../training/settings/train-settings.ts";
import type { TrainingContext } from "./callback.ts";
import { divideImages } from "./data/divide-images.ts";
import { warningOfUnvalidated } from "./data/validation-part.ts";
import { functionsRecord } from "./folder/own-functions.ts";
import { configOf, writeConfig } from "./folder/run-config.ts";
import { makeDefaultRunFolder, makeRunFolder, refuseUsedFolder, runName } from "./folder/run-folder.ts";
import { writeRunImages } from "./folder/run-images.ts";
import { refuseLockedRun } from "./folder/run-lock.ts";
import { warnWith } from "./run-events.ts";
import { engineOptions, graphOf, pack } from "./run-preparation.ts";
import { runTraining, type TrainingResult } from "./run-training.ts";

/**
 * Trains a network from scratch on the training images of a data set and leaves a run folder with its model.
 *
 * Settings that are left out have the defaults of {@link parseSettings}. The data set is given, as {@link openData} opens it with
 * the same settings; `data` is not read.
 * Throws SettingsError, RunError (the folder is in use), NetworkError (the images are too small for the network),
 * EngineError, DatasetError, FileError, TrainingError; the signal's reason where it aborts before the first step.
 */
export async function train(
  dataset: Dataset,
  input: TrainSettings = {},
  context: TrainingContext = {},
): Promise<TrainingResult> {
  const { clock = Date.now } = context;
  const settings = await settingsForClasses(input, dataset.classes.length);
  refuseOtherProtocol(settings, dataset);
  if (settings.out !== undefined) await refuseTakenFolder(resolve(settings.out));
  await refuseUnwritable(resolve(settings.out ?? defaultRuns));
  const graph = graphOf(settings, dataset.classes.length);
  const engine = await selectEngine(settings.engine, warnWith(context), engineOptions(settings.threads));
  precisionOn(engine.description, settings.precision);
  const packed = await pack(dataset, graph, settings, context);
  try {
    const prepared = { graph, engine, packed, images: await divideImages(dataset, packed, settings, context) };
    const warning = warningOfUnvalidated(prepared.images, dataset.classes, settings.validation);
    if (warning !== undefined) warnWith(context)(warning);
    const config = await configOf(settings, dataset, prepared, {
      milliseconds: clock(),
      functions: functionsRecord(context),
    });
    let made: string | undefined;
    const folder = async () => {
      const isThere = settings.out !== undefined && (await fileExists(resolve(settings.out)));
      const run = await makeFolder(settings, dataset.root, clock());
      if (!isThere) made = run;
      return run;
    };
    const begin = async (run: string) => {
      await writeRunImages(run, dataset.classes, prepared.images);
      await writeConfig(run, config);
    };
    return await runTraining({ folder, begin }, config, prepared, context).catch(async (error: unknown) => {
      // Where nothing is left in it; a folder that was there before stays.
      if (made !== undefined) await rmdir(made).catch(() => undefined);
      throw error;
    });
  } finally {
    packed.close();
  }
}

/** Where runs without a folder of their own lie, from the folder in which the process runs. */
const defaultRuns = "runs";

/** The settings are kept with the run: they must be those that the data set was opened with. */
function refuseOtherProtocol({ protocol, fold, curation }: Settings, dataset: Dataset): void {
  const { name = "official" } = dataset.protocol ?? {};
  const opened = name === drawnProtocol ? "official" : name;
  if (protocol !== opened || fold !== dataset.protocol?.fold) {
    throw new SettingsError(
      `protocol: the settings say ${protocol}, the data set was opened as ${opened}; open it with the run's settings`,
    );
  }
  if ((curation === undefined) !== (dataset.curation === undefined)) {
    throw new SettingsError("curation: the data set was opened otherwise; open it with the run's settings");
  }
}

/** Throws RunError where a folder is used, and by whom, if by a process that is at work. */
async function refuseTakenFolder(run: string): Promise<void> {
  const used = await refuseUsedFolder(run).then(
    () => undefined,
    (error: unknown) => error,
  );
  await refuseLockedRun(run);
  if (used !== undefined) throw used;
}

async function makeFolder({ out, network }: Settings, data: string, milliseconds: number): Promise<string> {
  if (out === undefined)
    return makeDefaultRunFolder(resolve(defaultRuns), runName(networkName(network), milliseconds), data);
  const run = resolve(out);
  await refuseTakenFolder(run);
  await makeRunFolder(run, data);
  return run;
}
