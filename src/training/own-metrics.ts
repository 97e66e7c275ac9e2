/** Figures of one's own on the validation images, computed after every epoch. */
import { TrainingError } from "../errors.ts";
import { valueInWords } from "../text/value-in-words.ts";

/** What a metric is computed from: the validation images, as the weights of an epoch judge them. */
export interface JudgedValidation {
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** The true class of every image, as an index into `classes`. */
  readonly truth: ArrayLike<number>;
  /** (images, classes), the softmax of the logits: each row sums to 1. */
  readonly probabilities: Float32Array;
  /** (images, classes), in evaluation mode. */
  readonly logits: Float32Array;
}

/** A metric of one's own: a finite number, or null where there is none, such as the recall of a class without images. */
export type MetricFunction = (judged: JudgedValidation) => number | null;

/** Metrics by their names. */
export type Metrics = Readonly<Record<string, MetricFunction>>;

/** What a metric's name must be, since it stands in files, charts and terminals. */
export const metricName = /^[\p{L}\p{N}][\p{L}\p{N} _.@%()+-]{0,59}$/u;

/** {@link metricName} in words. */
export const metricNameInWords =
  "a name of at most 60 letters, digits, spaces and _.@%()+-, which begins with a letter or a digit";

/**
 * The values of all metrics, in their order. Throws TrainingError where one gives what is neither a finite number nor null; what a metric
 * throws passes as it is.
 *
 * @param epoch counted from 1
 */
export function computeMetrics(
  metrics: Metrics,
  judged: JudgedValidation,
  epoch: number,
): Readonly<Record<string, number | null>> {
  const values = Object.entries(metrics).map(([name, metric]) => {
    const value: unknown = metric(judged);
    if (value !== null && !Number.isFinite(value)) {
      throw new TrainingError(
        `metrics: ${name} gave ${valueInWords(value)} after epoch ${epoch}; expected a finite number, or null where there is none`,
      );
    }
    return [name, value as number | null] as const;
  });
  return Object.fromEntries(values);
}
