import { rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Dataset, Problem } from "../dataset/dataset.ts";
import { drawnProtocol } from "../dataset/protocol-summary.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { fileExists } from "../disk/files.ts";
import type { FolderLock } from "../disk/folder-lock.ts";
import type { TrainingPlan } from "../engine/engine.ts";
import { precisionOn } from "../engine/precision.ts";
import { selectEngine } from "../engine/select-engine.ts";
import { RunError, SettingsError } from "../errors.ts";
import { fitTemperature } from "../evaluation/calibration/temperature.ts";
import { decoderVersion } from "../image/decoding/decode.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { type PackedImages, packImages } from "../image/store/packed-store.ts";
import { readSelection } from "../image/store/pixel-file.ts";
import { buildGraph, type Graph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import type { Stopwatch } from "../stopwatch.ts";
import type { Tensors } from "../tensor.ts";
import { batchedLogits, judgeLogits } from "../training/batched-logits.ts";
import { type CheckpointOwner, type Companions, readCheckpoint, writeCheckpoint } from "../training/checkpoint.ts";
import type { EpochMetrics, Progress } from "../training/progress.ts";
import { parseSettings } from "../training/settings/parse.ts";
import { lossOf, networkOf, optimizerOf, preparationOf } from "../training/settings/resolve.ts";
import type { Settings, SettingsInput } from "../training/settings/schema.ts";
import { freshProgress, type StepReport, trainNetwork } from "../training/train.ts";
import { divideImages, ownDataset } from "./data/divide-images.ts";
import { openData } from "./data/open-data.ts";
import { warningOfUnvalidated } from "./data/validation-part.ts";
import { checkpointOwner } from "./folder/checkpoint-owner.ts";
import { unknownPlace } from "./folder/local-paths.ts";
import { writeModel } from "./folder/model-file.ts";
import {
  configOf,
  isOlderRun,
  listingOf,
  type Prepared,
  type RunConfig,
  readConfig,
  writeConfig,
} from "./folder/run-config.ts";
import {
  appendMetrics,
  discardBarrenRun,
  makeDefaultRunFolder,
  makeRunFolder,
  refuseUsedFolder,
  repairRun,
  runFiles,
  runName,
} from "./folder/run-folder.ts";
import { type RunImage, readRunImages, writeRunImages } from "./folder/run-images.ts";
import { lockRun, refuseLockedRun } from "./folder/run-lock.ts";
import { openEventFile } from "./folder/tensorboard.ts";

/** What happens during a run, for whoever shows it. */
export type RunEvent =
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "drawing"; readonly done: number; readonly total: number }
  | { readonly kind: "packing"; readonly done: number; readonly total: number }
  | { readonly kind: "comparing"; readonly done: number; readonly total: number }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] }
  | { readonly kind: "begin"; readonly run: string; readonly config: RunConfig; readonly progress: Progress }
  | ({ readonly kind: "step"; readonly epochs: number } & StepReport)
  | { readonly kind: "epoch"; readonly epochs: number; readonly metrics: EpochMetrics };

/** What a training is given besides its settings: who is told of it, what stops it, and its clocks. */
export interface RunContext {
  /** Told of all that happens; by default nobody is. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Stops after the step under way; the run can then be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970, for dates; default `Date.now`. */
  readonly clock?: () => number;
  /** Milliseconds since any moment, for durations; by default the system's monotonic clock. */
  readonly stopwatch?: Stopwatch | undefined;
}

/** What training came to. */
export interface TrainingResult {
  /** The run's folder. */
  readonly run: string;
  /** False where `signal` stopped the run; {@link resume} goes on with it. */
  readonly finished: boolean;
  /** Finished epochs. */
  readonly epochs: number;
  /** Of the last finished epoch, in training mode; null where none is finished. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Over all finished epochs; reading images is included, writing checkpoints is not. Null where none is finished. */
  readonly imagesPerSecond: number | null;
  readonly engine: RunConfig["resolved"]["engine"];
  readonly precision: RunConfig["resolved"]["precision"];
  readonly network: string;
  /** Numbers that training could change. */
  readonly parameters: number;
  /** `phantom`: trained on drawn images, not on photographs. */
  readonly origin: Dataset["origin"];
}

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
  input: SettingsInput = {},
  context: RunContext = {},
): Promise<TrainingResult> {
  const { clock = Date.now } = context;
  const settings = parseSettings(input);
  refuseOtherProtocol(settings, dataset);
  if (settings.out !== undefined) await refuseTakenFolder(resolve(settings.out));
  const graph = graphOf(settings, dataset.classes.length);
  const engine = await selectEngine(settings.engine, warnWith(context), engineOptions(settings.threads));
  precisionOn(engine.description, settings.precision);
  const packed = await pack(dataset, graph, settings, context);
  try {
    const prepared = { graph, engine, packed, images: await divideImages(dataset, packed, settings, context) };
    const warning = warningOfUnvalidated(prepared.images, dataset.classes, settings.validation);
    if (warning !== undefined) warnWith(context)(warning);
    const config = configOf(settings, dataset, prepared, clock());
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

/**
 * Goes on with a run that was stopped at any moment, with its own settings; the result is the same, bit for bit, as without
 * the stop. A finished run has its model written again.
 *
 * @param context.dataset by default the run's own images
 * @param context.data where these are now, by default where they were
 * @param context.cache the folder of decoded images, by default that of the run
 * Throws what {@link train} throws, CheckpointError where the checkpoint is damaged, RunError where the data are others.
 */
export async function resume(
  run: string,
  context: RunContext & {
    readonly dataset?: Dataset | undefined;
    readonly data?: string | undefined;
    readonly cache?: string | undefined;
  } = {},
): Promise<TrainingResult> {
  const folder = resolve(run);
  const config = await readConfig(folder);
  await refuseLockedRun(folder);
  const { resolved, versions } = config;
  const settings = {
    ...config.settings,
    imageSize: resolved.imageSize,
    ...(context.cache && { cache: context.cache }),
  };
  const recorded = await readRunImages(folder, config.data);
  const root = context.data ?? config.data.root;
  const dataset = context.dataset ?? (await ownImages(root));
  const graph = graphOf(settings, dataset.classes.length);
  const warn = warnWith(context);
  const engine = await selectEngine(resolved.engine, warn, engineOptions(resolved.threads));
  const { library, instructionSet, precisions } = engine.description;
  if (!precisions.includes(resolved.precision)) {
    throw new RunError(
      `${folder}: the run computes in ${resolved.precision}, which ${library} has not on this processor (${instructionSet}); ` +
        `resume it on one that has, or train anew with the precision ${precisions.join(" or ")}`,
    );
  }
  if (isOlderRun(config)) {
    warn(
      `the run was started by naevus ${versions.naevus}, whose files have no digests; whether its settings, images or figures ` +
        "were changed since is not checked",
    );
  }
  if (library !== versions.engine || instructionSet !== versions.instructionSet) {
    warn(
      `the run was started with ${versions.engine} (${versions.instructionSet}), this is ${library} (${instructionSet}); ` +
        "the weights may differ in their last bits from those of an uninterrupted run",
    );
  }
  if (decoderVersion !== versions.decoder) {
    warn(
      `the run's images were decoded by version ${versions.decoder ?? "1"}, this is ${decoderVersion}; pixels may differ, ` +
        "and so may the weights from those of an uninterrupted run",
    );
  }
  const packed = await pack(dataset, graph, settings, context);
  try {
    if (packed.fingerprint !== config.data.fingerprint || listingOf(packed) !== config.data.listing) {
      throw new RunError(
        `${dataset.root}: the images are not those that ${folder} was started with; put them back as they were, ` +
          "or start a new run",
      );
    }
    const images = recorded ?? (await divideImages(dataset, packed, settings, { olderRun: true }));
    return await runTraining({ folder: async () => folder }, config, { graph, engine, packed, images }, context);
  } finally {
    packed.close();
  }

  async function ownImages(place: string | undefined): Promise<Dataset> {
    if (place === undefined) throw unknownPlace(folder);
    return recorded ? ownDataset(config, recorded, place) : openData(place, settings, context);
  }
}

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

const warnWith =
  ({ onEvent }: RunContext) =>
  (message: string): void =>
    onEvent?.({ kind: "warning", message });

const engineOptions = (threads: number | undefined) => (threads === undefined ? {} : { threads });

function graphOf(settings: Settings, classes: number): Graph {
  const { imageSize } = settings;
  return buildGraph(networkOf(settings, { classes, ...(imageSize !== undefined && { imageSize }) }));
}

async function pack(dataset: Dataset, graph: Graph, settings: Settings, context: RunContext): Promise<PackedImages> {
  const { onEvent, signal } = context;
  const options = {
    size: graph.inputShape[1]!,
    geometry: settings.geometry,
    resampling: settings.resampling,
    cacheFolder: cacheFolder(settings.cache),
    onProgress: (done: number, total: number) => onEvent?.({ kind: "packing", done, total }),
    onWarning: warnWith(context),
    ...(signal && { signal }),
  };
  const packed = await withPixelLimit(settings.maxPixels, () => packImages(dataset, options));
  if (packed.problems.length > 0) onEvent?.({ kind: "problems", problems: packed.problems });
  return packed;
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
  if (out === undefined) return makeDefaultRunFolder(resolve("runs"), runName(network, milliseconds), data);
  const run = resolve(out);
  await refuseTakenFolder(run);
  await makeRunFolder(run, data);
  return run;
}

/** @param into.begin writes what a new run begins with, once the folder is this process's alone; where the run fails, it is discarded */
async function runTraining(
  into: { readonly folder: () => Promise<string>; readonly begin?: (run: string) => Promise<void> },
  config: RunConfig,
  { graph, engine, packed, images: divided }: Prepared,
  context: RunContext,
): Promise<TrainingResult> {
  const { onEvent, signal, stopwatch } = context;
  const { settings, resolved, data } = config;
  const { seed, epochs } = settings;
  const classes = data.classes.length;
  const indicesOf = (part: RunImage["part"]) =>
    Uint32Array.from(divided.flatMap((image, i) => (image.part === part ? [i] : [])));
  const learned = indicesOf("train");
  const validated = indicesOf("validation");
  const selection = packed.select(learned);
  const labelsAt = (indices: Uint32Array) => Array.from(indices, (index) => divided[index]!.label);
  const labels = labelsAt(learned);
  const validation = validated.length > 0 ? judging(validated) : undefined;
  const plan = engine.trainingPlan(graph, {
    batch: Math.min(resolved.batch, labels.length),
    precision: resolved.precision,
    optimizer: optimizerOf(settings),
    seed,
    ...lossOf(settings, labels, classes),
  });
  let lock: FolderLock | undefined;
  let begun: string | undefined;
  try {
    const run = await into.folder();
    const own = await lockRun(run, { onWait: warnWith(context) });
    lock = own;
    if (into.begin) {
      // Another training may have had it until now.
      await refuseUsedFolder(run);
      begun = run;
      await into.begin(run);
    }
    const file = join(run, runFiles.checkpoint);
    const owner = checkpointOwner(config, graph, { train: learned.length, validation: validated.length });
    const { progress, companions } = await restore(plan, file, owner);
    await repairRun(run, progress.history);
    const events = settings.tensorboard
      ? await openEventFile(run, Date.parse(config.started), progress.history)
      : undefined;
    onEvent?.({ kind: "begin", run, config, progress });

    const result = await trainNetwork({
      plan,
      images: { labels, read: (rows, out) => readSelection(selection, rows, out), selection },
      preparation: preparationOf(settings),
      imbalance: settings.imbalance,
      averaging: settings.averaging,
      patience: settings.patience,
      ...(validation && {
        validate: async (weights) => judgeLogits(await validation.logits(weights), validation.labels, classes),
      }),
      inputShape: graph.inputShape,
      classes,
      epochs,
      seed,
      schedule: settings.schedule,
      learningRate: resolved.learningRate,
      warmupEpochs: settings.warmupEpochs,
      progress,
      companions,
      checkpointSeconds: settings.checkpointSeconds,
      save: async (reached, beside) => {
        await own.check();
        const state = { parameters: await plan.parameters(), optimizer: await plan.optimizerState() };
        await writeCheckpoint(file, { ...state, progress: reached, ...beside }, owner);
      },
      onStep: (report) => onEvent?.({ kind: "step", epochs, ...report }),
      onEpoch: async (metrics) => {
        await own.check();
        await appendMetrics(run, metrics);
        await events?.add(metrics);
        onEvent?.({ kind: "epoch", epochs, metrics });
      },
      signal,
      stopwatch,
    });
    if (result.finished) {
      const { parameters } = result;
      const temperature = validation ? temperatureOf(await validation.logits(parameters), validation.labels) : 1;
      await own.check();
      await writeModel(run, config, { graph, parameters, temperature, images: divided });
    }
    return resultOf(run, config, result.finished, result.progress.history);
  } catch (error) {
    if (begun !== undefined && !(error instanceof RunError)) await discardBarrenRun(begun, lock!, error);
    throw error;
  } finally {
    await lock?.release();
    plan.dispose();
    validation?.plan.dispose();
  }

  /** A plan of its own for images that are not learned from. */
  function judging(indices: Uint32Array) {
    const own = packed.select(indices);
    const inference = engine.inferencePlan(graph, {
      batch: Math.min(resolved.batch, indices.length),
      precision: resolved.precision,
    });
    const images = {
      read: (rows: ArrayLike<number>, out: Uint8Array) => readSelection(own, rows, out),
      count: indices.length,
      imageBytes: packed.height * packed.width * 3,
      classes,
    };
    return {
      plan: inference,
      labels: labelsAt(indices),
      logits(weights: Tensors) {
        inference.setParameters(weights);
        return batchedLogits(inference, images);
      },
    };
  }

  function temperatureOf(logits: Float32Array, truth: readonly number[]): number {
    const { temperature, atLimit } = fitTemperature({
      logits,
      truth,
      groups: Array.from(validated, (index) => divided[index]!.group),
    });
    return atLimit ? 1 : temperature;
  }
}

async function restore(
  plan: TrainingPlan,
  file: string,
  owner: CheckpointOwner,
): Promise<{ readonly progress: Progress; readonly companions: Companions }> {
  const checkpoint = await readCheckpoint(file, owner);
  if (checkpoint === undefined) {
    plan.setParameters(initialParameters(owner.graph.parameters, Random.of(owner.seed)));
    return { progress: freshProgress, companions: {} };
  }
  plan.setParameters(checkpoint.parameters);
  plan.setOptimizerState(checkpoint.optimizer);
  const { progress, average, best } = checkpoint;
  return { progress, companions: { ...(average && { average }), ...(best && { best }) } };
}

function resultOf(
  run: string,
  { settings, resolved, data }: RunConfig,
  finished: boolean,
  history: readonly EpochMetrics[],
): TrainingResult {
  const last = history.at(-1);
  const sum = (key: "images" | "seconds") => history.reduce((total, metrics) => total + metrics[key], 0);
  const seconds = sum("seconds");
  return {
    run,
    finished,
    epochs: history.length,
    loss: last?.loss ?? null,
    accuracy: last?.accuracy ?? null,
    imagesPerSecond: seconds > 0 ? sum("images") / seconds : null,
    engine: resolved.engine,
    precision: resolved.precision,
    network: settings.network,
    parameters: resolved.parameters,
    origin: data.origin,
  };
}
