/** Lists the images of a folder: Train and Test with one folder per class in each, or one folder per class and a drawn split. */

import { join, resolve } from "node:path";
import { DatasetError } from "../errors.ts";
import { byCodePoint } from "../text/code-point-order.ts";
import {
  type ClassFolder,
  foldersOf,
  formatsRead,
  holdings,
  type Listing,
  listFolder,
  readClasses,
} from "./class-folders.ts";
import { type Dataset, type ImageRecord, type Problem, phantomMarker, type Split } from "./dataset.ts";
import { drawnProtocol } from "./protocol-summary.ts";
import { stratifiedSplit } from "./stratified-split.ts";

/** The folder names, in any case, that hold a split. A validation folder serves as test where there is no test folder. */
const splitNames = {
  train: ["train", "training"],
  test: ["test", "testing"],
  validation: ["val", "valid", "validation"],
} as const;

const allSplitNames: readonly string[] = Object.values(splitNames).flat();

/** What a split is drawn by. */
export interface DrawOptions {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Part of each class that is tested, in [0, 1), default 0.2. */
  readonly testFraction?: number | undefined;
}

/** A data set as its folders have it. Where there is no Test, all images are training images and `drawn` is true. */
export interface ListedDataset extends Dataset {
  readonly drawn: boolean;
}

/**
 * Lists a data set to train on, opening no image.
 *
 * The folder holds `Train/<class>/*` and `Test/<class>/*` (any case; also Training and Testing; Val, Valid or Validation
 * serves as test where there is none), or one folder per class, directly or in a Train without a Test; then {@link drawSplit} says
 * which images are tested. Hidden files and folders that naevus wrote are passed over, links are followed, folders inside class
 * folders are not entered. What is left out or odd is in `problems`: files that are no images by their suffix or cannot be read,
 * class folders without an image, classes with a single training image or no test image.
 *
 * @throws DatasetError where the folder is missing, unreadable or not laid out so, a class folder cannot be read, fewer than two
 *   classes have training images, two class names differ only by case, or a class has test images but no training images
 */
export async function listDataset(root: string): Promise<ListedDataset> {
  const absolute = resolve(root);
  const problems: Problem[] = [];
  const listing = await listFolder(absolute, "");
  const parts = await findSplits(absolute, listing, problems);
  const train = await readClasses(absolute, parts.train, problems);
  const test = parts.test === undefined ? undefined : await readClasses(absolute, parts.test, problems);
  refuseCaseTwins(absolute, [...train, ...(test ?? [])]);

  const classes = train.filter((folder) => folder.images.length > 0).map((folder) => folder.name);
  refuseTooFewClasses(absolute, parts.train, train, classes, listing);
  for (const folder of test ?? []) {
    if (folder.images.length > 0 && !classes.includes(folder.name)) {
      throw new DatasetError(
        `${join(absolute, folder.path)}: the class "${folder.name}" has test images but no training images; ` +
          `add some to ${join(absolute, parts.train, folder.name)}, or remove the folder`,
      );
    }
  }
  problems.push(...emptyFolders(train));
  const images = [...recordsOf(train, classes, "train"), ...recordsOf(test ?? [], classes, "test")];
  const listed = { root: absolute, origin: originOf(listing), classes, images, problems, drawn: test === undefined };
  return test === undefined ? listed : { ...listed, problems: [...problems, ...scarceClasses(listed)].sort(byPath) };
}

/**
 * Lists every labelled image below a folder as a test image, whatever the layout: one folder per class, or Train, Test or both with
 * one folder per class in each; any number of classes. For data that are judged and not trained on.
 *
 * @throws DatasetError where the folder is missing or unreadable, or no class folder holds an image
 */
export async function listLabelledImages(root: string): Promise<Dataset> {
  const absolute = resolve(root);
  const problems: Problem[] = [];
  const listing = await listFolder(absolute, "");
  const named = foldersOf(listing).filter((name) => allSplitNames.includes(name.toLowerCase()));
  refuseBrokenSplits(absolute, listing);
  const isFlat = named.length === 0 || (await isClassAmongOthers(absolute, named, foldersOf(listing), problems));
  const folders: ClassFolder[] = [];
  for (const part of isFlat ? [""] : named) folders.push(...(await readClasses(absolute, part, problems)));
  const filled = folders.filter(({ images }) => images.length > 0);
  if (filled.length === 0) {
    throw new DatasetError(
      `${absolute}: no image (${formatsRead}) in any class folder; put the images of each class into a folder named after it`,
    );
  }
  const classes = [...new Set(filled.map(({ name }) => name))].sort(byCodePoint);
  problems.push(...emptyFolders(folders));
  return {
    root: absolute,
    origin: originOf(listing),
    classes,
    images: recordsOf(filled, classes, "test").sort((a, b) => a.label - b.label),
    problems: problems.sort(byPath),
  };
}

/** The data set alone. */
export const withoutDraw = ({ drawn: _, ...dataset }: ListedDataset): Dataset => dataset;

/**
 * Draws which images are tested, where the folders do not say: of each class the groups of the lowest rank by seed and content
 * (see {@link stratifiedSplit}). A data set whose folders say it is given back as it is.
 *
 * @param options.groupOf the group of each image, which stays on one side
 * @param options.groupedBy what makes a group, for the record
 * @throws DatasetError for a test fraction out of range
 */
export function drawSplit(
  listed: ListedDataset,
  {
    contents,
    groupOf,
    groupedBy = ["content"],
    seed = 0,
    testFraction = 0.2,
  }: DrawOptions & {
    readonly contents: readonly (string | undefined)[];
    readonly groupOf: readonly number[];
    readonly groupedBy?: readonly string[];
  },
): Dataset {
  if (!(testFraction >= 0 && testFraction < 1)) {
    throw new DatasetError(`testFraction is ${testFraction}; give a fraction of at least 0 and below 1`);
  }
  if (!listed.drawn) return withoutDraw(listed);
  const drawn = listed.images.map(({ path, label }, i) => ({
    label,
    content: contents[i] ?? path,
    group: groupOf[i]!,
  }));
  const splits = stratifiedSplit(drawn, { seed, testFraction });
  const part = (split: Split): ImageRecord[] =>
    listed.images.flatMap((image, i) => (splits[i] === split ? [{ ...image, split }] : []));
  const dataset = {
    ...withoutDraw(listed),
    images: [...part("train"), ...part("test")],
    protocol: { name: drawnProtocol, seed, groupedBy },
  };
  const odd = [...scarceClasses(dataset, { expectsTest: testFraction > 0 }), ...unevenDraws(dataset, testFraction)];
  return { ...dataset, problems: [...listed.problems, ...odd].sort(byPath) };
}

/** How far a drawn test may exceed what was asked for before it is said. */
const mostExcess = 1.25;

/** Classes of which far more images are tested than was asked for, because a large group stays on one side. */
function unevenDraws({ classes, images }: Dataset, testFraction: number): Problem[] {
  return classes.flatMap((_, label) => {
    const own = images.filter((image) => image.label === label);
    const tested = own.filter(({ split }) => split === "test").length;
    const wanted = Math.max(1, Math.round(own.length * testFraction));
    if (tested <= Math.max(wanted + 1, mostExcess * wanted)) return [];
    return [
      {
        path: folderOf(own[0]!.path),
        message: `${tested} of ${own.length} images are tested, where ${wanted} were asked for, since a large group of images stays whole`,
      },
    ];
  });
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

const recordsOf = (folders: readonly ClassFolder[], classes: readonly string[], split: Split): ImageRecord[] =>
  folders.flatMap((folder) =>
    folder.images.map((image) => ({
      path: image.path,
      label: classes.indexOf(folder.name),
      split,
      bytes: image.bytes,
    })),
  );

const originOf = (listing: Listing): Dataset["origin"] =>
  listing.hidden.includes(phantomMarker) ? "phantom" : "folder";

const byPath = (a: Problem, b: Problem): number => byCodePoint(a.path, b.path);

const emptyFolders = (folders: readonly ClassFolder[]): Problem[] =>
  folders
    .filter(({ images }) => images.length === 0)
    .map(({ path }) => ({ path, message: "no image in this class folder, class left out" }));

/** Classes of which too little is there to train or to test on, by the folder of their first image. */
export function scarceClasses({ classes, images }: Dataset, { expectsTest = true } = {}): Problem[] {
  const counts = classes.map(() => ({ folder: "", train: 0, test: 0 }));
  for (const { path, label, split } of images) {
    const count = counts[label]!;
    count[split]++;
    count.folder ||= folderOf(path);
  }
  return counts.flatMap(({ folder, train, test }) => [
    ...(train === 1 ? [{ path: folder, message: "only one training image in this class" }] : []),
    ...(expectsTest && test === 0
      ? [{ path: folder, message: "no test image for this class, so nothing can be said about it" }]
      : []),
  ]);
}

/** The folder of each split, relative to the root; `train: ""` and no test where the root itself holds the classes. */
async function findSplits(
  root: string,
  listing: Listing,
  problems: Problem[],
): Promise<{ train: string; test: string | undefined }> {
  refuseBrokenSplits(root, listing);
  const folders = foldersOf(listing);
  const isNamed = (name: string, part: keyof typeof splitNames): boolean =>
    (splitNames[part] as readonly string[]).includes(name.toLowerCase());
  const one = (part: keyof typeof splitNames): string | undefined => {
    const found = folders.filter((name) => isNamed(name, part));
    if (found.length > 1) {
      throw new DatasetError(
        `${root}: both ${found.join(" and ")} could hold the ${part} images; keep only one of them`,
      );
    }
    return found[0];
  };
  const [train, test, validation] = [one("train"), one("test"), one("validation")];
  const judged = test ?? validation;
  const flat = { train: "", test: undefined };
  const splits = [train, judged].filter((name) => name !== undefined);
  if (splits.length === 0 || (await isClassAmongOthers(root, splits, folders, problems))) return flat;
  if (train === undefined) {
    throw new DatasetError(
      `${root}: there is a ${judged} folder but no Train; put the training images into Train/<class>, or give the folder of the classes itself`,
    );
  }
  for (const { name, stats } of listing.entries) {
    if ((stats === undefined || stats.isDirectory()) && name !== train && name !== judged) {
      problems.push({ path: name, message: `not read, because the data is in ${splits.join(" and ")}` });
    }
  }
  return { train, test: judged };
}

function refuseBrokenSplits(root: string, { entries }: Listing): void {
  const gone = entries.find(({ name, stats }) => stats === undefined && allSplitNames.includes(name.toLowerCase()));
  if (gone !== undefined) {
    throw new DatasetError(`${join(root, gone.name)}: a broken link or unreadable; mend or remove it`);
  }
}

/**
 * Whether the one folder with a split's name is a class: it holds images and no folders, as others beside it do.
 *
 * @throws DatasetError where a folder with a split's name holds images, and that does not make it a class
 */
async function isClassAmongOthers(
  root: string,
  splits: readonly string[],
  folders: readonly string[],
  problems: Problem[],
): Promise<boolean> {
  const held = await Promise.all(splits.map(async (name) => ({ name, ...(await holdings(root, name)) })));
  const like = held.find(({ images }) => images);
  if (like === undefined) return false;
  let others = 0;
  for (const name of folders) if (!splits.includes(name) && (await holdings(root, name)).images) others++;
  if (splits.length === 1 && !like.folders && others > 0) {
    problems.push({ path: like.name, message: "read as a class, because it holds images as the folders beside it do" });
    return true;
  }
  // Single images beside the class folders are left out one by one.
  if (held.every((split) => split.folders) && (others === 0 || splits.length > 1)) return false;
  throw new DatasetError(
    `${join(root, like.name)}: holds images themselves, not a folder for each class; put them into ${like.name}/<class>, ` +
      "or rename the folder if it is a class",
  );
}

function refuseCaseTwins(root: string, folders: readonly ClassFolder[]): void {
  const seen = new Map<string, ClassFolder>();
  const places = new Set<string>();
  for (const folder of folders) {
    const folded = folder.name.toLowerCase();
    const twin = seen.get(folded);
    const place = folder.path.normalize("NFC");
    if (twin !== undefined && (twin.name !== folder.name || places.has(place))) {
      throw new DatasetError(
        `${root}: the class folders "${twin.path}" and "${folder.path}" differ only by case or by how an accent is stored; ` +
          "merge them, or rename one",
      );
    }
    seen.set(folded, twin ?? folder);
    places.add(place);
  }
}

function refuseTooFewClasses(
  root: string,
  part: string,
  train: readonly ClassFolder[],
  classes: readonly string[],
  listing: Listing,
): void {
  if (classes.length >= 2) return;
  const where = join(root, part);
  const only = foldersOf(listing);
  if (train.length === 0) {
    throw new DatasetError(`${where}: no class folders; put the images of each class into a folder named after it`);
  }
  const inner = part === "" && only.length === 1 ? `, or give ${join(root, only[0]!)} if the classes are in there` : "";
  if (classes.length === 0) {
    throw new DatasetError(
      `${where}: no image (${formatsRead}) in any class folder; put the images of each class there${inner}`,
    );
  }
  throw new DatasetError(
    `${where}: only one class with images, "${classes[0]}"; at least two are needed, each in a folder of its own${inner}`,
  );
}
