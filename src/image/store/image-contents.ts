/** What every image of a data set shows, as a hash of its decoded pixels: cached by content, so that no file is decoded twice for it. */

import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { folderKey, type HashOptions, hashContents } from "../../dataset/content-hashes.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { type ImageSource, sourceOf } from "../../dataset/image-source.ts";
import { forEachBounded } from "../../disk/bounded.ts";
import { readText, writeError, writeFileAtomic } from "../../disk/files.ts";
import { seal, unseal } from "../../disk/sealed-text.ts";
import { ImageError } from "../../errors.ts";
import { decoderVersion, readImage, withDecoded } from "../decoding/decode.ts";
import { pixelLimitKey } from "../decoding/pixel-limit.ts";
import { pixelHash } from "./pixel-hash.ts";

const format = "naevus pixel hashes 1";
/** By SHA-256 of the file: the hash of its pixels, or null where it cannot be decoded. */
const schema = z.strictObject({
  format: z.literal(format),
  decoder: z.string(),
  pixels: z.array(z.tuple([z.string(), z.string().nullable()])),
});

/** The hashes of images, each in their order. */
export interface ImageContents {
  /** SHA-256 of the file; undefined where it cannot be read. */
  readonly files: readonly (string | undefined)[];
  /** See `pixelHash`; of an image that cannot be decoded, the hash of its file. */
  readonly contents: readonly (string | undefined)[];
}

/**
 * Hashes files and decoded pixels of images (paths relative to `root`). A content that the cache knows is not opened.
 *
 * @throws DatasetError where the folder is gone; FileError where the cache cannot be written; the signal's reason where it aborts
 */
export async function imageContents(
  dataset: Pick<Dataset, "root" | "sources" | "images">,
  { cacheFolder, onProgress, signal }: HashOptions = {},
): Promise<ImageContents> {
  const { root, images } = dataset;
  const { sha256: files } = await hashContents(dataset, { cacheFolder, ...(signal && { signal }) });
  const cacheFile = cacheFolder && join(cacheFolder, `pixels-${await folderKey(root, ...pixelLimitKey())}.json`);
  const known = cacheFile ? await readCache(cacheFile) : new Map<string, string | null>();
  const wanted = new Map<string, string>();
  for (const [i, file] of files.entries()) {
    if (file !== undefined && !known.has(file)) wanted.set(file, images[i]!.path);
  }
  let done = images.length - wanted.size;
  await forEachBounded([...wanted], availableParallelism(), async ([file, path]) => {
    signal?.throwIfAborted();
    known.set(file, await hashPixels(sourceOf(dataset, path), path));
    onProgress?.(++done, images.length);
  });
  if (cacheFolder && cacheFile && wanted.size > 0) {
    await mkdir(cacheFolder, { recursive: true }).catch((error: unknown) => {
      throw writeError(cacheFolder, error);
    });
    const cached: z.infer<typeof schema> = { format, decoder: await decoderVersion(), pixels: [...known] };
    await writeFileAtomic(cacheFile, seal(JSON.stringify(cached)));
  }
  return { files, contents: files.map((file) => (file === undefined ? undefined : (known.get(file) ?? file))) };
}

async function hashPixels(source: ImageSource, name: string): Promise<string | null> {
  try {
    return await withDecoded(await readImage(source, name), name, pixelHash);
  } catch (error) {
    if (error instanceof ImageError) return null;
    throw error;
  }
}

async function readCache(file: string): Promise<Map<string, string | null>> {
  const version = await decoderVersion();
  try {
    const { decoder, pixels } = schema.parse(JSON.parse(unseal(await readText(file)) ?? ""));
    return new Map(decoder === version ? pixels : []);
  } catch {
    return new Map();
  }
}
