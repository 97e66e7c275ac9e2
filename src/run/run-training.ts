/** A training with its run folder: lock, checkpoints, metrics and, when it has ended, the model. */

import { join } from "node:path";
import type { Dataset } from "../dataset/dataset.ts";
import type { FolderLock } from "../disk/folder-lock.ts";
import { RunError } from "../errors.ts";
import { fitTemperature } from "../evaluation/calibration/temperature.ts";
import { networkName } from "../network/network-source.ts";
import { selectionLoader } from "../training/background-loader.ts";
import { readCheckpoint, writeCheckpoint } from "../training/checkpoint.ts";
import { fit } from "../training/fit.ts";
import type { EpochMetrics } from "../training/progress.ts";
import { freshProgress } from "../training/train.ts";
import type { TrainingContext } from "./callback.ts";
import { checkpointOwner } from "./folder/checkpoint-owner.ts";
import { readInitialWeights } from "./folder/initial-weights.ts";
import { writeModel } from "./folder/model-file.ts";
import type { Prepared, RunConfig } from "./folder/run-config.ts";
import { appendMetrics, discardBarrenRun, refuseUsedFolder, repairRun, runFiles } from "./folder/run-folder.ts";
import type { RunImage } from "./folder/run-images.ts";
import { lockRun } from "./folder/run-lock.ts";
import { type EventWriter, openEventFile } from "./folder/tensorboard.ts";
import { warnWith } from "./run-events.ts";
import { imagesAt } from "./run-preparation.ts";

/** What training came to. */
export interface TrainingResult {
  /** The run's folder. */
  readonly run: string;
  /** False where `signal` stopped the run; `resume` goes on with it. */
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

/** Where a run's folder comes from. */
export interface RunPlace {
  readonly folder: () => Promise<string>;
  /** Writes what a new run begins with, once the folder is this process's alone; where the run fails, it is discarded. */
  readonly begin?: (run: string) => Promise<void>;
}

/** Trains in a run's folder, from its checkpoint where it has one, and leaves the model there when training has ended. */
export async function runTraining(
  into: RunPlace,
  config: RunConfig,
  { graph, engine, packed, images: divided }: Prepared,
  context: TrainingContext,
): Promise<TrainingResult> {
  const { onEvent, signal, stopwatch, callback, schedule, loss, metrics } = context;
  const { settings, resolved } = config;
  const { epochs } = settings;
  const part = (wanted: RunImage["part"]) => {
    const indices = Uint32Array.from(divided.flatMap((image, i) => (image.part === wanted ? [i] : [])));
    return { indices, ...imagesAt(packed, indices, (index) => divided[index]!.label) };
  };
  const learned = part("train");
  const validated = part("validation");
  let lock: FolderLock | undefined;
  let begun: string | undefined;
  let run = "";
  let events: EventWriter | undefined;
  const owner = checkpointOwner(config, graph, { train: learned.labels.length, validation: validated.labels.length });
  const checkpoint = () => join(run, runFiles.checkpoint);
  try {
    const fitted = await fit({
      engine,
      graph,
      settings,
      resolved: { ...resolved, batch: Math.min(resolved.batch, learned.labels.length) },
      images: learned,
      openLoader: selectionLoader(learned.selection),
      validation:
        validated.labels.length > 0 ? { ...validated, use: settings.keep === "last" ? "watch" : "choose" } : undefined,
      schedule,
      loss,
      metrics,
      classes: config.data.classes,
      restore: async () => {
        run = await into.folder();
        lock = await lockRun(run, { onWait: warnWith(context) });
        if (into.begin) {
          // Another training may have had it until now.
          await refuseUsedFolder(run);
          begun = run;
          await into.begin(run);
        }
        const state = await readCheckpoint(checkpoint(), owner);
        const progress = state?.progress ?? freshProgress;
        await repairRun(run, progress.history);
        if (settings.tensorboard) events = await openEventFile(run, Date.parse(config.started), progress.history);
        onEvent?.({ kind: "begin", run, config, progress });
        await callback?.settled();
        return state;
      },
      initial: config.from && (() => readInitialWeights(run, config.from!)),
      save: async (state) => {
        await lock!.check();
        await writeCheckpoint(checkpoint(), state, owner);
      },
      onStep: (report) => {
        onEvent?.({ kind: "step", epochs, ...report });
        return callback?.settled();
      },
      endsAfter: async (figures) => {
        callback?.tell({ kind: "epoch", epochs, metrics: figures });
        await callback?.settled();
        return callback?.isStopped ?? false;
      },
      onEpoch: async (figures) => {
        await lock!.check();
        await appendMetrics(run, figures);
        await events?.add(figures);
        onEvent?.({ kind: "epoch", epochs, metrics: figures });
      },
      signal,
      stopwatch,
    });
    if (fitted.finished) {
      const { parameters, logits } = fitted;
      const groups = Array.from(validated.indices, (index) => divided[index]!.group);
      const temperature = logits ? temperatureOf({ logits, truth: validated.labels, groups }) : 1;
      await lock!.check();
      await writeModel(run, config, { graph, parameters, temperature, images: divided });
    }
    return resultOf(run, config, fitted.finished, fitted.progress.history);
  } catch (error) {
    if (begun !== undefined && !(error instanceof RunError)) await discardBarrenRun(begun, lock!, error);
    throw error;
  } finally {
    await lock?.release();
  }
}

/** 1 where the validation images fit none. */
function temperatureOf(judged: Parameters<typeof fitTemperature>[0]): number {
  const { temperature, atLimit } = fitTemperature(judged);
  return atLimit ? 1 : temperature;
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
    network: networkName(settings.network),
    parameters: resolved.parameters,
    origin: data.origin,
  };
}
