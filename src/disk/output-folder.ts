/** Folders that naevus writes to: inside a data folder they get a mark, so that what was written never becomes a class. */

import { mkdir, readdir, realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { DatasetError } from "../errors.ts";
import { isClutter } from "./clutter.ts";
import { fileExists, refuseUnwritable, writeError } from "./files.ts";

/** The file in a folder that says that naevus wrote the folder, and that reading a data set passes over it. */
const outputMarker = ".naevus-output";

const notice = "naevus wrote this folder. While this file is here, it is no class of the data around it.\n";

/** Whether a folder is one that naevus wrote, as far as its mark tells. */
export const isOutputFolder = (folder: string): Promise<boolean> => fileExists(join(folder, outputMarker));

/**
 * Refuses a folder that may not be written to, and one inside the data folder that holds something that naevus did not write: it may be a class.
 *
 * @returns whether the folder needs the mark, because it lies in the data folder and not in a marked one
 * @throws DatasetError where it holds something; FileError where it may not be written to
 */
export async function checkOutputFolder(folder: string, data: string): Promise<boolean> {
  await refuseUnwritable(folder);
  const inside = await foldersFrom(data, folder);
  if (inside === undefined || (await Promise.all(inside.map(isOutputFolder))).some(Boolean)) return false;
  if (!(await isNewOrEmpty(folder))) {
    throw new DatasetError(
      `${folder}: lies in the data folder and holds other files, so that what is written there could be read as data; ` +
        "choose a new folder, or one outside of the data",
    );
  }
  return true;
}

/**
 * Makes a folder for what naevus writes, with the folders above it. Inside the data folder the outermost one that is new gets the mark.
 *
 * @throws DatasetError as {@link checkOutputFolder}; FileError
 */
export async function makeOutputFolder(folder: string, data: string): Promise<void> {
  const needsMark = await checkOutputFolder(folder, data);
  const first = await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  if (!needsMark) return;
  const mark = join(first ?? folder, outputMarker);
  await writeFile(mark, notice).catch((error: unknown) => {
    throw writeError(mark, error);
  });
}

/** The folders between the data folder and one in it, this one included, outermost first; undefined where it is not in there. */
async function foldersFrom(data: string, folder: string): Promise<string[] | undefined> {
  const root = await realpath(data).catch(() => resolve(data));
  const target = await realPathOfNew(resolve(folder));
  const path = relative(root, target);
  if (path === "") return [root];
  if (path === ".." || path.startsWith(`..${sep}`) || resolve(path) === path) return undefined;
  const names = path.split(sep);
  return names.map((_, i) => join(root, ...names.slice(0, i + 1)));
}

/** The real path of a folder whose last parts may not exist yet. */
async function realPathOfNew(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path ? path : join(await realPathOfNew(parent), basename(path));
}

async function isNewOrEmpty(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw writeError(folder, error);
  });
  return names.every(isClutter);
}
