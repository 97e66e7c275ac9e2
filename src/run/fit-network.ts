/** Trains a network on some images and judges it on others, without a run folder: what cross-validation compares recipes by. */
import type { Engine } from "../engine/engine.ts";
import { imageSizeSetting } from "../image/image-size.ts";
import type { PackedImages } from "../image/store/packed-store.ts";
import { type Stopwatch, secondsSince, stopwatch } from "../stopwatch.ts";
import { selectionLoader } from "../training/background-loader.ts";
import { refuseNonFinite } from "../training/batched-logits.ts";
import { fit } from "../training/fit.ts";
import type { EpochMetrics } from "../training/progress.ts";
import type { Settings } from "../training/settings/schema.ts";
import type { StepReport } from "../training/train.ts";
import { graphOf, imagesAt } from "./run-preparation.ts";

export interface NetworkFitOptions {
  readonly engine: Engine;
  readonly packed: PackedImages;
  readonly classes: number;
  /** Indices into `packed.images`. */
  readonly learned: readonly number[];
  readonly judged: readonly number[];
  /** Those of data, validation, patience and files are not read. */
  readonly settings: Settings;
  /** Whether `judged` are judged after every epoch, for learning curves; default false. */
  readonly curves?: boolean;
  readonly onStep?: (report: StepReport) => void;
  readonly signal?: AbortSignal | undefined;
  readonly stopwatch?: Stopwatch | undefined;
}

export interface NetworkFit {
  /** Of each epoch; with validation figures where `curves` was asked for. */
  readonly history: readonly EpochMetrics[];
  /** Of `judged` after the last epoch, (judged, classes): no epoch is chosen by looking at them. */
  readonly logits: Float32Array;
  readonly seconds: number;
}

/** Trains for `settings.epochs` and judges. Throws the signal's reason where it aborts, TrainingError, EngineError, NetworkError. */
export async function fitNetwork(options: NetworkFitOptions): Promise<NetworkFit> {
  const { engine, packed, classes, settings, curves = false, onStep, signal, stopwatch: now = stopwatch } = options;
  const begun = now();
  const label = (index: number) => packed.images[index]!.label;
  const learned = imagesAt(packed, options.learned, label);
  const { progress, logits } = await fit({
    engine,
    graph: graphOf({ ...settings, imageSize: imageSizeSetting([packed.height, packed.width]) }, classes),
    settings,
    images: learned,
    openLoader: selectionLoader(learned.selection),
    validation: { ...imagesAt(packed, options.judged, label), use: curves ? "watch" : "end" },
    ...(onStep && { onStep }),
    signal,
    stopwatch: now,
  });
  signal?.throwIfAborted();
  refuseNonFinite(logits!);
  return { history: progress.history, logits: logits!, seconds: secondsSince(begun, now) };
}
