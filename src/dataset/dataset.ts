/** Lists the images of a folder: Train and Test with one folder per class in each, or one folder per class and a drawn split. */

import { join, resolve } from "node:path";
import { type ClassFolder, foldersOf, formatsRead, type Listing, listFolder, readClasses } from "./class-folders.ts";
import { byCodePoint } from "./code-point-order.ts";
import { type Dataset, DatasetError, type ImageRecord, type Problem, phantomMarker, type Split } from "./records.ts";
import { stratifiedSplit } from "./stratified-split.ts";

export { type Dataset, DatasetError, type ImageRecord, type Problem, type Split } from "./records.ts";

/** The folder names, in any case, that hold a split. A validation folder serves as test where there is no test folder. */
const splitNames = {
  train: ["train", "training"],
  test: ["test", "testing"],
  validation: ["val", "valid", "validation"],
} as const;

/**
 * Reads the listing of a data set, opening no image.
 *
 * The folder holds `Train/<class>/*` and `Test/<class>/*` (any case; also Training and Testing; Val, Valid or Validation
 * serves as test where there is none), or one folder per class, directly or in a Train without a Test; then the split is drawn,
 * class by class, from `seed`. Hidden files are passed over, links are followed, folders inside class folders are not entered.
 * What is left out or odd is in `problems`: files that are no images by their suffix, broken links, class folders without an
 * image, classes with a single training image or no test image.
 *
 * @param options.seed of the drawn split, default 0
 * @param options.testFraction of each class in the drawn split, in [0, 1), default 0.2
 * @throws DatasetError where the folder is missing, unreadable or not laid out so, fewer than two classes have training images,
 *   two class names differ only by case, or a class has test images but no training images
 */
export async function readDataset(
  root: string,
  { seed = 0, testFraction = 0.2 }: { readonly seed?: number; readonly testFraction?: number } = {},
): Promise<Dataset> {
  if (!(testFraction >= 0 && testFraction < 1)) {
    throw new DatasetError(`testFraction is ${testFraction}; give a fraction of at least 0 and below 1`);
  }
  const absolute = resolve(root);
  const problems: Problem[] = [];
  const listing = await listFolder(absolute, "");
  const origin = listing.hidden.includes(phantomMarker) ? "phantom" : "folder";

  const parts = findSplits(absolute, listing, problems);
  const train = await readClasses(absolute, parts.train, problems);
  const test = parts.test === undefined ? undefined : await readClasses(absolute, parts.test, problems);
  refuseCaseTwins(absolute, [...train, ...(test ?? [])]);

  const classes = train.filter((folder) => folder.images.length > 0).map((folder) => folder.name);
  refuseTooFewClasses(absolute, parts.train, train, classes, listing);
  const labels = new Map(classes.map((name, label) => [name, label]));
  for (const folder of test ?? []) {
    if (folder.images.length > 0 && !labels.has(folder.name)) {
      throw new DatasetError(
        `${join(absolute, folder.path)}: the class "${folder.name}" has test images but no training images; ` +
          `add some to ${join(absolute, parts.train, folder.name)}, or remove the folder`,
      );
    }
  }

  const records = (folders: readonly ClassFolder[], split: Split): ImageRecord[] =>
    folders.flatMap((folder) =>
      folder.images.map((image) => ({ path: image.path, label: labels.get(folder.name)!, split, bytes: image.bytes })),
    );
  let images = records(train, "train");
  if (test === undefined) {
    const splits = stratifiedSplit(
      images.map((image) => image.label),
      { seed, testFraction },
    );
    images = images.map((image, i) => ({ ...image, split: splits[i]! }));
    images = [
      ...images.filter((image) => image.split === "train"),
      ...images.filter((image) => image.split === "test"),
    ];
  } else {
    images.push(...records(test, "test"));
  }

  const counts = classes.map(() => ({ train: 0, test: 0 }));
  for (const image of images) counts[image.label]![image.split]++;
  const expectsTest = test !== undefined || testFraction > 0;
  for (const folder of train) {
    const count = counts[labels.get(folder.name) ?? -1];
    if (count === undefined) {
      problems.push({ path: folder.path, message: "no image in this class folder, class left out" });
      continue;
    }
    if (count.train === 1) problems.push({ path: folder.path, message: "only one training image in this class" });
    if (expectsTest && count.test === 0) {
      problems.push({ path: folder.path, message: "no test image for this class, so nothing can be said about it" });
    }
  }
  problems.sort((a, b) => byCodePoint(a.path, b.path));
  return { root: absolute, origin, classes, images, problems };
}

/** The folder of each split, relative to the root; `train: ""` and no test where the root itself holds the classes. */
function findSplits(root: string, listing: Listing, problems: Problem[]): { train: string; test: string | undefined } {
  const folders = foldersOf(listing);
  const one = (part: keyof typeof splitNames): string | undefined => {
    const found = folders.filter((name) => (splitNames[part] as readonly string[]).includes(name.toLowerCase()));
    if (found.length > 1) {
      throw new DatasetError(
        `${root}: both ${found.join(" and ")} could hold the ${part} images; keep only one of them`,
      );
    }
    return found[0];
  };
  const [train, test, validation] = [one("train"), one("test"), one("validation")];
  if (train === undefined) {
    if (test !== undefined) {
      throw new DatasetError(
        `${root}: there is a ${test} folder but no Train; put the training images into Train/<class>, or give the folder of the classes itself`,
      );
    }
    return { train: "", test: undefined };
  }
  const judged = test ?? validation;
  for (const name of folders) {
    if (name !== train && name !== judged) {
      problems.push({
        path: name,
        message: `not read, because the data is in ${[train, judged].filter(Boolean).join(" and ")}`,
      });
    }
  }
  return { train, test: judged };
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
