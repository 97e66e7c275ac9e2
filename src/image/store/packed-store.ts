/** The packed store: every image decoded once to uint8 RGB, kept in a cache, and read back in any order. */

import { mkdir, rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { dataFingerprint } from "../../dataset/content-hashes.ts";
import type { Dataset, ImageRecord, Problem } from "../../dataset/dataset.ts";
import { forEachBounded } from "../../disk/bounded.ts";
import { cacheFolder as usualFolder } from "../../disk/cache-folder.ts";
import { fileState, sameState } from "../../disk/file-state.ts";
import { writeError, writeFileAtomic } from "../../disk/files.ts";
import { DatasetError } from "../../errors.ts";
import { byCodePoint } from "../../text/code-point-order.ts";
import type { Geometry } from "../geometry.ts";
import { heightAndWidth, type ImageSize } from "../image-size.ts";
import type { ResamplingFilter } from "../resampling.ts";
import {
  type Content,
  decodedContents,
  formatPackIndex,
  type PackForm,
  packedBytes,
  packName,
  readPackIndex,
} from "./pack-index.ts";
import { type Packed, Packing } from "./packing.ts";
import { type ImageSelection, leftPixelFiles, PixelFileReader } from "./pixel-file.ts";

/** The images of a data set at working resolution; only those asked for are in memory. */
export interface PackedImages {
  readonly height: number;
  readonly width: number;
  /** Those that could be decoded, in the data set's order; `read` takes indices into it. */
  readonly images: readonly ImageRecord[];
  /** What each of them holds. */
  readonly contents: readonly ImageContent[];
  /** The data set's problems and those of decoding, by path. */
  readonly problems: readonly Problem[];
  /** SHA-256 over class names and over split, class and content of every image: the same wherever the folder lies. */
  readonly fingerprint: string;
  /** Reads images into `out`, which is (indices.length, height, width, 3) in RGB. */
  read(indices: ArrayLike<number>, out: Uint8Array): void;
  /** Some of the images as plain data, by which other threads can read them until `close`; `indices` as in `read`. */
  select(indices: ArrayLike<number>): ImageSelection;
  /** Closes the file; further reads throw. */
  close(): void;
}

/** An image by what it holds, wherever it lies. */
export interface ImageContent {
  /** SHA-256 of the file. */
  readonly file: string;
  /** See `pixelHash`: the same for every lossless copy of the picture. */
  readonly pixels: string;
}

/** Settings of {@link packImages}. */
export interface PackOptions {
  /** Height and width in pixels; one number for both. */
  readonly size: ImageSize;
  /** How images of another shape come to fill it; default `squash`. */
  readonly geometry?: Geometry;
  /** How they are made larger or smaller; default `cubic`. */
  readonly resampling?: ResamplingFilter;
  /**
   * Holds the decoded images; made where it is missing. Several processes and data sets may share it. By default that of all trainings:
   * `$XDG_CACHE_HOME/naevus` or `~/.cache/naevus`, else one in the temporary folder.
   */
  readonly cacheFolder?: string;
  /** Called as images are decoded: how many are done, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of what was damaged in the cache, and is decoded again. */
  readonly onWarning?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Decodes the images of a data set into the cache, or finds them there: a file whose size and times are unchanged is not even
 * opened, a file whose content is known (renamed, copied or touched) is not decoded again, all else is. The cache changes by renaming,
 * so a process that is killed, or a second one at work, spoils nothing. What is damaged in it is decoded again: where the pixel file's
 * times are others than they were, all images are compared with their checksums, else each when it is first read.
 *
 * An image that cannot be decoded is left out and reported in `problems`.
 *
 * @throws DatasetError where fewer than two classes keep a training image; FileError where the cache cannot be written; the
 *   signal's reason where it aborts
 */
export async function packImages(dataset: Dataset, options: PackOptions): Promise<PackedImages> {
  const { size, geometry = "squash", resampling = "cubic", onProgress, onWarning, signal } = options;
  if (!heightAndWidth(size).every((side) => Number.isInteger(side) && side > 0))
    throw new RangeError(`packed images: size must be positive whole numbers, got ${size}`);
  const cacheFolder = options.cacheFolder ?? (await usualFolder(undefined, onWarning));
  await mkdir(cacheFolder, { recursive: true }).catch((error: unknown) => {
    throw writeError(cacheFolder, error);
  });
  const form: PackForm = { size, geometry, resampling };
  const name = await packName(dataset.root, form);
  const indexFile = join(cacheFolder, `${name}.json`);
  // Before the index is read: who had ended by then writes no index that names them.
  const left = await leftPixelFiles(cacheFolder, name);
  const known = await openKnown({ indexFile, folder: cacheFolder, name, form }, { onWarning, signal });
  for (const file of left) {
    if (file !== known?.index.pixelFile?.name) await removeCached(join(cacheFolder, file));
  }
  const packing = new Packing({ places: dataset, folder: cacheFolder, name, form, known });
  let packed: Packed;
  try {
    let done = 0;
    await forEachBounded(dataset.images, availableParallelism(), async (image) => {
      signal?.throwIfAborted();
      await packing.add(image.path);
      onProgress?.(++done, dataset.images.length);
    });
    packed = await packing.finish(signal);
    if (packed.index !== known?.index) await writeFileAtomic(indexFile, await formatPackIndex(packed.index, form));
  } catch (error) {
    await packing.abandon();
    throw error;
  }
  if (packed.pixels !== known?.pixels) {
    known?.pixels?.close();
    const replaced = known?.index.pixelFile;
    // Another process that has it open keeps it until closing it.
    if (replaced !== undefined) await removeCached(join(cacheFolder, replaced.name));
  }
  try {
    return view(dataset, size, packed);
  } catch (error) {
    packed.pixels?.close();
    throw error;
  }
}

const removeCached = (file: string): Promise<void> => rm(file, { force: true }).catch(() => undefined);

/** Where a pack is in the cache. */
interface PackPlace {
  readonly indexFile: string;
  readonly folder: string;
  readonly name: string;
  readonly form: PackForm;
}

/** The pack that the cache holds, without what is damaged of it. */
async function openKnown(
  { indexFile, folder, name, form }: PackPlace,
  { onWarning, signal }: { readonly [K in "onWarning" | "signal"]: PackOptions[K] | undefined },
): Promise<Packed | undefined> {
  const imageBytes = packedBytes(form);
  const index = await readPackIndex(indexFile, name, form);
  if (index === "damaged") onWarning?.(`${indexFile}: damaged; all images are decoded again`);
  if (typeof index === "string") return undefined;
  const { pixelFile, slots, contents } = index;
  const unreadable = new Map<string, string>();
  if (pixelFile === undefined) return { index, pixels: undefined, unreadable };
  const file = join(folder, pixelFile.name);
  const stats = await stat(file).catch(() => undefined);
  // Deleted, or replaced by another process since the index was read.
  if (stats === undefined) return undefined;
  if (!stats.isFile() || stats.size !== slots * imageBytes) {
    onWarning?.(`${file}: damaged (not of the size that it had); all images are decoded again`);
    return undefined;
  }
  const decoded = decodedContents(contents);
  let pixels: PixelFileReader;
  try {
    pixels = new PixelFileReader(file, imageBytes, slots, decoded);
  } catch {
    return undefined;
  }
  const state = fileState(stats);
  if (sameState(state, pixelFile.state)) return { index, pixels, unreadable };
  try {
    const damaged = new Set<Content>(await pixels.damagedOf(decoded, signal));
    if (damaged.size > 0) {
      onWarning?.(
        `${file}: ${damaged.size} of ${decoded.length} images in it ${damaged.size === 1 ? "was damaged; it is" : "were damaged; they are"} decoded again`,
      );
    }
    const whole = {
      ...index,
      pixelFile: { ...pixelFile, state },
      contents: new Map([...contents].filter(([, content]) => !damaged.has(content))),
    };
    await writeFileAtomic(indexFile, await formatPackIndex(whole, form));
    return { index: whole, pixels, unreadable };
  } catch (error) {
    pixels.close();
    throw error;
  }
}

function view(dataset: Dataset, size: ImageSize, { index, pixels, unreadable }: Packed): PackedImages {
  const [height, width] = heightAndWidth(size);
  const images: ImageRecord[] = [];
  const slots: number[] = [];
  const contents: ImageContent[] = [];
  const problems = [...dataset.problems];
  const entries: Parameters<typeof dataFingerprint>[1][number][] = [];
  for (const image of dataset.images) {
    const sha256 = index.files.get(image.path)?.sha256;
    const content = unreadable.get(image.path) ?? (sha256 === undefined ? "not read" : index.contents.get(sha256)!);
    if (typeof content === "string") {
      problems.push({ path: image.path, message: `${content}, left out` });
      continue;
    }
    images.push(image);
    slots.push(content.slot);
    contents.push({ file: sha256!, pixels: content.pixels });
    entries.push({ split: image.split, label: image.label, sha256: sha256! });
  }
  problems.push(...emptiedClasses(dataset, images, problems));
  problems.sort((a, b) => byCodePoint(a.path, b.path));
  const fingerprint = dataFingerprint(dataset.classes, entries);
  const slotsOf = (indices: ArrayLike<number>): Uint32Array =>
    Uint32Array.from(indices, (i) => {
      const slot = slots[i];
      if (slot === undefined) throw new RangeError(`packed images: no image ${i} among ${slots.length}`);
      return slot;
    });
  return {
    height,
    width,
    images,
    contents,
    problems,
    fingerprint,
    read: (indices, out) => pixels!.read(slotsOf(indices), out),
    select: (indices) => ({ ...pixels!.pixels, slots: slotsOf(indices) }),
    close: () => pixels?.close(),
  };
}

/** The classes whose training images all failed; throws where too few are left to train on. */
function emptiedClasses(dataset: Dataset, kept: readonly ImageRecord[], problems: readonly Problem[]): Problem[] {
  const trained = (images: readonly ImageRecord[]): Set<number> =>
    new Set(images.filter((image) => image.split === "train").map((image) => image.label));
  const [before, after] = [trained(dataset.images), trained(kept)];
  if (kept.length === 0 || (before.size >= 2 && after.size < 2)) {
    const failed = new Set(dataset.images.map((image) => image.path));
    const example = problems.find((problem) => failed.has(problem.path));
    const which = example === undefined ? "" : ` (${example.path}: ${example.message})`;
    throw new DatasetError(
      `${dataset.root}: ${kept.length === 0 ? "no image" : "training images of fewer than two classes"} could be decoded${which}; ` +
        "give whole images of at least two classes",
    );
  }
  return [...before]
    .filter((label) => !after.has(label))
    .map((label) => ({
      path: dataset.classes[label]!,
      message: "none of this class's training images could be decoded",
    }));
}
