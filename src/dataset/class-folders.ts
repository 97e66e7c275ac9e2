/** Lists folders: the class folders of a split, and the image files in each. */

import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { forEachBounded } from "../disk/bounded.ts";
import { isClutter } from "../disk/clutter.ts";
import { isOutputFolder } from "../disk/output-folder.ts";
import { readSentence } from "../disk/system-errors.ts";
import { DatasetError } from "../errors.ts";
import { byCodePoint } from "../text/code-point-order.ts";
import type { Problem } from "./dataset.ts";
import { imageSuffix } from "./image-id.ts";

/** The formats in words. */
export const formatsRead = "JPEG, PNG, WebP, BMP or TIFF";

const statsAtOnce = 16;

/** A class folder's name in the one form in which it is compared: file systems differ in how they store accents. */
const className = (folder: string): string => folder.normalize("NFC");

/** A folder of images of one class. */
export interface ClassFolder {
  readonly name: string;
  readonly path: string;
  readonly images: { readonly path: string; readonly bytes: number }[];
}

/** What a folder holds. */
export interface Listing {
  /** In code-point order, without folders that naevus wrote itself. */
  readonly entries: readonly Entry[];
  readonly hidden: readonly string[];
}

interface Entry {
  /** Where it is not UTF-8, with its bytes as `\xe9`; then no path leads to it. */
  readonly name: string;
  readonly isUtf8: boolean;
  /** What it is after following links; undefined where that cannot be said. */
  readonly stats: Stats | undefined;
}

/** A name of any bytes as text that shows them. */
const escaped = (name: Buffer): string =>
  Array.from(name, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");

/** Lists a folder given relative to the root; throws a DatasetError where it cannot be read. */
export async function listFolder(root: string, path: string): Promise<Listing> {
  const folder = join(root, path);
  let names: Buffer[];
  try {
    // As bytes: a name that is not UTF-8 would be another one as text.
    names = await readdir(folder, { encoding: "buffer" });
  } catch (error) {
    const give = "give the folder that holds Train and Test, or one folder per class";
    throw new DatasetError(readSentence(folder, error, give, "folder"), { cause: error });
  }
  const visible = names.filter((name) => !isClutter(name.toString()));
  const entries: Entry[] = [];
  await forEachBounded(visible, statsAtOnce, async (bytes) => {
    const name = isUtf8(bytes) ? bytes.toString() : escaped(bytes);
    const stats = await stat(Buffer.concat([Buffer.from(join(folder, "/")), bytes])).catch(() => undefined);
    if (stats?.isDirectory() && (await isOutputFolder(join(folder, name)))) return;
    entries.push({ name, isUtf8: isUtf8(bytes), stats });
  });
  return {
    entries: entries.sort((a, b) => byCodePoint(a.name, b.name)),
    hidden: names.map((name) => name.toString()).filter(isClutter),
  };
}

/** The names of the folders in a listing that can be read. */
export const foldersOf = (listing: Listing): string[] =>
  listing.entries.filter((entry) => entry.isUtf8 && entry.stats?.isDirectory()).map((entry) => entry.name);

/** Whether a folder holds images, folders, both or none of them. */
export async function holdings(root: string, path: string): Promise<{ images: boolean; folders: boolean }> {
  const { entries } = await listFolder(root, path);
  return {
    images: entries.some(({ name, stats }) => stats?.isFile() && imageSuffix.test(name)),
    folders: entries.some(({ stats }) => stats?.isDirectory()),
  };
}

const relativePath = (...names: string[]): string => names.filter((name) => name !== "").join("/");

const notUtf8 = "its name is not UTF-8";
const renaming = "rename it, for example with convmv -f latin1 -t utf8 -r --notest";
const broken = "a broken link or unreadable";

/**
 * The class folders of one split, in code-point order of their class names.
 *
 * @throws DatasetError where a class would be missing: its folder cannot be read, is a broken link or has a name that is not UTF-8, or
 *   that is so of all its images
 */
export async function readClasses(root: string, part: string, problems: Problem[]): Promise<ClassFolder[]> {
  const classes: ClassFolder[] = [];
  const listing = await listFolder(root, part);
  for (const { name, isUtf8: readable, stats } of listing.entries) {
    const path = relativePath(part, name);
    const isImage = imageSuffix.test(name);
    // Other files beside the class folders, such as a licence or metadata, are no part of the images.
    if (stats?.isFile() && isImage) problems.push({ path, message: "an image outside the class folders, left out" });
    if (stats === undefined && isImage) problems.push({ path, message: `${broken}, left out` });
    else if (stats === undefined) {
      throw new DatasetError(`${join(root, path)}: ${broken}; mend or remove it, as it may be a class`);
    }
    if (!stats?.isDirectory()) continue;
    if (!readable) {
      throw new DatasetError(
        `${join(root, path)}: this class cannot be read, because ${notUtf8}; ${renaming} ${join(root, part)}`,
      );
    }
    classes.push({ name: className(name), path, images: await readImages(root, path, problems) });
  }
  return classes.sort((a, b) => byCodePoint(a.name, b.name));
}

/** The image files of a class folder; what is left out is named in `problems`. */
async function readImages(root: string, path: string, problems: Problem[]): Promise<ClassFolder["images"]> {
  const images: { path: string; bytes: number }[] = [];
  const unreadable: Problem[] = [];
  for (const { name, isUtf8: readable, stats } of (await listFolder(root, path)).entries) {
    const file = relativePath(path, name);
    const leaveOut = (why: string): void => void problems.push({ path: file, message: `${why}, left out` });
    if (stats === undefined) unreadable.push({ path: file, message: `${broken}, left out` });
    else if (stats.isDirectory()) leaveOut("a folder inside a class folder");
    else if (!stats.isFile()) leaveOut("not a regular file");
    else if (!imageSuffix.test(name)) leaveOut(`not ${formatsRead} by its suffix`);
    else if (!readable)
      unreadable.push({ path: file, message: `${notUtf8}, left out; ${renaming} ${path}, in the data folder` });
    else images.push({ path: file, bytes: stats.size });
  }
  const [first] = unreadable;
  if (images.length === 0 && first !== undefined) {
    throw new DatasetError(
      `${join(root, path)}: none of the ${unreadable.length} images of this class can be read (${first.path}: ${first.message})`,
    );
  }
  if (unreadable.length > 1) {
    problems.push({ path, message: `${unreadable.length} files of this class cannot be read, see below` });
  }
  problems.push(...unreadable);
  return images;
}
