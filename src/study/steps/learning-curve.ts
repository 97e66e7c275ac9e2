/** Learning curves over folds, and a rule that names what they show. */
import type { EpochMetrics } from "../../training/progress.ts";
import { percent } from "../words/notation.ts";

/** Means over the folds after one epoch. */
export interface CurvePoint {
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly trainingAccuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

/** What a learning curve shows. */
export type CurveVerdict = "overfitting" | "underfitting" | "still improving" | "balanced";

/** Training and validation figures by epoch, with what they show. */
export interface LearningCurve {
  readonly points: readonly CurvePoint[];
  readonly verdict: CurveVerdict;
  /** The rule's figures in words. */
  readonly why: string;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The mean curve of several folds' histories of equal length. */
export function meanCurve(histories: readonly (readonly EpochMetrics[])[]): readonly CurvePoint[] {
  return histories[0]!.map(({ epoch }, i) => {
    const of = (key: "loss" | "accuracy" | "validationLoss" | "validationAccuracy") =>
      mean(histories.map((history) => history[i]![key] ?? Number.NaN));
    return {
      epoch,
      trainingLoss: of("loss"),
      trainingAccuracy: of("accuracy"),
      validationLoss: of("validationLoss"),
      validationAccuracy: of("validationAccuracy"),
    };
  });
}

/** A validation loss this far above its least shows that what was learned last does not carry over. */
const risen = 1.05;
/** In nats: smaller rises are those of a loss that is nearly 0. */
const leastRise = 0.005;
/** So far apart, training and validation accuracy are no longer alike. */
const apart = 0.1;
/** Training accuracy no further above always naming the most frequent class, nor by half of what is left to 1: hardly anything is learned. */
const hardly = (mostFrequent: number): number => Math.min(0.1, (1 - mostFrequent) / 2);
/** A validation loss that still falls by this part over the last quarter of the epochs. */
const falling = 0.02;

/**
 * Names a curve. Overfitting: the last validation loss is 5 % and 0.005 above its least, or training accuracy is 10 points above validation
 * accuracy. Underfitting: training accuracy is less than 10 points above the share of the most frequent class, where that is below 80 %, and
 * else less than half of the way from it to 100 %. Still improving: the validation loss fell by 2 % or more in the last quarter. Otherwise balanced.
 */
export function judgeCurve(points: readonly CurvePoint[], mostFrequent: number): LearningCurve {
  const last = points.at(-1)!;
  const least = points.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
  const gap = last.trainingAccuracy - last.validationAccuracy;
  const before = points[Math.max(0, points.length - 1 - Math.ceil(points.length / 4))]!;
  const fallen = 1 - last.validationLoss / before.validationLoss;
  const figures =
    `after epoch ${last.epoch}, accuracy is ${percent(last.trainingAccuracy)} on training images and ` +
    `${percent(last.validationAccuracy)} on held-out images`;
  if (last.validationLoss >= risen * least.validationLoss && last.validationLoss - least.validationLoss >= leastRise) {
    const [from, to] = [least, last].map(({ validationLoss }) => validationLoss.toFixed(3));
    return {
      points,
      verdict: "overfitting",
      why: `${figures}; the held-out loss was lowest after epoch ${least.epoch} and has since risen from ${from} to ${to}`,
    };
  }
  if (gap >= apart)
    return { points, verdict: "overfitting", why: `${figures}, a gap of ${(gap * 100).toFixed(1)} points` };
  if (last.trainingAccuracy < mostFrequent + hardly(mostFrequent)) {
    return {
      points,
      verdict: "underfitting",
      why: `${figures}; always predicting the most frequent class would give ${percent(mostFrequent)}`,
    };
  }
  if (points.length > 1 && fallen >= falling) {
    return {
      points,
      verdict: "still improving",
      why: `${figures}; the held-out loss fell by ${percent(fallen)} in the last quarter of the epochs`,
    };
  }
  return { points, verdict: "balanced", why: `${figures}; the held-out loss has settled` };
}
