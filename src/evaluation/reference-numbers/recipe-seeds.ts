/** Recorded out-of-fold predictions of one recipe under many seeds, and studies of sham recipes dealt from them. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Random } from "../../random.ts";
import { type FoldedImages, recipeDifferences } from "../comparison/recipe-comparison.ts";
import { clusterBootstrap } from "../intervals/cluster-bootstrap.ts";
import type { Counts } from "../ranking.ts";
import { balancedAccuracy, scoresByClass } from "../scores/class-scores.ts";
import { confusionMatrix } from "../scores/confusion-matrix.ts";

export interface RecordedSeeds extends FoldedImages {
  readonly truth: number[];
  readonly foldOf: number[];
  readonly groups: number[];
  /** For each seed the most probable class of each image. */
  readonly predicted: readonly Uint8Array[];
}

/** Reads what scripts/references/recipe_seeds.js wrote of the recipe with so many epochs. */
export function readRecordedSeeds(epochs: 4 | 10): RecordedSeeds {
  const bytes = gunzipSync(readFileSync(new URL(`recipe-seeds-${epochs}.bin.gz`, import.meta.url)));
  const end = bytes.indexOf("\n");
  const { images, classes, folds, seeds } = JSON.parse(bytes.subarray(0, end).toString()) as Record<string, number>;
  let at = end + 1;
  const next = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const truth = [...next(images!)];
  const foldOf = [...next(images!)];
  const pairs = next(2 * images!);
  return {
    truth,
    foldOf,
    folds: folds!,
    groups: truth.map((_, image) => pairs.readUInt16LE(2 * image)),
    classes: Array.from({ length: classes! }, (_, label) => `class ${label}`),
    // Logits are steps below the largest of their image, whose own is 0.
    predicted: Array.from({ length: seeds! }, () => {
      const logits = next(images! * classes!);
      return Uint8Array.from({ length: images! }, (_, image) =>
        logits.subarray(image * classes!, (image + 1) * classes!).indexOf(0),
      );
    }),
  };
}

/** The same on the images of the first `folds` folds alone: a study of fewer folds, and fewer images. */
export function withFolds(recorded: RecordedSeeds, folds: number): RecordedSeeds {
  const kept = recorded.foldOf.flatMap((fold, image) => (fold < folds ? [image] : []));
  const pick = (values: ArrayLike<number>) => kept.map((image) => values[image]!);
  return {
    ...recorded,
    folds,
    truth: pick(recorded.truth),
    foldOf: pick(recorded.foldOf),
    groups: pick(recorded.groups),
    predicted: recorded.predicted.map((own) => Uint8Array.from(pick(own))),
  };
}

/** Several recipes that are all the recorded one: in every fold each has another of its seeds. */
export function shamRecipes({ predicted, foldOf, folds }: RecordedSeeds, count: number, random: Random): Uint8Array[] {
  const dealt = Array.from({ length: folds }, () => random.shuffle(predicted.map((_, seed) => seed)));
  return Array.from({ length: count }, (_, recipe) =>
    Uint8Array.from(foldOf, (fold, image) => predicted[dealt[fold]![recipe]!]![image]!),
  );
}

/**
 * A recipe whose recalls in each fold are higher by `shift` of the fold (in [-1, 1], in the mean): as many wrong images become right, or right ones wrong.
 */
export function shifted(
  { truth, foldOf, classes }: RecordedSeeds,
  predicted: Uint8Array,
  shift: (fold: number) => number,
  random: Random,
): Uint8Array {
  const images = classes.map((_, label) => truth.flatMap((own, image) => (own === label ? [image] : [])));
  const recalls = images.map((own, label) => own.filter((image) => predicted[image] === label).length / own.length);
  return predicted.map((said, image) => {
    const label = truth[image]!;
    const by = shift(foldOf[image]!);
    const recall = recalls[label]!;
    if (by > 0 && said !== label) return random.uniform() < by / (1 - recall) ? label : said;
    if (by < 0 && said === label) return random.uniform() < -by / recall ? (label + 1) % classes.length : said;
    return said;
  });
}

export interface ShamStudies {
  /** Recipes of a study; the first is what the others are compared with. */
  readonly recipes: number;
  readonly studies: number;
  readonly seed: number;
  readonly families?: number;
}

/**
 * The part of studies of sham recipes that claim that the best of them differs from the first: by the new rule, and by the rule of
 * before, the bootstrap's interval over lesions of the pooled difference.
 */
export function falseClaims(
  recorded: RecordedSeeds,
  { recipes: count, studies, seed, families = 1, resamples }: ShamStudies & { readonly resamples: number },
): { readonly before: number; readonly now: number } {
  let [before, now] = [0, 0];
  for (let study = 0; study < studies; study++) {
    const random = Random.of(seed, count, study);
    const recipes = shamRecipes(recorded, count, random);
    const { differences } = recipeDifferences({
      ...recorded,
      recipes: recipes.map((predicted) => [predicted]),
      families,
    });
    if (differences.some(({ distinguishable }) => distinguishable)) now++;
    const best = differences.reduce((top, { value }, i) => (value! > differences[top]!.value! ? i : top), 0) + 1;
    if (leavesOutZero(recorded, recipes[best]!, recipes[0]!, { random, replicates: resamples })) before++;
  }
  return { before: before / studies, now: now / studies };
}

/** Whether the interval over lesions of the difference in pooled balanced accuracy leaves out 0: what was called more than chance. */
function leavesOutZero(
  { truth, classes, groups }: RecordedSeeds,
  one: Uint8Array,
  other: Uint8Array,
  resampling: { readonly random: Random; readonly replicates: number },
): boolean {
  const balanced = (predicted: Uint8Array, counts: Counts) =>
    balancedAccuracy(scoresByClass(classes, confusionMatrix(truth, predicted, classes.length, counts)));
  const { interval } = clusterBootstrap({
    groups,
    ...resampling,
    statistic: (counts) => balanced(one, counts) - balanced(other, counts),
  });
  return interval !== null && (interval[0] > 0 || interval[1] < 0);
}

/** The part of studies in which one recipe that is better by `shift` of balanced accuracy is told from the first. */
export function foundShifts(
  recorded: RecordedSeeds,
  { recipes: count, studies, seed, families = 1, shift }: ShamStudies & { readonly shift: number },
): number {
  let found = 0;
  for (let study = 0; study < studies; study++) {
    const random = Random.of(seed, count, study);
    const recipes = shamRecipes(recorded, count, random);
    recipes[1] = shifted(recorded, recipes[1]!, () => shift, random);
    const { differences } = recipeDifferences({
      ...recorded,
      recipes: recipes.map((predicted) => [predicted]),
      families,
    });
    if (differences[0]!.distinguishable && differences[0]!.value! > 0) found++;
  }
  return found / studies;
}

/**
 * The part of whole studies of sham recipes that make any claim: four are compared, then seven with the best of them first, then three
 * with the best of all first, as a study's chapters do.
 *
 * @param noise standard deviation by which every second recipe varies more from fold to fold, in [0, 1]
 */
export function falseClaimsOfWholeStudies(
  recorded: RecordedSeeds,
  { studies, seed, noise }: { readonly studies: number; readonly seed: number; readonly noise: number },
): number {
  let claiming = 0;
  for (let study = 0; study < studies; study++) {
    const random = Random.of(seed, study);
    const shams = shamRecipes(recorded, 12, random).map((predicted, recipe) => {
      const shifts = Array.from({ length: recorded.folds }, () => noise * random.normal());
      return noise > 0 && recipe % 2 === 1 ? shifted(recorded, predicted, (fold) => shifts[fold]!, random) : predicted;
    });
    let first: Uint8Array[] = [];
    let claims = false;
    for (const [from, to] of [
      [0, 4],
      [4, 10],
      [10, 12],
    ] as const) {
      const recipes = [...first, ...shams.slice(from, to)];
      const { differences } = recipeDifferences({
        ...recorded,
        recipes: recipes.map((predicted) => [predicted]),
        families: 3,
      });
      const gains = [0, ...differences.map(({ value }) => value!)];
      const best = gains.indexOf(Math.max(...gains));
      claims ||= differences.some(({ distinguishable }) => distinguishable);
      first = [recipes[best]!];
    }
    if (claims) claiming++;
  }
  return claiming / studies;
}
