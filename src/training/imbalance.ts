/** What is done about rare classes: other weights in the loss, other images in an epoch, or another loss. */
import type { CrossEntropyOptions } from "../engine/loss.ts";
import { Random } from "../random.ts";

/**
 * - `classWeights`: every class weighs alike in the loss.
 * - `effectiveNumber`: weights from how many images of a class are worth something (Cui et al. 2019).
 * - `oversample`: every class is drawn alike; rare images come several times an epoch.
 * - `undersample`: of every class as many images as the rarest has, drawn once; the rest is never seen.
 * - `focal`: images that are right already count less (Lin et al. 2017).
 * - `logitAdjustment`: the log frequencies are added to the logits in training (Menon et al. 2021).
 */
export const imbalanceNames = [
  "none",
  "classWeights",
  "effectiveNumber",
  "oversample",
  "undersample",
  "focal",
  "logitAdjustment",
] as const;

/** How a training meets rare classes. */
export type ImbalanceName = (typeof imbalanceNames)[number];

/** The exponent that Lin et al. found best. */
const FOCUSING = 2;

/** Of the four that Cui et al. try the one for classes of some hundred images: above about 1,000 more add little. */
const BETA = 0.999;

function countsOf(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]! += 1;
  return counts;
}

/** Each class's weight so that all classes together weigh alike; 0 for a class without images. */
export function balancedWeights(labels: ArrayLike<number>, classes: number): number[] {
  const counts = countsOf(labels, classes);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (present * count)));
}

/** (1 - beta) / (1 - beta^n), scaled so that the present classes' weights have the mean 1; 0 for a class without images. */
export function effectiveNumberWeights(labels: ArrayLike<number>, classes: number, beta = BETA): number[] {
  const counts = countsOf(labels, classes);
  const raw = counts.map((count) => (count === 0 ? 0 : (1 - beta) / (1 - beta ** count)));
  const sum = raw.reduce((a, b) => a + b, 0);
  const present = counts.filter((count) => count > 0).length;
  return raw.map((weight) => (weight * present) / sum);
}

/** The logarithm of each class's frequency; that of half an image for a class without any. */
export const logFrequencies = (labels: ArrayLike<number>, classes: number): number[] =>
  countsOf(labels, classes).map((count) => Math.log(Math.max(count, 0.5) / labels.length));

type LossOf = (labels: ArrayLike<number>, classes: number) => CrossEntropyOptions;

const plainLoss: LossOf = () => ({});

/** The loss of each strategy. */
const losses: { readonly [K in ImbalanceName]: LossOf } = {
  none: plainLoss,
  oversample: plainLoss,
  undersample: plainLoss,
  classWeights: (labels, classes) => ({ classWeights: balancedWeights(labels, classes) }),
  effectiveNumber: (labels, classes) => ({ classWeights: effectiveNumberWeights(labels, classes) }),
  focal: () => ({ focusing: FOCUSING }),
  logitAdjustment: (labels, classes) => ({ logitOffsets: logFrequencies(labels, classes) }),
};

/** The loss that a strategy trains with, for training images of these labels. */
export const lossFor = (strategy: ImbalanceName, labels: ArrayLike<number>, classes: number): CrossEntropyOptions =>
  losses[strategy](labels, classes);

const indicesByClass = (labels: ArrayLike<number>): number[][] => {
  const byClass: number[][] = [];
  for (let i = 0; i < labels.length; i++) {
    byClass[labels[i]!] ??= [];
    byClass[labels[i]!]!.push(i);
  }
  return byClass.filter((indices) => indices !== undefined);
};

/** `length` draws that go through shuffled pools in turn, each over again where it is used up. */
function drawInTurn(pools: readonly number[][], length: number, random: Random): Uint32Array {
  const order = new Uint32Array(length);
  const places = pools.map((pool) => {
    random.shuffle(pool);
    return 0;
  });
  const first = random.integer(pools.length);
  for (let i = 0; i < length; i++) {
    const which = (first + i) % pools.length;
    const pool = pools[which]!;
    order[i] = pool[places[which]!++ % pool.length]!;
  }
  return random.shuffle(order);
}

type OrderOf = (labels: ArrayLike<number>, random: Random, seed: number) => Uint32Array;

const everyImageOnce: OrderOf = (labels, random) =>
  random.shuffle(Uint32Array.from({ length: labels.length }, (_, i) => i));

/** How each strategy draws the images of an epoch. */
const orders: { readonly [K in ImbalanceName]: OrderOf } = {
  none: everyImageOnce,
  classWeights: everyImageOnce,
  effectiveNumber: everyImageOnce,
  focal: everyImageOnce,
  logitAdjustment: everyImageOnce,
  oversample: (labels, random) => drawInTurn(indicesByClass(labels), labels.length, random),
  undersample: (labels, random, seed) => {
    const byClass = indicesByClass(labels);
    const least = Math.min(...byClass.map(({ length }) => length));
    // Drawn once: what is left out stays out.
    const once = Random.of(seed, 0x756e6465);
    const kept = byClass.map((indices) => once.shuffle(indices).slice(0, least));
    return drawInTurn(kept, labels.length, random);
  },
};

/**
 * The images of an epoch in order: as many as there are, whatever the strategy, so that strategies compare at the same cost. A
 * function of (labels, strategy, seed, epoch) alone.
 */
export const epochOrder = (
  strategy: ImbalanceName,
  labels: ArrayLike<number>,
  seed: number,
  epoch: number,
): Uint32Array => orders[strategy](labels, Random.of(seed, epoch), seed);
