/** Lists folders: the class folders of a split, and the image files in each. */

import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { forEachBounded } from "../bounded.ts";
import { byCodePoint } from "./code-point-order.ts";
import { DatasetError, type Problem } from "./records.ts";

/** The suffixes of the formats that are decoded, in lower case. A file's content decides, its suffix only selects it. */
const imageSuffix = /\.(jpe?g|jpe|jfif|png|webp|bmp|tiff?)$/i;

/** The formats in words. */
export const formatsRead = "JPEG, PNG, WebP, BMP or TIFF";

/** What an operating system leaves behind in folders, beside the names that begin with a dot. */
const clutter = new Set(["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"]);
const isHidden = (name: string): boolean => name.startsWith(".") || clutter.has(name.toLowerCase());

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
  /** In code-point order, each with what it is after following links; undefined where that cannot be said. */
  readonly entries: readonly { readonly name: string; readonly stats: Stats | undefined }[];
  readonly hidden: readonly string[];
}

/** Lists a folder given relative to the root; throws a DatasetError where it cannot be read. */
export async function listFolder(root: string, path: string): Promise<Listing> {
  const folder = join(root, path);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new DatasetError(`${folder}: ${folderTrouble(error)}`, { cause: error });
  }
  const visible = names.filter((name) => !isHidden(name)).sort(byCodePoint);
  const entries: { name: string; stats: Stats | undefined }[] = [];
  await forEachBounded(visible, statsAtOnce, async (name, i) => {
    entries[i] = { name, stats: await stat(join(folder, name)).catch(() => undefined) };
  });
  return { entries, hidden: names.filter(isHidden) };
}

function folderTrouble(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "no such folder; give the folder that holds Train and Test, or one folder per class";
    case "ENOTDIR":
      return "not a folder; give the folder that holds Train and Test, or one folder per class";
    case "EACCES":
    case "EPERM":
      return "this folder may not be read; change its permissions, or remove it from the data";
    default:
      return `this folder cannot be read (${(error as Error).message}); check the disk, or remove it from the data`;
  }
}

/** The names of the folders in a listing. */
export const foldersOf = (listing: Listing): string[] =>
  listing.entries.filter((entry) => entry.stats?.isDirectory()).map((entry) => entry.name);

/** The class folders of one split, in code-point order of their class names. */
export async function readClasses(root: string, part: string, problems: Problem[]): Promise<ClassFolder[]> {
  const relative = (...names: string[]): string => names.filter((name) => name !== "").join("/");
  const classes: ClassFolder[] = [];
  const listing = await listFolder(root, part);
  for (const { name, stats } of listing.entries) {
    if (stats === undefined)
      problems.push({ path: relative(part, name), message: "a broken link or unreadable, left out" });
    // Other files beside the class folders, such as a licence or metadata, are no part of the images.
    if (stats?.isFile() && imageSuffix.test(name))
      problems.push({ path: relative(part, name), message: "an image outside the class folders, left out" });
    if (!stats?.isDirectory()) continue;
    const path = relative(part, name);
    const images: { path: string; bytes: number }[] = [];
    for (const entry of (await listFolder(root, path)).entries) {
      const file = relative(path, entry.name);
      const leaveOut = (why: string): void => void problems.push({ path: file, message: `${why}, left out` });
      if (entry.stats === undefined) leaveOut("a broken link or unreadable");
      else if (entry.stats.isDirectory()) leaveOut("a folder inside a class folder");
      else if (!entry.stats.isFile()) leaveOut("not a regular file");
      else if (!imageSuffix.test(entry.name)) leaveOut(`not ${formatsRead} by its suffix`);
      else images.push({ path: file, bytes: entry.stats.size });
    }
    classes.push({ name: className(name), path, images });
  }
  return classes.sort((a, b) => byCodePoint(a.name, b.name));
}
