/** How far a training has come: what is recorded of its epochs and of its position, and what must agree in it. */
import { z } from "zod";
import { metricName } from "./own-metrics.ts";

const proportion = () => z.number().min(0).max(1);

/** What is recorded of an epoch. */
export const metricsSchema = z.strictObject({
  epoch: z.int().min(1).describe("Counted from 1"),
  loss: z.number().describe("Mean over the epoch's steps, each before its update"),
  accuracy: proportion().describe("Part of the images that were classified right, in training mode"),
  learningRate: z.number().min(0).describe("Of the epoch's last step"),
  images: z.int().min(1).describe("Images trained on in the epoch"),
  seconds: z.number().min(0).describe("Time of the epoch's steps, reading images included, writing checkpoints not"),
  imagesPerSecond: z.number().min(0),
  validationLoss: z
    .number()
    .optional()
    .describe("On the validation images after the epoch: the mean cross-entropy, or the loss function of the program"),
  validationAccuracy: proportion().optional(),
  metrics: z
    .record(z.string().regex(metricName), z.number().nullable())
    .optional()
    .describe("The program's own metrics on the validation images; null where one has no value"),
  ended: z.literal(true).optional().describe("The program's callback ended the training after this epoch"),
});

/** What is recorded of an epoch: one line of `metrics.jsonl`. */
export type EpochMetrics = z.output<typeof metricsSchema>;

/** Where a training stands, as a checkpoint keeps it. */
export const progressSchema = z.strictObject({
  /** Finished epochs. */
  epoch: z.int().min(0),
  /** Finished steps of the epoch under way. */
  step: z.int().min(0),
  /** Sums over the finished steps of the epoch under way. */
  tally: z.strictObject({ loss: z.number(), correct: z.int().min(0), seconds: z.number().min(0) }),
  /** The finished epochs. */
  history: z.array(metricsSchema),
  /** The epoch, counted from 1, after which the validation loss was lowest; where there is validation. */
  best: z.strictObject({ epoch: z.int().min(1), loss: z.number() }).optional(),
});

/**
 * How far a training is. Shuffles are a function of (seed, epoch) and dropout of (seed, update), so that the seed and
 * this position are the whole state of the random numbers.
 */
export type Progress = z.output<typeof progressSchema>;

/** What bounds the progress of a training. */
export interface TrainingCourse {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Images per step. */
  readonly batch: number;
  /** Whether weights are judged after each epoch, and the best are kept. */
  readonly validated: boolean;
  /** Whether the last are kept all the same; default false. */
  readonly keepsLast?: boolean;
  /** Finished epochs after which there is an average of the weights: 0 where it moves with the steps; undefined where there is none. */
  readonly averagedFrom: number | undefined;
  /** The names of the program's own metrics; default none. */
  readonly metrics?: readonly string[];
}

/** The epoch of the lowest validation loss, of equals the first; undefined where none is validated. */
export function bestEpoch(history: readonly EpochMetrics[]): Progress["best"] {
  let best: Progress["best"];
  for (const { epoch, validationLoss: loss } of history) {
    if (loss !== undefined && (best === undefined || loss < best.loss)) best = { epoch, loss };
  }
  return best;
}

/** Whether validation has not become better for so long that training ends; never with a patience of 0. */
export const isExhausted = (best: Progress["best"], epoch: number, patience: number): boolean =>
  patience > 0 && best !== undefined && epoch - best.epoch >= patience;

/** Whether a callback ended the training after the last of these epochs. */
export const isEnded = (history: readonly EpochMetrics[]): boolean => history.at(-1)?.ended === true;

const sortedNames = (names: readonly string[]): string => [...names].sort().join("\n");

/** What does not agree in the progress of a training after so many updates of the weights; undefined where all does. */
export function progressFault(
  { epoch, step, tally, history, best }: Progress,
  updates: number,
  { epochs, stepsPerEpoch, batch, validated, keepsLast = false, metrics: ownMetrics = [] }: TrainingCourse,
): string | undefined {
  if (epoch > epochs) return `it is after epoch ${epoch} of ${epochs}`;
  if (step >= stepsPerEpoch || (epoch === epochs && step > 0)) {
    return `it is after step ${step} of ${stepsPerEpoch} in epoch ${epoch + 1} of ${epochs}`;
  }
  if (updates !== epoch * stepsPerEpoch + step) {
    return `its weights were updated ${updates} times, where epoch ${epoch} and step ${step} come to ${epoch * stepsPerEpoch + step}`;
  }
  if (tally.correct > step * batch || (step === 0 && (tally.loss !== 0 || tally.seconds !== 0))) {
    return `its sums are not those of ${step} steps`;
  }
  if (history.length !== epoch) return `it has figures of ${history.length} epochs after epoch ${epoch}`;
  const odd = history.findIndex(
    (metrics, i) =>
      metrics.epoch !== i + 1 ||
      metrics.images !== stepsPerEpoch * batch ||
      (metrics.validationLoss !== undefined) !== validated ||
      sortedNames(Object.keys(metrics.metrics ?? {})) !== sortedNames(ownMetrics) ||
      (metrics.ended === true && (i + 1 < epoch || step > 0)),
  );
  if (odd >= 0) return `the figures of epoch ${odd + 1} are not those of this training`;
  const expected = keepsLast ? undefined : bestEpoch(history);
  if (best?.epoch !== expected?.epoch || best?.loss !== expected?.loss) {
    return `epoch ${best?.epoch ?? "none"} is called the best, where the validation losses say ${expected?.epoch ?? "none"}`;
  }
  return undefined;
}
