/** Writes the phantom data set to a folder as JPEG files, whole or not at all. */

import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { phantomMarker } from "../../dataset/dataset.ts";
import { forEachBounded } from "../../disk/bounded.ts";
import { readText, writeError } from "../../disk/files.ts";
import { DatasetError } from "../../errors.ts";
import { encodeJpeg } from "../../image/encode.ts";
import { phantomImages } from "./phantom.ts";

/** Settings of {@link writePhantomDataset}. */
export interface PhantomOptions {
  /** Number of images; 2,357 is as many as in the real set. At least one for each class and split is drawn, 18 in all. */
  readonly images: number;
  /** Width and height in pixels. */
  readonly size: number;
  readonly seed: number;
  /** Called as images are drawn: how many are done, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Raised when other pictures come out of the same settings. */
const version = 1;

/**
 * Draws the phantom set into `folder`, as `Train/<class>/*.jpg` and `Test/<class>/*.jpg`, with a marker by which `readDataset` knows it.
 * It is drawn beside the folder and renamed at the end. A folder that already holds the same set is left as it is.
 *
 * @throws DatasetError where the folder holds anything else; FileError where it cannot be written; the signal's reason where it aborts
 */
export async function writePhantomDataset(folder: string, options: PhantomOptions): Promise<void> {
  const { images, size, seed, onProgress, signal } = options;
  const marker = `${JSON.stringify({ phantom: version, images, size, seed })}\n`;
  const target = resolve(folder);
  if (await holds(target, marker)) return;
  const drawn = `${target}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const planned = phantomImages({ images, size, seed });
    for (const path of new Set(planned.map((image) => dirname(image.path)))) {
      await mkdir(join(drawn, path), { recursive: true });
    }
    let done = 0;
    await forEachBounded(planned, availableParallelism(), async ({ path, draw }) => {
      signal?.throwIfAborted();
      const jpeg = await encodeJpeg({ width: size, height: size, data: draw() }, { quality: 92 });
      await writeFile(join(drawn, path), jpeg);
      onProgress?.(++done, planned.length);
    });
    await writeFile(join(drawn, phantomMarker), marker);
    await rmdir(target).catch(() => undefined);
    await rename(drawn, target);
  } catch (error) {
    await rm(drawn, { recursive: true, force: true }).catch(() => undefined);
    if (signal?.aborted) throw error;
    // Another process may have drawn the same set meanwhile.
    if (await holds(target, marker)) return;
    throw writeError(target, error);
  }
}

/** Whether the folder holds the set of this marker; false where it is missing or empty, DatasetError where it holds anything else. */
async function holds(folder: string, marker: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw writeError(folder, error);
  });
  if (names.length === 0) return false;
  if (!names.includes(phantomMarker)) {
    throw new DatasetError(`${folder}: not empty, and what is there was not drawn by naevus; choose another folder`);
  }
  if ((await readText(join(folder, phantomMarker)).catch(() => "")) !== marker) {
    throw new DatasetError(
      `${folder}: holds a phantom set of other settings; choose another folder, or delete this one`,
    );
  }
  return true;
}
