/**
 * A file of images of one size, one after the other: written whole or not at all, and read by runs.
 *
 * Every image has a checksum, which the pack's index keeps. An image is compared with it when it is first read, by whichever thread of the
 * process; the next times it costs nothing, and what changes between them is not seen.
 */

import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { syncFile, writeError } from "../../disk/files.ts";
import { identityTag, isLeftBehind, ownIdentity, tagPattern } from "../../disk/process-identity.ts";
import { xxHash32 } from "./xxhash.ts";

/** A pixel file of a pack: it carries the writing process in its name, so that what a killed one left can be told from work under way. */
const namePattern = new RegExp(`^-(${tagPattern})-[0-9a-f]{8}\\.(rgb|tmp)$`);
/** Those of earlier versions, whose processes could not be told apart. */
const earlierPattern = /^-[0-9a-f]{6}-\d+-[0-9a-f]{8}\.(?:rgb|tmp)$/;

/** Whether a name is that of a finished pixel file of a pack, and so no path to anywhere else. */
export function isPixelFile(name: string, pack: string): boolean {
  return name.startsWith(pack) && namePattern.exec(name.slice(pack.length))?.[2] === "rgb";
}

/** A pack's pixel files that an ended process left, finished or not; some of them may be in use all the same. */
export async function leftPixelFiles(folder: string, pack: string): Promise<string[]> {
  const left: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(pack)) continue;
    const rest = name.slice(pack.length);
    const [, tag] = namePattern.exec(rest) ?? [];
    const file = join(folder, name);
    if (tag === undefined ? earlierPattern.test(rest) : await isLeftBehind(file, tag)) left.push(name);
  }
  return left;
}

/** Where an image is in a pixel file, counted in images, and its checksum. */
export interface StoredImage {
  readonly slot: number;
  readonly checksum: number;
}

/** Writes the images of a new pixel file under a temporary name until {@link PixelFileWriter.finish}. */
export class PixelFileWriter {
  readonly name: string;
  readonly #temporary: string;
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #imageBytes: number;
  #slots = 0;

  private constructor(folder: string, name: string, temporary: string, handle: FileHandle, imageBytes: number) {
    this.name = name;
    this.#file = join(folder, name);
    this.#temporary = temporary;
    this.#handle = handle;
    this.#imageBytes = imageBytes;
  }

  /** Creates the file under a name that no other process has. Throws a FileError where it cannot. */
  static async create(folder: string, pack: string, imageBytes: number): Promise<PixelFileWriter> {
    const name = `${pack}-${identityTag(ownIdentity)}-${randomBytes(4).toString("hex")}`;
    const temporary = join(folder, `${name}.tmp`);
    try {
      return new PixelFileWriter(folder, `${name}.rgb`, temporary, await open(temporary, "wx"), imageBytes);
    } catch (error) {
      throw writeError(join(folder, `${name}.rgb`), error);
    }
  }

  /** Number of images added. */
  get slots(): number {
    return this.#slots;
  }

  /** Adds an image. Calls may overlap. Throws a FileError where the disk is full. */
  async add(image: Uint8Array): Promise<StoredImage> {
    const slot = this.#slots++;
    const checksum = xxHash32(image);
    try {
      for (let done = 0; done < image.length; ) {
        const at = slot * this.#imageBytes + done;
        done += (await this.#handle.write(image, done, image.length - done, at)).bytesWritten;
      }
    } catch (error) {
      throw writeError(this.#file, error);
    }
    return { slot, checksum };
  }

  /** Makes the file last and gives it its name. */
  async finish(): Promise<void> {
    try {
      await syncFile(this.#handle);
      await this.#handle.close();
      await rename(this.#temporary, this.#file);
    } catch (error) {
      throw writeError(this.#file, error);
    }
  }

  /** Removes the file, finished or not. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    for (const file of [this.#temporary, this.#file]) await rm(file, { force: true }).catch(() => undefined);
  }
}

/** A pixel file that this process has open: plain data, by which its other threads can read as well. */
export interface OpenPixelFile {
  readonly file: string;
  readonly descriptor: number;
  readonly imageBytes: number;
  /** By place, in memory that the threads share. */
  readonly checksums: Uint32Array;
  /** By place: 1 where the image was compared with its checksum. */
  readonly compared: Uint8Array;
}

/**
 * Reads the images of the given places into `out`, one after the other; neighbours in the file are read at once. Throws where an image is not
 * the one that was written.
 */
function readPixels(pixels: OpenPixelFile, slots: ArrayLike<number>, out: Uint8Array): void {
  const { imageBytes, checksums, compared } = pixels;
  if (out.length !== slots.length * imageBytes) {
    throw new RangeError(
      `packed images: ${slots.length} images need ${slots.length * imageBytes} bytes, got ${out.length}`,
    );
  }
  for (let start = 0; start < slots.length; ) {
    let end = start + 1;
    while (end < slots.length && slots[end] === slots[end - 1]! + 1) end++;
    readRun(pixels, slots[start]!, out.subarray(start * imageBytes, end * imageBytes));
    start = end;
  }
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if (compared[slot] === 1) continue;
    if (xxHash32(out.subarray(i * imageBytes, (i + 1) * imageBytes)) !== checksums[slot]) {
      throw new Error(`${pixels.file}: image ${slot + 1} in it is damaged; delete the file and start again`);
    }
    compared[slot] = 1;
  }
}

function readRun({ file, descriptor, imageBytes }: OpenPixelFile, slot: number, out: Uint8Array): void {
  for (let done = 0; done < out.length; ) {
    const count = readSync(descriptor, out, done, out.length - done, slot * imageBytes + done);
    if (count === 0) throw new Error(`${file}: shorter than its index says; delete it and start again`);
    done += count;
  }
}

/** Images of an open file, and their places in it. */
export interface ImageSelection extends OpenPixelFile {
  readonly slots: Uint32Array;
}

/** Reads images of a selection, in any thread of the process, into `out`; `rows` are indices into the selection. */
export function readSelection(selection: ImageSelection, rows: ArrayLike<number>, out: Uint8Array): void {
  readPixels(
    selection,
    Uint32Array.from(rows, (row) => selection.slots[row]!),
    out,
  );
}

/**
 * A selection for a thread that did not open it. Node's threads share descriptors and Deno's do not, so the thread opens the file for
 * itself; where the file was replaced meanwhile, only the descriptor still has it.
 */
export function selectionOfThread(selection: ImageSelection): ImageSelection {
  try {
    return { ...selection, descriptor: openSync(selection.file, "r") };
  } catch {
    return selection;
  }
}

/** Images that are compared with their checksums at once, without a look at anything else. */
const comparedAtOnce = 64;

/** Reads images of a pixel file, without holding any of them. */
export class PixelFileReader {
  readonly #pixels: OpenPixelFile;
  #open = true;

  /**
   * @param images all that are to be read, with their checksums; their places are smaller than `slots`
   *
   * Throws the system's error where the file cannot be opened.
   */
  constructor(file: string, imageBytes: number, slots: number, images: Iterable<StoredImage>) {
    const checksums = new Uint32Array(new SharedArrayBuffer(slots * 4));
    for (const { slot, checksum } of images) checksums[slot] = checksum;
    const compared = new Uint8Array(new SharedArrayBuffer(slots));
    this.#pixels = { file, descriptor: openSync(file, "r"), imageBytes, checksums, compared };
  }

  /** For {@link readPixels} until `close`. */
  get pixels(): OpenPixelFile {
    if (!this.#open) throw new Error("packed images: read after close");
    return this.#pixels;
  }

  /** As {@link readPixels}. */
  read(slots: ArrayLike<number>, out: Uint8Array): void {
    readPixels(this.pixels, slots, out);
  }

  /** Those of some images that are not as they were written. Throws the signal's reason where it aborts. */
  async damagedOf<Image extends StoredImage>(images: Iterable<Image>, signal?: AbortSignal): Promise<Image[]> {
    const damaged: Image[] = [];
    const buffer = new Uint8Array(this.#pixels.imageBytes);
    let count = 0;
    for (const image of images) {
      if (++count % comparedAtOnce === 0) {
        await nextTurn();
        signal?.throwIfAborted();
      }
      readRun(this.pixels, image.slot, buffer);
      if (xxHash32(buffer) !== image.checksum) damaged.push(image);
      else this.#pixels.compared[image.slot] = 1;
    }
    return damaged;
  }

  close(): void {
    if (this.#open) closeSync(this.#pixels.descriptor);
    this.#open = false;
  }
}
