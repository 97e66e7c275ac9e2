/** Source confounds: how far classes can be told without looking at a lesion, by colours, borders, files or ids alone. */
import { groupedFolds } from "../dataset/grouped-folds.ts";
import { isicId } from "../dataset/image-id.ts";
import { measureNames } from "../near-duplicates/measures.ts";
import type { ContentFacts } from "../near-duplicates/survey.ts";
import { Random } from "../random.ts";
import { DiscriminantTrial } from "./linear-discriminant.ts";
import { adjustedMutualInformation } from "./mutual-information.ts";

const folds = 5;
const permutations = 99;

/** Contents beyond this many are a drawn sample: the answer is no surer with more. */
const mostSamples = 10_000;

/** Ranges that ids are divided into, each with as many images as the others. */
const idRanges = 10;

/** How well a trivial model tells the classes from one kind of evidence. */
export interface Confound {
  readonly evidence: string;
  /** Mean over classes of the part that is recognised, cross-validated with groups whole. */
  readonly balancedAccuracy: number;
  /** What guessing gives: one over the number of classes. */
  readonly chance: number;
  /** The largest balanced accuracy among the permutations of labels over groups. */
  readonly permuted: number;
  /** Part of labellings, the true one among them, that reach the balanced accuracy. */
  readonly pValue: number;
  /** For each class the part that is recognised; null for one that is not tried. */
  readonly recall: readonly (number | null)[];
}

/** How ids, which archives hand out in ranges, go with the classes. */
export interface IdRanges {
  /** First and last id of each range, and its images by class. */
  readonly ranges: readonly { readonly first: number; readonly last: number; readonly counts: readonly number[] }[];
  /** Of range and class: 0 as by chance, 1 where one tells the other. */
  readonly adjustedMutualInformation: number;
  /** As for the other evidence. */
  readonly balancedAccuracy: number;
  readonly chance: number;
}

/** What tells the classes of a data set apart though it is no part of the lesion. */
export interface Confounds {
  /** Contents that were used: those under one label, in a class with at least two groups. */
  readonly samples: number;
  readonly classesTried: number;
  readonly evidence: readonly Confound[];
  /** Undefined where fewer than nine in ten images have an ISIC id. */
  readonly ids: IdRanges | undefined;
}

/** One content as the trivial models see it. */
export interface ConfoundSample {
  readonly facts: ContentFacts;
  readonly label: number;
  /** Images of one group are never on both sides of a fold. */
  readonly group: number;
  readonly path: string;
}

const measuresOf =
  (...names: readonly (typeof measureNames)[number][]) =>
  ({ measures }: ContentFacts): number[] =>
    names.map((name) => measures[measureNames.indexOf(name)]!);

const evidence: Readonly<Record<string, (facts: ContentFacts) => number[]>> = {
  "colours of the whole image": measuresOf(
    "red",
    "green",
    "blue",
    "red spread",
    "green spread",
    "blue spread",
    "colourfulness",
  ),
  "border and corners": measuresOf("border red", "border green", "border blue", "border spread", "dark corners"),
  "light and sharpness": measuresOf("brightness", "contrast", "sharpness"),
  "file: size, aspect, compression": ({ width, height, bytes, quality, format }) => [
    Math.log2(width * height),
    Math.log2(width / height),
    Math.log2(bytes / (width * height)),
    quality ?? 0,
    Number(format === "JPEG"),
  ],
};

const evidenceTogether = "all of these together";

/** Undefined where no two classes have two groups each. */
export function findConfounds(samples: readonly ConfoundSample[], classes: number, seed = 0): Confounds | undefined {
  const used = usable(samples, classes, seed);
  if (used.length === 0) return undefined;
  const labels = used.map(({ label }) => label);
  const tried = new Set(labels).size;
  const numbers = new Map<number, number>();
  const groupOf = used.map(({ group }) => {
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group)!;
  });
  const foldOf = groupedFolds({ labels, groupOf, folds, seed });
  const shuffled = Array.from({ length: permutations }, (_, i) => permuted(labels, groupOf, Random.of(seed, i)));

  const all = (facts: ContentFacts): number[] => Object.values(evidence).flatMap((features) => features(facts));
  const judged = [...Object.entries(evidence), [evidenceTogether, all] as const].map(([name, features]): Confound => {
    const rows = used.map(({ facts }) => features(facts));
    const trial = new DiscriminantTrial(rows.flat(), rows[0]!.length, foldOf);
    const { balancedAccuracy, recall } = score(labels, trial.predict(labels, classes), classes);
    const others = shuffled.map((other) => score(other, trial.predict(other, classes), classes).balancedAccuracy);
    return {
      evidence: name,
      balancedAccuracy,
      chance: 1 / tried,
      permuted: Math.max(...others),
      pValue: (1 + others.filter((other) => other >= balancedAccuracy).length) / (1 + permutations),
      recall,
    };
  });
  return { samples: used.length, classesTried: tried, evidence: judged, ids: idRangesOf(used, foldOf, classes) };
}

/** The samples of classes with at least two groups, of too many a drawn part of each class. */
function usable(samples: readonly ConfoundSample[], classes: number, seed: number): readonly ConfoundSample[] {
  const groups = Array.from({ length: classes }, () => new Set<number>());
  for (const { label, group } of samples) groups[label]!.add(group);
  const tried = groups.filter(({ size }) => size >= folds).length;
  if (tried < 2 || new Set(samples.map(({ group }) => group)).size < folds) return [];
  const kept = samples.filter(({ label }) => groups[label]!.size >= folds);
  if (kept.length <= mostSamples) return kept;
  const order = Random.of(seed, kept.length).shuffle(Array.from(kept, (_, i) => i));
  const left = new Array<number>(classes).fill(Math.floor(mostSamples / tried));
  return order.flatMap((i) => (left[kept[i]!.label]!-- > 0 ? [kept[i]!] : []));
}

/** Labels dealt anew among the groups, so that images of one lesion keep the same one. */
function permuted(labels: readonly number[], groupOf: readonly number[], random: Random): number[] {
  const labelOfGroup: number[] = [];
  groupOf.forEach((group, i) => {
    labelOfGroup[group] ??= labels[i]!;
  });
  random.shuffle(labelOfGroup);
  return groupOf.map((group) => labelOfGroup[group]!);
}

function score(
  labels: readonly number[],
  predicted: readonly number[],
  classes: number,
): { readonly balancedAccuracy: number; readonly recall: readonly (number | null)[] } {
  const counts = new Array<number>(classes).fill(0);
  const right = new Array<number>(classes).fill(0);
  labels.forEach((label, i) => {
    counts[label]!++;
    if (predicted[i] === label) right[label]!++;
  });
  const recall = counts.map((count, label) => (count > 0 ? right[label]! / count : null));
  const some = recall.filter((value) => value !== null);
  return { balancedAccuracy: some.reduce((sum, value) => sum + value, 0) / some.length, recall };
}

function idRangesOf(
  samples: readonly ConfoundSample[],
  foldOf: readonly number[],
  classes: number,
): IdRanges | undefined {
  const ids = samples.map(({ path }) => Number(isicId(path)?.slice("ISIC_".length) ?? Number.NaN));
  const known = ids.flatMap((id, i) => (Number.isNaN(id) ? [] : [i]));
  if (known.length < 0.9 * ids.length) return undefined;
  known.sort((a, b) => ids[a]! - ids[b]!);
  const rangeOf = new Map(known.map((i, place) => [i, Math.floor((place * idRanges) / known.length)]));
  const ranges = Array.from({ length: Math.min(idRanges, known.length) }, (_, range) => {
    const own = known.filter((i) => rangeOf.get(i) === range);
    const counts = new Array<number>(classes).fill(0);
    for (const i of own) counts[samples[i]!.label]!++;
    return { first: ids[own[0]!]!, last: ids[own.at(-1)!]!, counts };
  });

  const labels = known.map((i) => samples[i]!.label);
  // By fold, range and class: how many images the other folds have.
  const others = Array.from({ length: folds }, (_, fold) => {
    const table = ranges.map(() => new Array<number>(classes).fill(0));
    for (const i of known) if (foldOf[i] !== fold) table[rangeOf.get(i)!]![samples[i]!.label]!++;
    return table;
  });
  const predicted = known.map((i) => {
    // The class of which the largest part lies in this range.
    const table = others[foldOf[i]!]!;
    const shares = table[rangeOf.get(i)!]!.map((count, label) => {
      const anywhere = table.reduce((sum, row) => sum + row[label]!, 0);
      return anywhere > 0 ? count / anywhere : 0;
    });
    return shares.indexOf(Math.max(...shares));
  });
  return {
    ranges,
    adjustedMutualInformation: adjustedMutualInformation(
      known.map((i) => rangeOf.get(i)!),
      labels,
    ),
    balancedAccuracy: score(labels, predicted, classes).balancedAccuracy,
    chance: 1 / new Set(labels).size,
  };
}
