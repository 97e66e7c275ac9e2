/** The named ways to separate training from test images: as published, cleaned of leaks, or in folds of whole groups. */

import { DatasetError } from "../errors.ts";
import { type HashOptions, hashContents } from "./content-hashes.ts";
import type { Dataset, ImageRecord } from "./dataset.ts";
import { groupedFolds } from "./grouped-folds.ts";
import { type Groups, groupImages } from "./groups.ts";
import { type Metadata, matchMetadata } from "./metadata.ts";

/**
 * - `official`: Train and Test as the folders are (or as drawn, where there is no Test).
 * - `clean`: the same without test images whose content or group stands in training.
 * - `grouped`: K folds over all images, groups whole, classes balanced; each fold is tested once.
 */
export type Protocol =
  | { readonly kind: "official" }
  | { readonly kind: "clean" }
  | { readonly kind: "grouped"; readonly folds: number };

/** Folds that make sense; beyond them each is a handful of images. */
const mostFolds = 100;

/** Reads `official`, `clean` or `grouped:K`; throws DatasetError for anything else. */
export function parseProtocol(name: string): Protocol {
  if (name === "official" || name === "clean") return { kind: name };
  const folds = Number(/^grouped:(\d{1,3})$/.exec(name)?.[1] ?? Number.NaN);
  if (folds >= 2 && folds <= mostFolds) return { kind: "grouped", folds };
  throw new DatasetError(
    `protocol: expected official, clean or grouped:K with K from 2 to ${mostFolds}, such as grouped:5; got "${name}"`,
  );
}

/** What is known of a data set when its images are grouped and separated. */
export interface ProtocolOptions extends HashOptions {
  /** By path, a hash of what the image shows; default: the hash of its file, which tells fewer copies. */
  readonly contents?: ReadonlyMap<string, string> | undefined;
  /** Pairs of paths of images that show the same photograph; undefined where nobody looked for them. */
  readonly nearDuplicates?: readonly (readonly [string, string])[] | undefined;
  /** Tells the lesions; without it images are grouped by content, near duplicates, ISIC id and curation plan alone. */
  readonly metadata?: Metadata | undefined;
  /** Whether images of one patient are one group, default false. */
  readonly patients?: boolean | undefined;
}

/** The groups of a data set by all that is known: contents, metadata and curation plan. */
export async function groupsOf(
  dataset: Dataset,
  { contents, nearDuplicates, metadata, patients = false, ...options }: ProtocolOptions = {},
): Promise<Groups & { readonly contents: readonly (string | undefined)[]; readonly groupedBy: readonly string[] }> {
  const sha256 =
    contents === undefined
      ? (await hashContents(dataset, options)).sha256
      : dataset.images.map(({ path }) => contents.get(path));
  const matched = metadata && matchMetadata(dataset.images, metadata);
  if (patients && !matched?.fields.has("patient")) {
    throw new DatasetError(
      "patients: the metadata say nothing of patients; give a table with patient_id, or leave it out",
    );
  }
  const groups = groupImages(dataset.images, {
    sha256,
    patients,
    nearDuplicates: indexPairs(dataset.images, nearDuplicates ?? []),
    ...(matched && { metadata: matched.images }),
  });
  const groupedBy = [
    "content",
    ...(nearDuplicates ? ["near duplicate"] : []),
    ...(groups.joinedBy.includes("ISIC id") ? ["ISIC id"] : []),
    ...(matched?.fields.has("lesion") ? ["lesion"] : []),
    ...(patients ? ["patient"] : []),
    ...(dataset.curation ? ["curation plan"] : []),
    ...(isGroupedBySource(dataset) ? ["given group"] : []),
  ];
  return { ...groups, contents: sha256, groupedBy };
}

/** Whether images came with the groups that they are in, and not by a plan. */
const isGroupedBySource = ({ sources, curation, images }: Dataset): boolean =>
  sources !== undefined && curation === undefined && images.some(({ group }) => group !== undefined);

/** Pairs of paths as pairs of indices, where both images are there. */
export function indexPairs(
  images: readonly ImageRecord[],
  pairs: readonly (readonly [string, string])[],
): (readonly [number, number])[] {
  const indexOf = new Map(images.map(({ path }, index) => [path, index]));
  return pairs.flatMap(([first, second]) => {
    const [a, b] = [indexOf.get(first), indexOf.get(second)];
    return a === undefined || b === undefined ? [] : [[a, b] as const];
  });
}

/**
 * The data set without the test images whose content stands in training, or another image of whose group does.
 *
 * @throws DatasetError where no test image is left
 */
export async function cleanDataset(dataset: Dataset, options: ProtocolOptions = {}): Promise<Dataset> {
  const { groupOf, contents, groupedBy } = await groupsOf(dataset, options);
  const learned = { contents: new Set<string>(), groups: new Set<number>() };
  for (const [index, image] of dataset.images.entries()) {
    if (image.split !== "train") continue;
    learned.groups.add(groupOf[index]!);
    if (contents[index] !== undefined) learned.contents.add(contents[index]);
  }
  const leftOut = { content: 0, group: 0 };
  const images = dataset.images.filter(({ split }, index) => {
    if (split === "train" || !learned.groups.has(groupOf[index]!)) return true;
    leftOut[learned.contents.has(contents[index] ?? "") ? "content" : "group"]++;
    return false;
  });
  if (leftOut.content + leftOut.group > 0 && images.every(({ split }) => split === "train")) {
    throw new DatasetError(
      `${dataset.root}: every test image, or another image of its group, stands in training too; ` +
        "put other images into Test, or choose the protocol grouped:5",
    );
  }
  return { ...dataset, images, protocol: { name: "clean", groupedBy, leftOut } };
}

/** All folds of `grouped:K`: for each image the fold in which it is tested. */
export interface Folds {
  readonly protocol: string;
  readonly folds: number;
  readonly foldOf: readonly number[];
  /** For each image the group that it stays with. */
  readonly groupOf: readonly number[];
  readonly groupedBy: readonly string[];
}

/**
 * Divides all images, of Train and Test alike, into folds: groups stay whole, and each class is spread evenly.
 *
 * @param options.seed of the order in which groups of one size are dealt, default 0
 * @throws DatasetError where a class has fewer than two groups, or there are fewer groups than folds
 */
export async function foldsOf(
  dataset: Dataset,
  { folds, seed = 0, ...options }: ProtocolOptions & { readonly folds: number; readonly seed?: number | undefined },
): Promise<Folds> {
  const { groupOf, members, groupedBy } = await groupsOf(dataset, options);
  const labels = dataset.images.map(({ label }) => label);
  const groupsWith = dataset.classes.map((_, label) => new Set(groupOf.filter((_, i) => labels[i] === label)).size);
  const lone = groupsWith.findIndex((count) => count < 2);
  if (lone >= 0) {
    throw new DatasetError(
      `${dataset.root}: all images of "${dataset.classes[lone]}" that are to be divided into folds (${labels.filter((label) => label === lone).length}) ` +
        "are one lesion or group, so it cannot be both trained on and tested; " +
        "add images, or leave the class out in a curation plan",
    );
  }
  if (members.length < folds) {
    throw new DatasetError(
      `${dataset.root}: ${folds} folds of only ${members.length} groups of images; take fewer folds`,
    );
  }
  const foldOf = groupedFolds({ labels, groupOf, folds, seed });
  return { protocol: `grouped:${folds}`, folds, foldOf, groupOf, groupedBy };
}

/** The data set of one fold: its images are Test, all others Train. */
export function foldDataset(dataset: Dataset, { protocol, folds, foldOf, groupedBy }: Folds, fold: number): Dataset {
  if (!(Number.isInteger(fold) && fold >= 0 && fold < folds)) {
    throw new DatasetError(`fold: expected a whole number from 0 to ${folds - 1} with ${protocol}, got ${fold}`);
  }
  const part = (split: ImageRecord["split"]): ImageRecord[] =>
    dataset.images.flatMap((image, i) => ((foldOf[i] === fold) === (split === "test") ? [{ ...image, split }] : []));
  const images = [...part("train"), ...part("test")].sort(byPlace);
  return { ...dataset, images, protocol: { name: protocol, fold, groupedBy } };
}

/** Indices into a data set's images: those to train on and those to test on, fold by fold. */
export function foldIndices({ folds, foldOf }: Folds): { readonly train: number[]; readonly test: number[] }[] {
  const indices = foldOf.map((_, i) => i);
  return Array.from({ length: folds }, (_, fold) => ({
    train: indices.filter((i) => foldOf[i] !== fold),
    test: indices.filter((i) => foldOf[i] === fold),
  }));
}

/** Training images first, then by class; within a class the order stays. */
const byPlace = (a: ImageRecord, b: ImageRecord): number =>
  a.split === b.split ? a.label - b.label : a.split === "train" ? -1 : 1;

/**
 * The data set as a protocol has it; `official` is the data set itself.
 *
 * @param options.fold of `grouped:K`, from 0
 * @throws DatasetError where the fold is missing or too much, and what the protocol's own function throws
 */
export async function applyProtocol(
  dataset: Dataset,
  name: string,
  options: ProtocolOptions & { readonly fold?: number | undefined; readonly seed?: number | undefined } = {},
): Promise<Dataset> {
  const protocol = parseProtocol(name);
  const { fold } = options;
  if (protocol.kind === "grouped") {
    if (fold === undefined) {
      throw new DatasetError(`${name}: say which fold is tested, from 0 to ${protocol.folds - 1}; or cross-validate`);
    }
    return foldDataset(dataset, await foldsOf(dataset, { ...options, folds: protocol.folds }), fold);
  }
  if (fold !== undefined)
    throw new DatasetError(`fold: only grouped:K has folds, and the protocol is ${name}; leave it out`);
  return protocol.kind === "clean" ? cleanDataset(dataset, options) : dataset;
}
