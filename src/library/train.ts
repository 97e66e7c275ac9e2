/** Training as the library offers it: from any source of images, with the history and the test figures in its result. */
import { join } from "node:path";
import type { Dataset } from "../dataset/dataset.ts";
import type { Evaluation } from "../evaluation/judgement/evaluation.ts";
import type { TrainingContext } from "../run/callback.ts";
import { evaluate } from "../run/evaluate.ts";
import { hasOwnTest, readConfig } from "../run/folder/run-config.ts";
import { runFiles } from "../run/folder/run-folder.ts";
import { resume as resumeRun } from "../run/resume.ts";
import type { RunContext } from "../run/run-events.ts";
import type { TrainingResult } from "../run/run-training.ts";
import { train as trainRun } from "../run/train.ts";
import type { EpochMetrics } from "../training/progress.ts";
import { settingsBeforeNetwork } from "../training/settings/train-settings.ts";
import { contextKinds, expectArgument, expectOptions, isText, type OptionKinds } from "./arguments.ts";
import { type WithClassNames, withoutClassNames } from "./class-names.ts";
import { type DataSource, expectSource, openJudgedSource, openSource } from "./data-source.ts";
import {
  expectFunctions,
  expectPlaces,
  refuseFunctions,
  separate,
  type TrainFunctions,
  type TrainOptions,
  withFunctions,
} from "./own-functions.ts";

/** Who is told of a training, how it is stopped, and whether its model is judged at the end. */
export interface TrainContext extends RunContext {
  /** Whether the finished model is evaluated on the test images of its data; default false. */
  readonly evaluate?: boolean | undefined;
}

const trainKinds: OptionKinds<TrainContext> = { ...contextKinds, evaluate: "boolean" };

/** As {@link TrainContext}, with where the run's images are, and the functions that the run began with, which no file holds. */
export interface ResumeContext extends TrainContext, TrainFunctions {
  /** The run's images; by default they are read from where they were. Images that were given one by one must be given again. */
  readonly dataset?: DataSource | undefined;
  /** The folder of decoded images, by default that of the run. */
  readonly cache?: string | undefined;
}

const resumeKinds: OptionKinds<ResumeContext> = {
  ...trainKinds,
  dataset: "any",
  cache: "path",
  // Checked with an example of each.
  schedule: "any",
  loss: "any",
  metrics: "any",
  callback: "any",
};

/** What training came to. */
export interface Training extends TrainingResult {
  /** The path of the model's file, `model.onnx` in the run's folder; undefined where training was stopped. */
  readonly model: string | undefined;
  /** The figures of every finished epoch. */
  readonly history: readonly EpochMetrics[];
  /** On the test images; undefined where it was not asked for, training was stopped, or there are no test images that no model before was trained on. */
  readonly evaluation: Evaluation | undefined;
}

/**
 * Trains a network on the training images of a data set and leaves a run folder with its model: from scratch, or with the settings `from` and `freeze` going on from
 * the model of another run.
 *
 * ```ts
 * const { run, history, evaluation } = await train("data/isic9", { network: "notebook", epochs: 20 }, { evaluate: true });
 * ```
 *
 * @param source a folder, a data set that was opened with the same settings, or images one by one
 * @param options settings, of which those that are left out have the defaults that `npx naevus train --help` lists; and functions of your
 *   own: a schedule, a loss, metrics, a callback. {@link resume} needs the same functions again. `classMap` may also be an object such as
 *   `{ melanoma: "malignant", nevus: "benign", "seborrheic keratosis": null }`
 * @throws ArgumentError, SettingsError, RunError (the folder is in use), NetworkError (the images are too small for the network),
 *   EngineError, DatasetError, FileError, TrainingError; what a function of yours throws; the signal's reason where it aborts before the
 *   first step
 */
export async function train(
  source: DataSource,
  options: WithClassNames<TrainOptions> = {},
  context: TrainContext = {},
): Promise<Training> {
  const example = 'train("data/isic9", { epochs: 20 })';
  expectSource(source, "train", example);
  expectOptions(options, "train", example);
  expectPlaces(options, context, "train");
  expectOptions(context, "train", example, trainKinds);
  const { settings, functions } = separate(withoutClassNames<TrainOptions>(options, "train"), "train");
  const parsed = settingsBeforeNetwork(settings);
  refuseFunctions(functions, parsed);
  const told = withFunctions(context, functions);
  const dataset = await openSource(source, { ...parsed, classMap: options.classMap }, told);
  const own = typeof source === "string" ? { ...settings, data: dataset.root } : settings;
  return finish(told, (observed) => trainRun(dataset, own, observed), {
    open: async () => ({ dataset }),
    cache: parsed.cache,
    maxPixels: parsed.maxPixels,
  });
}

/**
 * Goes on with a run that was stopped at any moment, with its own settings; the result is the same, bit for bit, as without the stop.
 * A finished run has its model written again.
 *
 * A run that was begun with functions of your own needs its `schedule`, `loss` and `metrics` again; with other functions its result is
 * another, of which it warns where their source text shows it. A `callback` may come, go and change.
 *
 * @param run the run's folder
 * @throws what {@link train} throws; CheckpointError where the checkpoint is damaged, RunError where the images are others or, having been
 *   given one by one, are not given again, or functions are not given again
 */
export async function resume(run: string, context: ResumeContext = {}): Promise<Training> {
  const example = 'resume("runs/first")';
  expectArgument(isText(run), run, { of: "resume", expected: "the folder of a run", example });
  expectOptions(context, "resume", example, resumeKinds);
  expectFunctions(context, "resume");
  const { dataset: source, cache, schedule, loss, metrics, callback, ...observing } = context;
  const rest = withFunctions(observing, { schedule, loss, metrics, callback });
  if (source !== undefined) expectSource(source, "resume: dataset", 'resume("runs/first", { dataset: "data/isic9" })');
  const { settings, data } = await readConfig(run);
  const ownSettings = data.classMap ? { ...settings, classMap: Object.fromEntries(data.classMap.becomes) } : settings;
  const folder = typeof source === "string" ? source : undefined;
  const given = source === undefined || folder !== undefined ? undefined : await openSource(source, ownSettings, rest);
  const place = folder ?? data.root;
  const own = cache ?? settings.cache;
  return finish(rest, (observed) => resumeRun(run, { ...observed, dataset: given, data: folder, cache }), {
    open: async () => (given ? { dataset: given } : openJudgedSource(run, place!, { cache: own }, rest)),
    cache: own,
    maxPixels: settings.maxPixels,
  });
}

/** The images that a finished run is judged on, and how they are read. */
interface Judging {
  readonly open: () => Promise<{ readonly dataset: Dataset }>;
  readonly cache: string | undefined;
  readonly maxPixels: number;
}

/** Has a run trained, keeps its history, and evaluates it where that is asked for. */
async function finish(
  { evaluate: isAsked = false, ...context }: TrainContext & TrainingContext,
  work: (context: TrainingContext) => Promise<TrainingResult>,
  { open, ...judging }: Judging,
): Promise<Training> {
  const history: EpochMetrics[] = [];
  const onEvent: RunContext["onEvent"] = (event) => {
    if (event.kind === "begin") history.push(...event.progress.history);
    if (event.kind === "epoch") history.push(event.metrics);
    context.onEvent?.(event);
  };
  const result = await work({ ...context, onEvent });
  const { run, finished } = result;
  // Of the images that could be decoded, which the data set does not know.
  const isJudged = isAsked && finished && hasOwnTest(await readConfig(run));
  const evaluation = isJudged ? await evaluate(run, (await open()).dataset, { ...context, ...judging }) : undefined;
  await context.callback?.settled();
  return {
    ...result,
    model: finished ? join(run, runFiles.model) : undefined,
    history,
    evaluation,
  };
}
