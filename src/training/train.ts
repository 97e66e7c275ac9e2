/** The training loop: shuffle, read a batch, gradients, update; it can stop after any step and go on from there. */

import type { TrainingPlan } from "../engine/engine.ts";
import { TrainingError } from "../errors.ts";
import { lessWork, needingMemory } from "../memory.ts";
import type { Shape } from "../network/shape.ts";
import { type Stopwatch, secondsSince, stopwatch } from "../stopwatch.ts";
import type { Tensors } from "../tensor.ts";
import { type BatchLoader, directLoader, type OpenLoader, type ReadImages } from "./batch-loader.ts";
import { type BatchJob, type BatchPreparation, plainPreparation } from "./batches.ts";
import { epochOrder, type ImbalanceName } from "./imbalance.ts";
import { nextTurn } from "./next-turn.ts";
import { type EpochMetrics, isEnded, isExhausted, type Progress } from "./progress.ts";
import { learningRateAt, type ScheduleFunction, type ScheduleName, type ScheduleNumbers } from "./schedule.ts";
import type { Companions } from "./training-state.ts";
import {
  epochsBeforeAverage,
  movingAverage,
  type StochasticAverageOptions,
  stochasticAverage,
  type WeightAverage,
} from "./weight-average.ts";

/** The training images. */
export interface TrainingImages {
  /** One label per image, in [0, classes). */
  readonly labels: ArrayLike<number>;
  /** Rows count as in `labels`. */
  readonly read: ReadImages;
}

/** Where the loop stands after a step. */
export interface StepReport {
  /** The epoch under way, counted from 1. */
  readonly epoch: number;
  /** Finished steps of this epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Means over the epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
}

/** All that a training needs. */
export interface TrainingOptions {
  readonly plan: TrainingPlan;
  readonly images: TrainingImages;
  /** Default: images as they are, without augmentation and mixing. */
  readonly preparation?: BatchPreparation;
  /** Makes the loader of the batches; by default each is made when its step begins, from `images.read`. */
  readonly openLoader?: OpenLoader | undefined;
  /** [channels, height, width] of the network's input. */
  readonly inputShape: Shape;
  readonly classes: number;
  readonly epochs: number;
  readonly seed: number;
  readonly schedule: ScheduleName | ScheduleFunction;
  /** Of the schedule; default its usual ones. */
  readonly scheduleNumbers?: ScheduleNumbers;
  /** The highest learning rate. */
  readonly learningRate: number;
  readonly warmupEpochs: number;
  /** Where to begin; the plan holds the parameters and the optimizer's state that belong to it. */
  readonly progress: Progress;
  readonly checkpointSeconds: number;
  /** Whether the plan's loss is a function of the caller's, which is then named where it gives no number; default false. */
  readonly ownLoss?: boolean;
  /** Which images make an epoch; default `none`, each once. The loss is the plan's. */
  readonly imbalance?: ImbalanceName;
  /** Decay per step of the moving average of the weights, which is then what is judged and kept; 0, the default, for none. */
  readonly averaging?: number;
  /**
   * The part of the epochs after which the mean of the weights at the ends of epochs is what is judged and kept (stochastic weight averaging); 0,
   * the default, for none. Not together with `averaging`.
   */
  readonly swa?: number;
  /** Whether the network has batch normalisation that is trained, whose statistics `swa` measures anew; default true. */
  readonly batchStatistics?: boolean;
  /** The radius of sharpness-aware minimization, for which each step computes gradients twice; 0, the default, for none. */
  readonly sam?: number;
  /** Evaluates weights on held-out images, after each epoch, which is counted from 1. */
  readonly validate?: (parameters: Tensors, epoch: number) => Promise<ValidationFigures>;
  /** Whether the weights of the lowest validation loss are kept, default true; otherwise the last ones. */
  readonly keepBest?: boolean;
  /** Epochs without a lower validation loss after which training ends; 0, the default, for all epochs. */
  readonly patience?: number;
  /** What belongs to `progress` besides the plan's own state. */
  readonly companions?: Companions;
  /** Keeps the plan's state together with the progress. Called after each epoch, every so often, and on `signal`. */
  readonly save: (progress: Progress, companions: Companions) => Promise<void>;
  /** Called after each step; where it gives a promise, the training waits for it. */
  readonly onStep?: (report: StepReport) => unknown;
  /** Asked after each epoch, before its state is saved: whether the training ends here, which the saved history tells. */
  readonly endsAfter?: (metrics: EpochMetrics) => Promise<boolean>;
  /** Called after each epoch, once its state is saved; the training waits for it. */
  readonly onEpoch?: (metrics: EpochMetrics) => Promise<void>;
  /** Stops the loop after the step under way. */
  readonly signal?: AbortSignal | undefined;
  /** Default {@link stopwatch}. */
  readonly stopwatch?: Stopwatch | undefined;
}

/** How weights do on held-out images. */
export interface ValidationFigures {
  /** Mean cross-entropy, or what a loss function of one's own gives for all images together. */
  readonly loss: number;
  readonly accuracy: number;
  /** Metrics of one's own, where there are any. */
  readonly metrics?: Readonly<Record<string, number | null>>;
}

/** What a training ended with. */
export interface TrainedNetwork {
  readonly progress: Progress;
  /** Whether training came to its end, which may be before the last epoch where `patience` or `endsAfter` is given. */
  readonly finished: boolean;
  /** The weights to keep: those of the lowest validation loss, else their average, else the last. */
  readonly parameters: Tensors;
}

const emptyTally = { loss: 0, correct: 0, seconds: 0 };

/** The beginning of a training. */
export const freshProgress: Progress = { epoch: 0, step: 0, tally: emptyTally, history: [] };

const indexOfLargest = (values: Float32Array, start: number, end: number): number => {
  let best = start;
  for (let i = start + 1; i < end; i++) if (values[i]! > values[best]!) best = i;
  return best;
};

/** Rows whose highest logit stands where the highest target does: of a mixture, the class of its greater part. */
function countCorrect(logits: Float32Array, targets: Float32Array, classes: number): number {
  let correct = 0;
  for (let start = 0; start < logits.length; start += classes) {
    const end = start + classes;
    if (indexOfLargest(logits, start, end) === indexOfLargest(targets, start, end)) correct++;
  }
  return correct;
}

/** The batches from a position to the end. The order of an epoch's images is a function of (labels, strategy, seed, epoch). */
function* batchJobs(
  { plan, images, seed, imbalance = "none" }: TrainingOptions,
  from: Pick<Progress, "epoch" | "step">,
  epochs: number,
): Generator<BatchJob, void> {
  const { batch } = plan;
  const count = images.labels.length;
  for (let { epoch, step } = from; epoch < epochs; epoch++, step = 0) {
    const order = epochOrder(imbalance, images.labels, seed, epoch);
    for (; (step + 1) * batch <= count; step++) {
      const indices = order.slice(step * batch, (step + 1) * batch);
      yield { epoch, step, indices, labels: indices.map((index) => images.labels[index]!) };
    }
  }
}

/** Of the batches from a position to the end of so many epochs. */
function loaderOf(options: TrainingOptions, from: Pick<Progress, "epoch" | "step">, epochs: number): BatchLoader {
  const { images, classes, inputShape, seed, preparation = plainPreparation } = options;
  const { openLoader = (common) => directLoader({ ...common, read: images.read }) } = options;
  const [, height, width] = inputShape as [number, number, number];
  const common = {
    recipe: { height, width, classes, seed, ...preparation },
    batch: options.plan.batch,
    jobs: batchJobs(options, from, epochs),
  };
  return needingMemory(`making batches of ${options.plan.batch} images`, lessWork, () =>
    openLoader(common, (epochs - from.epoch) * images.labels.length),
  );
}

/** The average that is judged and kept, if any. */
async function averageOf(options: TrainingOptions): Promise<WeightAverage | undefined> {
  const { plan, averaging, swa, epochs, batchStatistics = true, companions } = options;
  const start = companions?.average;
  if (averaging) return movingAverage(plan, averaging, start ?? (await plan.parameters()));
  if (!swa) return undefined;
  const eachBatch: StochasticAverageOptions["eachBatch"] = async (epoch, visit) => {
    const loader = loaderOf(options, { epoch, step: 0 }, epoch + 1);
    try {
      const batches = Math.floor(options.images.labels.length / plan.batch);
      for (let batch = 0; batch < batches; batch++) await visit((await loader.next()).input, batch);
    } finally {
      await loader.close();
    }
  };
  const begin = epochsBeforeAverage(swa, epochs);
  return stochasticAverage({ plan, begin, start, eachBatch: batchStatistics ? eachBatch : undefined });
}

/**
 * Trains until the last epoch or until `signal`. The incomplete last batch of an epoch is dropped, as the plan's batch is
 * fixed. The same options, parameters and optimizer state give the same weights, however often the loop was stopped and
 * begun again from what `save` kept.
 *
 * Throws {@link TrainingError} where a loss, a weight or the optimizer's state is no finite number, before anything of it is saved.
 */
export async function trainNetwork(options: TrainingOptions): Promise<TrainedNetwork> {
  const count = options.images.labels.length;
  const { batch } = options.plan;
  if (count < batch) throw new TrainingError(`expected at least one batch of ${batch} images, got ${count} images`);
  const { mixup, cutmix } = (options.preparation ?? plainPreparation).mixing;
  if (batch === 1 && (mixup > 0 || cutmix > 0)) {
    throw new TrainingError(
      "mixup and CutMix mix the images of a batch, and a batch of 1 has none to mix; take a larger batch, or leave them out",
    );
  }
  const loader = loaderOf(options, options.progress, options.epochs);
  try {
    return await runSteps(options, loader, Math.floor(count / batch));
  } finally {
    await loader.close();
  }
}

async function runSteps(options: TrainingOptions, loader: BatchLoader, stepsPerEpoch: number): Promise<TrainedNetwork> {
  const {
    plan,
    classes,
    epochs,
    validate,
    keepBest = true,
    patience = 0,
    onStep,
    endsAfter,
    onEpoch,
    ownLoss = false,
    sam = 0,
    signal,
    stopwatch: now = stopwatch,
  } = options;
  const { batch } = plan;
  const schedule = {
    ...options.scheduleNumbers,
    schedule: options.schedule,
    peak: options.learningRate,
    warmupSteps: options.warmupEpochs * stepsPerEpoch,
    totalSteps: epochs * stepsPerEpoch,
    stepsPerEpoch,
  };
  let { epoch, step, tally, history, best } = options.progress;
  let kept = options.companions?.best;
  const average = await averageOf(options);
  let saved = now();
  const progressHere = (): Progress => ({ epoch, step, tally, history, ...(best && { best }) });
  const save = async (progress: Progress) => {
    const tensors = await average?.tensors();
    await options.save(progress, { ...(tensors && { average: tensors }), ...(kept && { best: kept }) });
  };
  const averaged = async (): Promise<Tensors> => (await average?.tensors()) ?? (await plan.parameters());
  const leftRange = "the weights or the optimizer's state left the range of numbers";

  for (; epoch < epochs && !isExhausted(best, epoch, patience) && !isEnded(history); epoch++) {
    let learningRate = 0;
    const losses = history.flatMap(({ validationLoss }) => (validationLoss === undefined ? [] : [validationLoss]));

    while (step < stepsPerEpoch) {
      if (signal?.aborted) {
        const progress = progressHere();
        await save(progress);
        return { progress, finished: false, parameters: kept ?? (await averaged()) };
      }
      const begun = now();
      const { input, targets } = await loader.next();
      const { loss, logits } = await plan.computeGradients(input, targets);
      learningRate = learningRateAt(epoch * stepsPerEpoch + step, schedule, losses);
      if (!Number.isFinite(loss)) throw nonFinite(`the loss became ${loss}`, epoch, step, schedule.peak, ownLoss);
      const correct = countCorrect(logits, targets, classes);
      if (sam > 0) {
        // Foret et al. 2021: the gradients count where the loss is highest near by.
        const isDefined = await plan.perturb(sam);
        await plan.computeGradients(input, targets);
        plan.restore();
        if (!isDefined) throw nonFinite(leftRange, epoch, step, schedule.peak, ownLoss);
      }
      if (!(await plan.update(learningRate))) throw nonFinite(leftRange, epoch, step, schedule.peak, ownLoss);
      step++;
      await average?.follow({ epoch, step, stepsPerEpoch });
      tally = {
        loss: tally.loss + loss,
        correct: tally.correct + correct,
        seconds: tally.seconds + secondsSince(begun, now),
      };
      await onStep?.({ epoch: epoch + 1, step, stepsPerEpoch, ...means(tally, step, batch) });
      if (step < stepsPerEpoch && secondsSince(saved, now) >= options.checkpointSeconds) {
        await save(progressHere());
        saved = now();
      }
      await nextTurn(); // Lets signals such as Ctrl-C through.
    }

    const judged = await validate?.(await averaged(), epoch + 1);
    if (judged && !Number.isFinite(judged.loss)) {
      throw nonFinite(`the validation loss became ${judged.loss}`, epoch, step - 1, schedule.peak, ownLoss);
    }
    let metrics: EpochMetrics = {
      epoch: epoch + 1,
      learningRate,
      images: step * batch,
      seconds: tally.seconds,
      ...means(tally, step, batch),
      ...(judged && { validationLoss: judged.loss, validationAccuracy: judged.accuracy }),
      ...(judged?.metrics && { metrics: judged.metrics }),
    };
    if (await endsAfter?.(metrics)) metrics = { ...metrics, ended: true };
    if (judged && keepBest && (best === undefined || judged.loss < best.loss)) {
      best = { epoch: epoch + 1, loss: judged.loss };
      kept = copyOf(await averaged());
    }
    history = [...history, metrics];
    step = 0;
    tally = emptyTally;
    await save({ ...progressHere(), epoch: epoch + 1 });
    saved = now();
    await onEpoch?.(metrics);
  }
  return { progress: progressHere(), finished: true, parameters: kept ?? (await averaged()) };
}

const copyOf = (tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));

const means = (tally: Progress["tally"], steps: number, batch: number) => ({
  loss: tally.loss / steps,
  accuracy: tally.correct / (steps * batch),
  imagesPerSecond: tally.seconds > 0 ? (steps * batch) / tally.seconds : 0,
});

/** The failure of a training whose numbers left the finite range; epoch and step count from 0. */
const nonFinite = (what: string, epoch: number, step: number, learningRate: number, ownLoss: boolean): TrainingError =>
  new TrainingError(
    `${what} in epoch ${epoch + 1}, step ${step + 1}; ${ownLoss ? "check the loss function, or " : ""}train again with a lower learning rate ` +
      `(it was ${learningRate}, try ${Number((learningRate / 10).toPrecision(1))})`,
  );
