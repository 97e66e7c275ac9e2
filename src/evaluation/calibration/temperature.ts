/** Temperature scaling: one number that makes a trained network's probabilities less, or more, certain (Guo et al. 2017). */

import { EvaluationError } from "../../errors.ts";
import { type GroupLabels, numberGroups } from "../image-groups.ts";

/** A temperature found on validation predictions. */
export interface TemperatureFit {
  /** What logits are divided by; above 1: the network was overconfident. */
  readonly temperature: number;
  /** The mean negative log-likelihood, in nats, at temperature 1 and at the one found. */
  readonly before: number;
  readonly after: number;
  /**
   * True where the best temperature lies beyond the range of 1/20 to 20, so that its end is given: the images are all predicted
   * rightly, or the logits say nothing about them. Such a fit is not to be used.
   */
  readonly atLimit: boolean;
}

/** Logits (images, classes), as they are before softmax; any constant may be added to a row. */
export interface LogitsOfImages {
  readonly logits: Float32Array;
  readonly truth: ArrayLike<number>;
  /** Images of one group count as one image together, so that a lesion photographed often does not dominate. */
  readonly groups?: GroupLabels;
}

/** Inverse temperatures that are tried. */
const LOWEST = 1 / 20;
const HIGHEST = 20;
const MOST_STEPS = 200;

/** Below float32's normal numbers; the logarithm of 0 would be no logit. */
const LEAST_PROBABILITY = 2 ** -126;

/** Logits whose softmax gives these probabilities: their logarithms. */
export const logitsOf = (probabilities: Float32Array): Float32Array =>
  probabilities.map((value) => Math.log(Math.max(value, LEAST_PROBABILITY)));

/** softmax(logits / temperature), row by row: (images, classes). */
export function temperedProbabilities(logits: Float32Array, classes: number, temperature: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const highest = Math.max(...row);
    const powers = Array.from(row, (logit) => Math.exp((logit - highest) / temperature));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, index) => {
      probabilities[start + index] = power / sum;
    });
  }
  return probabilities;
}

function checkLogits({ logits, truth }: LogitsOfImages): number {
  const classes = logits.length / truth.length;
  if (truth.length === 0 || logits.length === 0 || !Number.isInteger(classes)) {
    throw new EvaluationError(
      `temperature: expected logits (images, classes), got ${logits.length} numbers for ${truth.length} images`,
    );
  }
  const odd = logits.findIndex((logit) => !Number.isFinite(logit));
  if (odd >= 0) {
    throw new EvaluationError(
      `temperature: image ${Math.floor(odd / classes)}: expected finite logits, got ${logits[odd]}`,
    );
  }
  for (let image = 0; image < truth.length; image++) {
    const label = truth[image]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new EvaluationError(`temperature: image ${image}: expected a label from 0 to ${classes - 1}, got ${label}`);
    }
  }
  return classes;
}

/** The mean loss at an inverse temperature with its first two derivatives: mean logit minus true logit, and variance. */
function lossAt(
  { logits, truth }: LogitsOfImages,
  classes: number,
  weights: Float64Array,
  inverse: number,
): { readonly loss: number; readonly slope: number; readonly curvature: number } {
  let loss = 0;
  let slope = 0;
  let curvature = 0;
  for (let image = 0; image < truth.length; image++) {
    const start = image * classes;
    let highest = Number.NEGATIVE_INFINITY;
    for (let index = start; index < start + classes; index++) highest = Math.max(highest, logits[index]!);
    let sum = 0;
    let first = 0;
    let second = 0;
    for (let index = start; index < start + classes; index++) {
      const distance = logits[index]! - highest;
      const power = Math.exp(inverse * distance);
      sum += power;
      first += power * distance;
      second += power * distance ** 2;
    }
    const own = logits[start + truth[image]!]! - highest;
    const expected = first / sum;
    loss += weights[image]! * (Math.log(sum) - inverse * own);
    slope += weights[image]! * (expected - own);
    curvature += weights[image]! * (second / sum - expected ** 2);
  }
  return { loss, slope, curvature };
}

/** Every group with the same weight, shared among its images; the weights sum to 1. */
function groupWeights(groups: GroupLabels, images: number): Float64Array {
  const { of, count } = numberGroups(groups, images);
  const sizes = new Uint32Array(count);
  for (const group of of) sizes[group]! += 1;
  return Float64Array.from(of, (group) => 1 / (sizes[group]! * count));
}

/**
 * Finds the temperature that makes the truth most likely, on images that the network was not trained on. The loss is convex in
 * the inverse temperature, so its slope is brought to zero by Newton's method inside a bracket, with bisection where a step
 * would leave it.
 *
 * @throws EvaluationError for numbers of logits, labels or groups that do not fit, and for logits that are not finite
 */
export function fitTemperature(options: LogitsOfImages): TemperatureFit {
  const classes = checkLogits(options);
  const images = options.truth.length;
  const weights =
    options.groups === undefined ? new Float64Array(images).fill(1 / images) : groupWeights(options.groups, images);
  const at = (inverse: number) => lossAt(options, classes, weights, inverse);
  const before = at(1).loss;

  // A slope of zero at both ends: all logits of each row are equal, and every temperature is as good.
  if (at(LOWEST).slope >= 0) return { temperature: 1 / LOWEST, before, after: at(LOWEST).loss, atLimit: true };
  if (at(HIGHEST).slope <= 0) return { temperature: 1 / HIGHEST, before, after: at(HIGHEST).loss, atLimit: true };
  let low = LOWEST;
  let high = HIGHEST;
  let inverse = 1;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { slope, curvature } = at(inverse);
    if (slope < 0) low = inverse;
    else high = inverse;
    const newton = inverse - slope / curvature;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - inverse) <= 1e-12 * inverse) break;
    inverse = next;
  }
  return { temperature: 1 / inverse, before, after: at(inverse).loss, atLimit: false };
}
