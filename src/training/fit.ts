/** Wires settings to a training: plans, loop and validation. Where images come from and what is kept and shown are arguments. */

import { batchLoss } from "../engine/batch-loss.ts";
import type { Engine, Precision, TrainingPlan } from "../engine/engine.ts";
import { type LossFunction, softmax } from "../engine/loss.ts";
import { precisionOn } from "../engine/precision.ts";
import type { Graph } from "../network/graph.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import type { Stopwatch } from "../stopwatch.ts";
import { elements, type Tensors } from "../tensor.ts";
import type { OpenLoader } from "./batch-loader.ts";
import { batchedLogits, judgeLogits } from "./batched-logits.ts";
import { type OwnFunctions, refuseContradictions } from "./own-functions.ts";
import { computeMetrics } from "./own-metrics.ts";
import type { EpochMetrics } from "./progress.ts";
import { learningRateOf, loopOptionsOf, lossOf, optimizerOf, preparationOf } from "./settings/resolve.ts";
import type { Settings } from "./settings/schema.ts";
import {
  freshProgress,
  type StepReport,
  type TrainedNetwork,
  type TrainingImages,
  type TrainingOptions,
  trainNetwork,
  type ValidationFigures,
} from "./train.ts";
import type { TrainingState } from "./training-state.ts";

/** What settings come to on an engine and some training images. */
export interface ResolvedSettings {
  readonly batch: number;
  readonly precision: Precision;
  /** The highest. */
  readonly learningRate: number;
}

/** Throws EngineError where the engine has not the precision that the settings say. */
export const resolvedSettings = ({ description }: Engine, settings: Settings, count: number): ResolvedSettings => ({
  batch: Math.min(settings.batch, count),
  precision: precisionOn(description, settings.precision),
  learningRate: learningRateOf(settings),
});

/** Held-out images. */
export interface ValidationImages extends TrainingImages {
  /**
   * - `choose`: they are judged after every epoch, the weights of their lowest loss are kept, and the settings' patience counts.
   * - `watch`: they are judged after every epoch, and nothing is chosen by it.
   * - `end`: they are judged once.
   */
  readonly use: "choose" | "watch" | "end";
}

/** What a training is made of: an engine, a network, settings and images, functions of one's own, and who hears of its steps. */
export interface FitOptions extends OwnFunctions {
  readonly engine: Engine;
  readonly graph: Graph;
  /** Those of data, validation, time and files are not read. */
  readonly settings: Settings;
  /** What the settings that may be left out come to on this engine; by default it is found out. */
  readonly resolved?: ResolvedSettings;
  readonly images: TrainingImages;
  readonly openLoader?: OpenLoader | undefined;
  readonly validation?: ValidationImages | undefined;
  /** Where to go on from, asked for once the plans are made; undefined, the default, for the beginning. */
  readonly restore?: () => Promise<TrainingState | undefined>;
  /** The weights to begin with, asked for where there is no state to go on from; by default they are drawn by the seed. */
  readonly initial?: (() => Promise<Tensors>) | undefined;
  /** Keeps the state. Called after each epoch, as often as the settings say, and on `signal`. */
  readonly save?: (state: TrainingState) => Promise<void>;
  /** The names of the classes, which metrics are given; by default their numbers. */
  readonly classes?: readonly string[];
  /** Called after each step; where it gives a promise, the training waits for it. */
  readonly onStep?: (report: StepReport) => unknown;
  /** Asked after each epoch, before its state is saved: whether the training ends here, which the saved history tells. */
  readonly endsAfter?: (metrics: EpochMetrics) => Promise<boolean>;
  /** Called after each epoch, once its state is saved; the training waits for it. */
  readonly onEpoch?: (metrics: EpochMetrics) => Promise<void>;
  /** Stops after the step under way. */
  readonly signal?: AbortSignal | undefined;
  readonly stopwatch?: Stopwatch | undefined;
}

/** What a training came to. */
export interface Fitted extends TrainedNetwork {
  /** Of the validation images by the weights to keep, (images, classes); undefined where there are none, or training has not ended. */
  readonly logits: Float32Array | undefined;
}

/**
 * Trains a network as the settings say. The same settings, images and engine give the same weights, however often it was stopped and
 * went on. Throws SettingsError where settings and functions contradict each other, TrainingError, EngineError, MemoryError; what hooks
 * and functions throw.
 */
export async function fit(options: FitOptions): Promise<Fitted> {
  const { engine, graph, settings, images, validation, loss } = options;
  refuseContradictions(options, settings, validation !== undefined && validation.use !== "end");
  const resolved = options.resolved ?? resolvedSettings(engine, settings, images.labels.length);
  const plan = engine.trainingPlan(graph, {
    batch: resolved.batch,
    precision: resolved.precision,
    optimizer: optimizerOf(settings),
    seed: settings.seed,
    ...(settings.sam > 0 && { sharpnessAware: true }),
    ...(loss ? { loss } : lossOf(settings, images.labels, graph.classes)),
  });
  try {
    if (validation === undefined) return { ...(await trainPlan(plan, resolved, options)), logits: undefined };
    return await withLogits(engine, graph, validation, resolved, async (logitsOf) => {
      const validate = async (weights: Tensors, epoch: number) =>
        judgeValidation(await logitsOf(weights), validation.labels, epoch, options);
      const trained = await trainPlan(plan, resolved, options, validation.use === "end" ? undefined : validate);
      return { ...trained, logits: trained.finished ? await logitsOf(trained.parameters) : undefined };
    });
  } finally {
    plan.dispose();
  }
}

/** Loss, accuracy and metrics of one's own, from logits (images, classes). */
function judgeValidation(
  logits: Float32Array,
  truth: ArrayLike<number>,
  epoch: number,
  { graph, loss, metrics, classes = Array.from({ length: graph.classes }, (_, label) => String(label)) }: FitOptions,
): ValidationFigures {
  const figures = judgeLogits(logits, truth, graph.classes);
  const probabilities = softmax(logits, graph.classes, new Float32Array(logits.length));
  return {
    ...figures,
    ...(loss && { loss: lossOn(logits, truth, graph.classes, loss) }),
    ...(metrics && { metrics: computeMetrics(metrics, { classes, truth, probabilities, logits }, epoch) }),
  };
}

/** Of all images as one batch, their classes for certain. */
function lossOn(logits: Float32Array, truth: ArrayLike<number>, classes: number, loss: LossFunction): number {
  const targets = new Float32Array(logits.length);
  for (let image = 0; image < truth.length; image++) targets[image * classes + truth[image]!] = 1;
  return batchLoss(logits, targets, classes, { loss }, new Float32Array(logits.length));
}

async function trainPlan(
  plan: TrainingPlan,
  { learningRate }: ResolvedSettings,
  { graph, settings, images, validation, save, ...options }: FitOptions,
  validate?: NonNullable<TrainingOptions["validate"]>,
): Promise<TrainedNetwork> {
  const state = await options.restore?.();
  const initial = async () =>
    (await options.initial?.()) ?? initialParameters(graph.parameters, Random.of(settings.seed));
  plan.setParameters(state?.parameters ?? (await initial()));
  if (state) plan.setOptimizerState(state.optimizer);
  return trainNetwork({
    plan,
    images,
    openLoader: options.openLoader,
    preparation: preparationOf(settings),
    ...loopOptionsOf(settings),
    ...(options.schedule && { schedule: options.schedule }),
    ...(options.loss && { ownLoss: true }),
    ...(validate && { validate }),
    keepBest: validation?.use === "choose",
    inputShape: graph.inputShape,
    classes: graph.classes,
    batchStatistics: graph.nodes.some(({ operation, frozen }) => operation.kind === "batchNorm" && !frozen),
    learningRate,
    progress: state?.progress ?? freshProgress,
    ...(state && { companions: state }),
    checkpointSeconds: save ? settings.checkpointSeconds : Number.POSITIVE_INFINITY,
    save: async (progress, companions) => {
      await save?.({
        parameters: await plan.parameters(),
        optimizer: await plan.optimizerState(),
        progress,
        ...companions,
      });
    },
    ...(options.onStep && { onStep: options.onStep }),
    ...(options.endsAfter && { endsAfter: options.endsAfter }),
    ...(options.onEpoch && { onEpoch: options.onEpoch }),
    signal: options.signal,
    stopwatch: options.stopwatch,
  });
}

/** Does work that needs logits of images, (images, classes), by any weights. */
async function withLogits<T>(
  engine: Engine,
  graph: Graph,
  { read, labels }: ValidationImages,
  { batch, precision }: ResolvedSettings,
  work: (logitsOf: (weights: Tensors) => Promise<Float32Array>) => Promise<T>,
): Promise<T> {
  const count = labels.length;
  const plan = engine.inferencePlan(graph, { batch: Math.max(1, Math.min(batch, count)), precision });
  try {
    return await work((weights) => {
      plan.setParameters(weights);
      return batchedLogits(plan, { read, count, imageBytes: elements(graph.inputShape), classes: graph.classes });
    });
  } finally {
    plan.dispose();
  }
}
