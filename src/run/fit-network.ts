/** Trains a network on some images and judges it on others, without a run folder: what cross-validation compares recipes by. */
import type { Engine } from "../engine/engine.ts";
import { precisionOn } from "../engine/precision.ts";
import type { PackedImages } from "../image/store/packed-store.ts";
import { readSelection } from "../image/store/pixel-file.ts";
import { buildGraph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import { type Stopwatch, secondsSince, stopwatch } from "../stopwatch.ts";
import { batchedLogits, judgeLogits, refuseNonFinite } from "../training/batched-logits.ts";
import type { EpochMetrics } from "../training/progress.ts";
import { learningRateOf, lossOf, networkOf, optimizerOf, preparationOf } from "../training/settings/resolve.ts";
import type { Settings } from "../training/settings/schema.ts";
import { freshProgress, type StepReport, trainNetwork } from "../training/train.ts";

export interface FitOptions {
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

export interface Fit {
  /** Of each epoch; with validation figures where `curves` was asked for. */
  readonly history: readonly EpochMetrics[];
  /** Of `judged` after the last epoch, (judged, classes): no epoch is chosen by looking at them. */
  readonly logits: Float32Array;
  readonly seconds: number;
}

/** Trains for `settings.epochs` and judges. Throws the signal's reason where it aborts, TrainingError, EngineError, NetworkError. */
export async function fitNetwork(options: FitOptions): Promise<Fit> {
  const { engine, packed, classes, settings, curves = false, onStep, signal, stopwatch: now = stopwatch } = options;
  const graph = buildGraph(networkOf(settings, { classes, imageSize: packed.height }));
  const begun = now();
  const selection = packed.select(options.learned);
  const labelsAt = (indices: readonly number[]) => indices.map((index) => packed.images[index]!.label);
  const labels = labelsAt(options.learned);
  const precision = precisionOn(engine.description, settings.precision);
  const plan = engine.trainingPlan(graph, {
    batch: Math.min(settings.batch, labels.length),
    precision,
    optimizer: optimizerOf(settings),
    seed: settings.seed,
    ...lossOf(settings, labels, classes),
  });
  const judging = engine.inferencePlan(graph, {
    batch: Math.max(1, Math.min(settings.batch, options.judged.length)),
    precision,
  });
  try {
    plan.setParameters(initialParameters(graph.parameters, Random.of(settings.seed)));
    const judgedSelection = packed.select(options.judged);
    const truth = labelsAt(options.judged);
    const judgedImages = {
      read: (rows: ArrayLike<number>, out: Uint8Array) => readSelection(judgedSelection, rows, out),
      count: truth.length,
      imageBytes: packed.height * packed.width * 3,
      classes,
    };
    const logitsOf = (weights: Parameters<typeof judging.setParameters>[0]): Promise<Float32Array> => {
      judging.setParameters(weights);
      return batchedLogits(judging, judgedImages);
    };
    const history: EpochMetrics[] = [];
    const result = await trainNetwork({
      plan,
      images: { labels, read: (rows, out) => readSelection(selection, rows, out), selection },
      preparation: preparationOf(settings),
      imbalance: settings.imbalance,
      averaging: settings.averaging,
      inputShape: graph.inputShape,
      classes,
      epochs: settings.epochs,
      seed: settings.seed,
      schedule: settings.schedule,
      learningRate: learningRateOf(settings),
      warmupEpochs: settings.warmupEpochs,
      progress: freshProgress,
      checkpointSeconds: Number.POSITIVE_INFINITY,
      save: async () => {},
      ...(curves && {
        validate: async (weights) => judgeLogits(await logitsOf(weights), truth, classes),
        keepBest: false,
      }),
      onEpoch: async (metrics) => void history.push(metrics),
      ...(onStep && { onStep }),
      signal,
      stopwatch: now,
    });
    signal?.throwIfAborted();
    const logits = await logitsOf(result.parameters);
    refuseNonFinite(logits);
    return { history, logits, seconds: secondsSince(begun, now) };
  } finally {
    plan.dispose();
    judging.dispose();
  }
}
