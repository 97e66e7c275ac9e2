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
import { parseSettings } from "../training/settings/parse.ts";
import { recipes } from "../training/settings/recipes.ts";
import { mostEpochs, type Settings, type SettingsInput } from "../training/settings/schema.ts";
import { settingsForClasses, type TrainSettings } from "../training/settings/train-settings.ts";
import type { TrainingContext } from "./callback.ts";
import { divideImages } from "./data/divide-images.ts";
import { warningOfUnvalidated } from "./data/validation-part.ts";
import { epochsWithin } from "./epochs-in-time.ts";
import { writeInitialWeights } from "./folder/initial-weights.ts";
import { writeLineage } from "./folder/lineage-file.ts";
import { functionsRecord } from "./folder/own-functions.ts";
import { configOf, type Prepared, writeConfig } from "./folder/run-config.ts";
import { makeDefaultRunFolder, makeRunFolder, refuseUsedFolder, runName } from "./folder/run-folder.ts";
import { writeRunImages } from "./folder/run-images.ts";
import { refuseLockedRun } from "./folder/run-lock.ts";
import { openParent } from "./models/parent.ts";
import { warnWith } from "./run-events.ts";
import { engineOptions, graphOf, pack } from "./run-preparation.ts";
import { runTraining, type TrainingResult } from "./run-training.ts";
import { lineageWarnings, type Start, settingsFrom, startFrom, startRecord } from "./start.ts";

/**
 * Trains a network on the training images of a data set and leaves a run folder with its model: from scratch, or with `from` going on from another
 * model, of which the run then keeps all that it needs.
 *
 * Settings that are left out have the defaults of {@link parseSettings}. The data set is given, as {@link openData} opens it with
 * the same settings; `data` is not read.
 * @param context.isTimed whether the epochs were chosen before, so that `seconds` is a record; by default they are chosen by it
 * @param context.start what the training begins with in place of the model that `from` names, for a caller that has opened it
 * Throws SettingsError, RunError (the folder is in use, or there is no model to go on from), ModelError (of that model), NetworkError (the images are
 * too small for the network, or it is not the one to go on from),
 * EngineError, DatasetError, FileError, TrainingError; the signal's reason where it aborts before the first step.
 */
export async function train(
  dataset: Dataset,
  input: TrainSettings = {},
  context: TrainingContext & { readonly start?: Start | undefined; readonly isTimed?: boolean } = {},
): Promise<TrainingResult> {
  const { clock = Date.now } = context;
  const { classes } = dataset;
  if (input.from === undefined && (input.freeze ?? 0) > 0) {
    throw new SettingsError(
      "freeze: keeps the weights that a training begins with, which are random without from; give from as well, or leave it out",
    );
  }
  const parent = input.from === undefined || context.start ? undefined : await openParent(input.from);
  const whole = parent ? settingsFrom(parent, input, classes.length) : input;
  const settings = await settingsForClasses(whole, classes.length);
  refuseOtherProtocol(settings, dataset);
  if (settings.out !== undefined) await refuseTakenFolder(resolve(settings.out));
  await refuseUnwritable(resolve(settings.out ?? defaultRuns));
  const unfrozen = graphOf({ ...settings, freeze: 0 }, classes.length);
  const start = context.start ?? (parent && startFrom(parent, unfrozen, classes, settings));
  const graph = settings.freeze > 0 ? graphOf(settings, classes.length) : unfrozen;
  const engine = await selectEngine(settings.engine, warnWith(context), engineOptions(settings.threads));
  precisionOn(engine.description, settings.precision);
  const packed = await pack(dataset, graph, settings, context);
  try {
    const dividing = { ...context, ...(start && { ancestors: start.ancestors }) };
    const images = await divideImages(dataset, packed, settings, dividing);
    const prepared = { graph, engine, packed, images };
    const warnings = [
      warningOfUnvalidated(images, classes, settings.validation) ?? [],
      start ? lineageWarnings(start, images, settings) : [],
    ].flat();
    for (const warning of warnings) warnWith(context)(warning);
    const timed = context.isTimed
      ? settings
      : await timedSettings(settings, { ...whole, network: settings.network }, prepared, context);
    const config = await configOf(timed, dataset, prepared, {
      milliseconds: clock(),
      functions: functionsRecord(context),
      ...(start && { from: startRecord(start, images) }),
    });
    let made: string | undefined;
    const folder = async () => {
      const isThere = settings.out !== undefined && (await fileExists(resolve(settings.out)));
      const run = await makeFolder(settings, dataset.root, clock());
      if (!isThere) made = run;
      return run;
    };
    const begin = async (run: string) => {
      await writeRunImages(run, classes, images);
      if (start) {
        await writeInitialWeights(run, start.parameters);
        await writeLineage(run, start.ancestors);
      }
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

/** The settings with as many epochs as there is time for, and with what their recipe says for so many. */
async function timedSettings(
  settings: Settings,
  given: SettingsInput,
  { engine, packed, graph, images }: Prepared,
  context: TrainingContext,
): Promise<Settings> {
  const { seconds, recipe } = settings;
  if (seconds === undefined) return settings;
  const learned = images.flatMap(({ part }, index) => (part === "train" ? [index] : []));
  const validation = images.filter(({ part }) => part === "validation").length;
  const { signal, stopwatch } = context;
  const training = { engine, packed, classes: graph.classes, learned, validation, settings, signal, stopwatch };
  const possible = await epochsWithin(seconds, training);
  const most = recipe === undefined ? mostEpochs : recipes[recipe].epochs;
  return parseSettings({ ...given, epochs: Math.min(possible, most) });
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
