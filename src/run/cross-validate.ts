/** Grouped cross-validation: one model per fold, trained in sequence, each judged on its own fold; the predictions are pooled. */
import { join, resolve } from "node:path";
import type { ClassNames } from "../dataset/class-map.ts";
import { dataFingerprint, hashContents } from "../dataset/content-hashes.ts";
import type { Dataset, ImageRecord } from "../dataset/dataset.ts";
import type { ListedDataset } from "../dataset/list-images.ts";
import { type Folds, foldDataset, foldsOf } from "../dataset/protocols.ts";
import { fileExists, writeFileAtomic } from "../disk/files.ts";
import { makeOutputFolder } from "../disk/output-folder.ts";
import { RunError } from "../errors.ts";
import { type Evaluation, evaluateClassification } from "../evaluation/judgement/evaluation.ts";
import { csvText } from "../formats/csv-text.ts";
import { networkName } from "../network/network-source.ts";
import { isSameSetting, settingInWords } from "../training/settings/data-setting.ts";
import { recipes } from "../training/settings/recipes.ts";
import type { Settings, SettingsInput } from "../training/settings/schema.ts";
import { isThat, settingNames, type TableSetting, tableSettings } from "../training/settings/settings-by-aspect.ts";
import { settingsBeforeNetwork, settingsForClasses, type TrainSettings } from "../training/settings/train-settings.ts";
import type { TrainingContext } from "./callback.ts";
import { openCuratedData, warnOfUnknownLesions } from "./data/open-data.ts";
import { type JudgedImages, judgeTestImages } from "./evaluate.ts";
import { foldOrigin, foldSettings, foldStart, pooledCheck, refuseSeenFolds } from "./fold-start.ts";
import { writeEvaluation } from "./folder/evaluation-file.ts";
import { isOlderRun, readConfig } from "./folder/run-config.ts";
import { foldRun, makeDefaultRunFolder, runFiles, runName } from "./folder/run-folder.ts";
import { lockRun } from "./folder/run-lock.ts";
import { resume } from "./resume.ts";
import { graphOf } from "./run-preparation.ts";
import type { Start } from "./start.ts";
import { train } from "./train.ts";

/** The pooled figures, and those of each fold. */
export interface CrossValidation extends Evaluation {
  readonly folds: readonly {
    readonly fold: number;
    readonly samples: number;
    readonly accuracy: number;
    readonly balancedAccuracy: number;
  }[];
}

/** How a cross-validation is done besides its settings. */
export interface CrossValidationContext extends TrainingContext {
  readonly folds: number;
  /** What becomes of classes, in place of the settings' table. */
  readonly classNames?: ClassNames | undefined;
}

/** Where a cross-validation lies, and its pooled figures. */
export interface CrossValidationResult {
  /** Holds one run per fold (`fold-0` and so on), `evaluation.json` and `predictions.csv`. */
  readonly folder: string;
  /** Undefined where `signal` stopped the training. */
  readonly evaluation: CrossValidation | undefined;
}

/**
 * Trains and judges a model for each of K folds over all images of a data folder, Train and Test alike. Groups stay whole, so no model
 * is evaluated on a lesion that it was trained on, as far as lesions are known. The folds depend on the data alone, not on the seed. Where `settings.out` holds an
 * earlier cross-validation that was stopped, it goes on with it.
 *
 * With `from` every fold goes on from the same model, and images that it was trained on are not judged; the first fold keeps what the others need of it.
 *
 * Of the settings `data`, `protocol` and `fold` are not read. Throws what `openData`, `train` and `evaluate` throw, RunError where the folder holds runs with other settings.
 */
export async function crossValidate(
  data: string | ListedDataset,
  input: TrainSettings,
  { folds: count, classNames, ...context }: CrossValidationContext,
): Promise<CrossValidationResult> {
  const { clock = Date.now } = context;
  const protocol = `grouped:${count}`;
  const given = { ...(await begunLimit(input)), ...input, protocol, fold: 0 };
  const origin = await foldOrigin(given);
  const before = settingsBeforeNetwork(given);
  const opened = { ...before, classMap: classNames ?? before.classMap };
  const { dataset, options } = await openCuratedData(data, opened, context);
  const { classes } = dataset;
  const whole = origin ? foldSettings(origin, given, classes.length) : given;
  const settings = await settingsForClasses(whole, classes.length);
  // A network that does not fit is refused before the images are compared.
  const graph = graphOf({ ...settings, freeze: 0 }, classes.length);
  const start = origin && (await foldStart(origin, graph, classes, settings));
  warnOfUnknownLesions(protocol, dataset, options, context);
  const folds = await foldsOf(dataset, { ...options, folds: count });
  if (start) refuseSeenFolds(start, dataset, folds, { count, ...(await hashContents(dataset, options)) });
  const folder = await folderOf(settings, dataset.root, clock());
  const lock = await lockRun(folder, { onWait: (message) => context.onEvent?.({ kind: "warning", message }) });
  try {
    const timing = { ...whole, network: settings.network };
    return await trainFolds(folder, settings, { protocol, count, dataset, options, folds, start, timing }, context);
  } finally {
    await lock.release();
  }
}

/** What the folds are made of. */
interface FoldedData extends Pick<Awaited<ReturnType<typeof openCuratedData>>, "dataset" | "options"> {
  readonly protocol: string;
  readonly count: number;
  readonly folds: Folds;
  /** What each fold begins with, where it goes on from another model. */
  readonly start: Start | undefined;
  /** The settings as they were given, of which the first fold's time makes the epochs. */
  readonly timing: SettingsInput;
}

async function trainFolds(
  folder: string,
  settings: Settings,
  { protocol, count, dataset, options, folds, start, timing }: FoldedData,
  context: TrainingContext,
): Promise<CrossValidationResult> {
  const judged: JudgedImages[] = [];
  for (let fold = 0; fold < count; fold++) {
    const part = foldDataset(dataset, folds, fold);
    const run = foldRun(folder, fold);
    const places = { data: dataset.root, fold, out: run };
    const timed = await firstFoldsTime(foldRun(folder, 0), settings);
    const own = { ...settings, ...timed, ...places };
    const { finished } = (await isBegun(run, own))
      ? await resume(run, { ...context, dataset: part, cache: settings.cache })
      : await train(part, timed || settings.seconds === undefined ? own : { ...timing, ...places }, {
          ...context,
          start,
          isTimed: timed !== undefined,
        });
    if (!finished) return { folder, evaluation: undefined };
    judged.push(await judgeTestImages(run, part, { ...context, cache: settings.cache, maxPixels: settings.maxPixels }));
  }

  const classes = judged[0]!.classes;
  const images = judged.flatMap((one) => one.images);
  const original = new Map(dataset.images.map((image) => [image.path, image]));
  const groups = new Map(dataset.images.map(({ path }, i) => [path, folds.groupOf[i]!]));
  const subject = {
    protocol,
    groupedBy: folds.groupedBy,
    ...(dataset.curation && { curation: dataset.curation }),
    ...(dataset.classMap && { classMap: dataset.classMap }),
    ...(judged[0]!.lineage && { lineage: judged[0]!.lineage, check: pooledCheck(judged) }),
    origin: judged.some(({ origin }) => origin === "phantom") ? "phantom" : "folder",
    dataFingerprint: await fingerprintOf(
      dataset,
      images.map(({ path }) => original.get(path)!),
      options,
    ),
  } as const;
  const evaluation: CrossValidation = {
    ...evaluateClassification({
      ...subject,
      classes,
      truth: judged.flatMap(({ truth }) => truth),
      probabilities: concatenate(judged.map(({ probabilities }) => probabilities)),
      groups: images.map(({ path }) => groups.get(path)!),
    }),
    folds: judged.map(({ truth, probabilities }, fold) => {
      const { samples, accuracy, balancedAccuracy } = evaluateClassification({
        ...subject,
        classes,
        truth,
        probabilities,
      });
      return { fold, samples, accuracy, balancedAccuracy };
    }),
  };
  await writeFileAtomic(join(folder, predictionsFile), predictionTable(judged));
  await writeEvaluation(folder, evaluation);
  return { folder, evaluation };
}

const predictionsFile = "predictions.csv";

async function folderOf({ out, network }: Settings, data: string, milliseconds: number): Promise<string> {
  if (out === undefined)
    return makeDefaultRunFolder(
      resolve("runs"),
      runName(`${networkName(network)}-cross-validation`, milliseconds),
      data,
    );
  const folder = resolve(out);
  await makeOutputFolder(folder, data);
  return folder;
}

/** The most pixels that the folds of an earlier version have, whose default was another; what is given goes before it. */
async function begunLimit({ out }: TrainSettings): Promise<Pick<TrainSettings, "maxPixels">> {
  if (typeof out !== "string") return {};
  const first = foldRun(resolve(out), 0);
  if (!(await fileExists(join(first, runFiles.config)))) return {};
  const config = await readConfig(first);
  return isOlderRun(config) ? { maxPixels: config.settings.maxPixels } : {};
}

/** What time made of the settings in the first fold, which holds for all of them; undefined where time does not matter, or it is not begun. */
async function firstFoldsTime(run: string, { seconds, recipe }: Settings): Promise<Partial<Settings> | undefined> {
  if (seconds === undefined || !(await fileExists(join(run, runFiles.config)))) return undefined;
  const { settings } = await readConfig(run);
  const names = ["epochs", ...(recipe === undefined ? [] : Object.keys(recipes[recipe].settings(settings.epochs)))];
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));
}

/** Whether a fold's run was begun before; throws RunError where it was with other settings. */
async function isBegun(run: string, settings: Settings): Promise<boolean> {
  if (!(await fileExists(join(run, runFiles.config)))) return false;
  const { settings: before, data, from } = await readConfig(run);
  // A table may have been moved, as the images that it makes are compared. A run that came from another machine does not say whether
  // there was one.
  const isOtherTable = (name: TableSetting): boolean =>
    data.root !== undefined && (before[name] === undefined) !== (settings[name] === undefined);
  const other = [
    ...settingNames.filter((name) => !isThat(name, "place") && !isSameSetting(before[name], settings[name])),
    ...tableSettings.filter(isOtherTable),
    ...(from !== undefined && settings.from === undefined ? ["from" as const] : []),
  ];
  if (other.length > 0) {
    throw new RunError(
      `${run}: begun with ${other.map((name) => `${name} ${settingInWords(before[name] ?? "by default")}`).join(", ")}; ` +
        "give the same settings to go on, or another folder",
    );
  }
  return true;
}

/** The fingerprint of the images that were judged, with the splits that they have in the folder: it is that of the whole data set. */
async function fingerprintOf(
  dataset: Dataset,
  images: readonly ImageRecord[],
  options: Parameters<typeof hashContents>[1],
): Promise<string> {
  const { sha256 } = await hashContents({ ...dataset, images }, options);
  return dataFingerprint(
    dataset.classes,
    images.map(({ split, label }, i) => ({ split, label, sha256: sha256[i] ?? "" })),
  );
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Every image with the fold that it was tested in, its class, and the probability of each class. */
function predictionTable(judged: readonly JudgedImages[]): string {
  const { classes } = judged[0]!;
  const rows = judged.flatMap(({ images, truth, probabilities }, fold) =>
    images.map(({ path }, i) => ({
      path,
      fold: String(fold),
      class: classes[truth[i]!]!,
      ...Object.fromEntries(
        classes.map((name, label) => [`probability ${name}`, String(probabilities[i * classes.length + label]!)]),
      ),
    })),
  );
  return csvText(["path", "fold", "class", ...classes.map((name) => `probability ${name}`)], rows);
}
