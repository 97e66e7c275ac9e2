/** SHA-256 of every file of a data set, without decoding: cached, so that files that did not change are not read again. */

import { createHash } from "node:crypto";
import { mkdir, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { forEachBounded } from "../disk/bounded.ts";
import { type FileState, fileState, sameState } from "../disk/file-state.ts";
import { readText, regularFile, writeError, writeFileAtomic } from "../disk/files.ts";
import { seal, unseal } from "../disk/sealed-text.ts";
import { readSentence, readTrouble } from "../disk/system-errors.ts";
import { DatasetError } from "../errors.ts";
import type { ImageRecord, Problem, Split } from "./dataset.ts";
import { bytesInMemory, type ImagePlaces, isInMemory, sourceOf } from "./image-source.ts";

/** Files read at once; the disk is what limits, and each holds one block in memory. */
const filesAtOnce = 8;
const blockBytes = 2 ** 18;

const format = "naevus content hashes 1";
const cacheSchema = z.strictObject({
  format: z.literal(format),
  files: z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.string()])),
});

type HashedFile = FileState & { readonly sha256: string };

/** How the contents of images are hashed. */
export interface HashOptions {
  /** Keeps the hashes between calls; without it every file is read. */
  readonly cacheFolder?: string | undefined;
  /** Called as files are hashed: how many are done, and of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The content of every image of a data set as a hash, with the files that could not be read. */
export interface ContentHashes {
  /** SHA-256 in hexadecimal, for each image in their order; undefined where the file cannot be read. */
  readonly sha256: readonly (string | undefined)[];
  /** The files that cannot be read, in the order of the images. */
  readonly problems: readonly Problem[];
}

/**
 * Hashes the content of images (paths relative to `root`). A file whose size and times are those of the cache is not opened.
 *
 * @throws FileError where the cache cannot be written; the signal's reason where it aborts
 */
export async function hashContents(
  dataset: ImagePlaces & { readonly images: readonly Pick<ImageRecord, "path">[] },
  { cacheFolder, onProgress, signal }: HashOptions = {},
): Promise<ContentHashes> {
  const { root, images } = dataset;
  const cacheFile = cacheFolder && join(cacheFolder, `contents-${await folderKey(root)}.json`);
  const known = cacheFile ? await readCache(cacheFile) : new Map<string, HashedFile>();
  const sha256 = new Array<string | undefined>(images.length).fill(undefined);
  const unreadable = new Array<Problem | undefined>(images.length).fill(undefined);
  let done = 0;
  let changed = false;
  await forEachBounded(images, filesAtOnce, async ({ path }, i) => {
    signal?.throwIfAborted();
    const file = sourceOf(dataset, path);
    try {
      if (typeof file !== "string") {
        sha256[i] = sha256Of(await bytesInMemory(file));
        onProgress?.(++done, images.length);
        return;
      }
      // Taken before reading: a file that changes meanwhile will not match it the next time.
      const state = fileState(await regularFile(file));
      const before = known.get(path);
      if (before !== undefined && sameState(before, state)) sha256[i] = before.sha256;
      else {
        sha256[i] = await hashFile(file);
        known.set(path, { ...state, sha256: sha256[i] });
        changed = true;
      }
    } catch (error) {
      unreadable[i] = { path, message: readTrouble(error, "").reason };
    }
    onProgress?.(++done, images.length);
  });
  if (cacheFolder && cacheFile && changed) {
    await mkdir(cacheFolder, { recursive: true }).catch((error: unknown) => {
      throw writeError(cacheFolder, error);
    });
    await writeFileAtomic(cacheFile, formatCache(known));
  }
  return { sha256, problems: unreadable.filter((problem) => problem !== undefined) };
}

/** SHA-256 of bytes, in hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** SHA-256 over class names and over split, class and content of every image: the same wherever the folder lies. */
export function dataFingerprint(
  classes: readonly string[],
  images: readonly { readonly split: Split; readonly label: number; readonly sha256: string }[],
): string {
  const entries = images.map(({ split, label, sha256 }) => `${split} ${label} ${sha256}`);
  return createHash("sha256")
    .update(JSON.stringify([classes, entries.sort()]))
    .digest("hex");
}

/** SHA-256 of a file, read block by block; throws what the system says where it cannot be read. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(file);
  try {
    const block = Buffer.allocUnsafe(blockBytes);
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, blockBytes);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** What a data folder is called in the cache, with whatever else its entry depends on; throws DatasetError where it is gone. */
export async function folderKey(root: string, ...more: readonly unknown[]): Promise<string> {
  const path = isInMemory(root)
    ? root
    : await realpath(root).catch((error: unknown) => {
        throw new DatasetError(readSentence(root, error, "give the folder of the images", "folder"), { cause: error });
      });
  return createHash("sha256")
    .update(JSON.stringify([path, ...more]))
    .digest("hex")
    .slice(0, 16);
}

/** The hashes of the last call; none where there was none or the file is damaged. */
async function readCache(file: string): Promise<Map<string, HashedFile>> {
  try {
    const { files } = cacheSchema.parse(JSON.parse(unseal(await readText(file)) ?? ""));
    return new Map(
      files.map(([path, bytes, modified, changed, sha256]) => [path, { bytes, modified, changed, sha256 }]),
    );
  } catch {
    return new Map();
  }
}

function formatCache(known: ReadonlyMap<string, HashedFile>): string {
  const content: z.infer<typeof cacheSchema> = {
    format,
    files: [...known].map(([path, file]) => [path, file.bytes, file.modified, file.changed, file.sha256]),
  };
  return seal(JSON.stringify(content));
}
