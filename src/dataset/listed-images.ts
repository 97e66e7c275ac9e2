/** A data set made of images that were given one by one: from memory, a database, the network, or files that lie anywhere. */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { isInside } from "../disk/names-from-files.ts";
import { DatasetError } from "../errors.ts";
import { byCodePoint } from "../text/code-point-order.ts";
import { hashFile, sha256Of } from "./content-hashes.ts";
import { type Dataset, type ImageRecord, inImageOrder, type Split } from "./dataset.ts";
import { foldedName } from "./folded-names.ts";
import { bytesInMemory, type ImageSource } from "./image-source.ts";
import { type ListedDataset, scarceClasses } from "./list-images.ts";

/** An image with its class, and what else is known of it. */
export interface LabelledImage {
  readonly image: ImageSource;
  /** The name of its class. */
  readonly label: string;
  /**
   * What reports, problems and tables of metadata call it, such as `ISIC_0024310.jpg`. By default the last part of its path, the name of
   * a File, else the beginning of its content's SHA-256.
   */
  readonly name?: string | undefined;
  /** Images of one group, such as those of one lesion, never stand on both sides of a split. */
  readonly group?: string | undefined;
  /** Whether it is trained on or tested; given for all images or for none. Where for none, a part of each class is drawn. */
  readonly split?: Split | undefined;
}

/** Images that come from an array, a generator, a stream or anything else that can be iterated over. */
export type LabelledImages = Iterable<LabelledImage> | AsyncIterable<LabelledImage>;

/** An image as it came, before it has a name of its own. */
interface Given extends LabelledImage {
  /** Undefined where its file cannot be read, which is a problem of this image alone. */
  readonly sha256: string | undefined;
  readonly bytes: number;
}

/**
 * Makes a data set to train on. Contents are held in memory as they were given, encoded; paths and Blobs of files are read when
 * they are needed. The classes are in code-point order, and so are the images of a class, by their names.
 *
 * @throws DatasetError where an image lacks what it needs, two have one name, `split` is given for some alone, or fewer than two classes have
 *   training images
 */
export async function listTrainingImages(given: LabelledImages): Promise<ListedDataset> {
  const images = await collect(given);
  const splits = new Set(images.map(({ split }) => split));
  if (splits.size > 1 && splits.has(undefined)) {
    throw new DatasetError(
      "split: given for some images and not for others; give it for all, or for none to have it drawn",
    );
  }
  const drawn = splits.has(undefined);
  const trained = new Set(images.filter(({ split = "train" }) => split === "train").map(({ label }) => label));
  const untrained = images.find(({ label }) => !trained.has(label));
  if (trained.size < 2) {
    throw new DatasetError(
      `training images of ${trained.size === 0 ? "no class" : `only one class, "${[...trained][0]}"`} were given; at least two are needed`,
    );
  }
  if (untrained !== undefined) {
    throw new DatasetError(
      `the class "${untrained.label}" has test images but no training images; give some, or leave the class out`,
    );
  }
  const listed = { ...datasetOf(images, (split) => split ?? "train"), drawn };
  return drawn ? listed : { ...listed, problems: scarceClasses(listed) };
}

/**
 * Makes a data set to judge models on: every image is a test image, whatever its split, of any number of classes.
 *
 * @throws DatasetError where an image lacks what it needs, two have one name, or there is none
 */
export async function listTestImages(given: LabelledImages): Promise<Dataset> {
  const images = await collect(given);
  if (images.length === 0) throw new DatasetError("no image was given to judge the model on; give at least one");
  return datasetOf(images, () => "test");
}

async function collect(given: LabelledImages): Promise<Given[]> {
  const images: Given[] = [];
  for await (const one of given) {
    refuseIncomplete(one, images.length + 1);
    const { image } = one;
    if (typeof image === "string") {
      const path = resolve(image);
      const bytes = await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      const sha256 = await hashFile(path).catch(() => undefined);
      images.push({ ...one, image: path, sha256, bytes });
    } else {
      const content = await bytesInMemory(image);
      images.push({ ...one, sha256: sha256Of(content), bytes: content.length });
    }
  }
  return images;
}

/** Throws a sentence about the image of this number where something is missing that the types ask for. */
function refuseIncomplete(one: LabelledImage, number: number): void {
  const { image, label, split, group, name } = Object(one) as Partial<Record<keyof LabelledImage, unknown>>;
  const example = '{ image: "a.jpg", label: "nevus" }';
  const isImage =
    typeof image === "string" || image instanceof Uint8Array || image instanceof ArrayBuffer || image instanceof Blob;
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  const checks: readonly (readonly [boolean, string])[] = [
    [isImage, "image: expected a path, Buffer, Uint8Array, ArrayBuffer or Blob"],
    [isText(label), "label: expected the name of a class"],
    [split === undefined || split === "train" || split === "test", 'split: expected "train", "test" or nothing'],
    [name === undefined || isText(name), "name: expected text or nothing"],
    [group === undefined || isText(group), "group: expected text or nothing"],
  ];
  const wrong = checks.find(([isRight]) => !isRight)?.[1];
  if (wrong !== undefined) throw new DatasetError(`image ${number}: ${wrong}; give images such as ${example}`);
}

function datasetOf(given: readonly Given[], splitOf: (split: Split | undefined) => Split): Dataset {
  const classes = [...new Set(given.map(({ label }) => label))].sort(byCodePoint);
  const folded = classes.map(foldedName);
  const twin = folded.findIndex((name, i) => folded.indexOf(name) < i);
  if (twin > 0) {
    throw new DatasetError(
      `the classes "${classes[folded.indexOf(folded[twin]!)]}" and "${classes[twin]}" differ only by case or by how an accent is stored; ` +
        "give both the same name, or rename one",
    );
  }
  const sources = new Map<string, ImageSource>();
  const images: ImageRecord[] = [];
  for (const one of given) {
    const path = pathOf(one, sources);
    sources.set(path, one.image);
    const label = classes.indexOf(one.label);
    images.push({
      path,
      label,
      split: splitOf(one.split),
      bytes: one.bytes,
      ...(one.group !== undefined && { group: one.group }),
    });
  }
  return { root: rootOf(given), sources, origin: "folder", classes, images: images.sort(inImageOrder), problems: [] };
}

/** The image's place as it would be in folders: its split, where it is given, its class, and its name. */
function pathOf(one: Given, taken: ReadonlyMap<string, unknown>): string {
  const { split, label } = one;
  const folder = split === undefined ? label : `${split === "train" ? "Train" : "Test"}/${label}`;
  const path = `${folder}/${one.name ?? defaultName(one)}`;
  if (!isInside(path)) {
    throw new DatasetError(
      `"${path}" is no name for an image; give names and labels without .. and without a leading slash`,
    );
  }
  if (!taken.has(path)) return path;
  if (one.name !== undefined) {
    throw new DatasetError(`two images of the class "${label}" are called "${one.name}"; give each a name of its own`);
  }
  for (let number = 2; ; number++) if (!taken.has(`${path} (${number})`)) return `${path} (${number})`;
}

function defaultName({ image, sha256 }: Given): string {
  if (typeof image === "string") return basename(image);
  const { name } = image as { readonly name?: unknown };
  return typeof name === "string" && name !== "" ? basename(name) : sha256!.slice(0, 16);
}

/** What these images are called in the cache and in a run: the same for the same contents. */
function rootOf(given: readonly Given[]): string {
  const contents = given.map(({ sha256, label, split = "", image }) => `${sha256 ?? String(image)} ${split} ${label}`);
  return `memory:${createHash("sha256").update(contents.sort().join("\n")).digest("hex").slice(0, 16)}`;
}
