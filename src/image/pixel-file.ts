/** A file of images of one size, one after the other: written whole or not at all, and read by runs. */

import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeError } from "../files.ts";

/** Pixel files carry the writing process in their name, so that what a killed one left behind can be told from work under way. */
const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 6);
const ownership = /-([0-9a-f]{6})-(\d+)-[0-9a-f]{8}\.(?:rgb|tmp)$/;

function isAbandoned(name: string): boolean {
  const [, madeOn, pid] = ownership.exec(name) ?? [];
  if (madeOn !== host || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Removes a pack's pixel files that a killed process left, finished or not, but for the one in use. */
export async function removeAbandoned(folder: string, pack: string, inUse: string | undefined): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${pack}-`) && name !== inUse && isAbandoned(name)) {
      await rm(join(folder, name), { force: true }).catch(() => undefined);
    }
  }
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
    const name = `${pack}-${host}-${process.pid}-${randomBytes(4).toString("hex")}`;
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

  /** Adds an image and returns its place. Calls may overlap. Throws a FileError where the disk is full. */
  async add(image: Uint8Array): Promise<number> {
    const slot = this.#slots++;
    try {
      for (let done = 0; done < image.length; ) {
        const at = slot * this.#imageBytes + done;
        done += (await this.#handle.write(image, done, image.length - done, at)).bytesWritten;
      }
    } catch (error) {
      throw writeError(this.#file, error);
    }
    return slot;
  }

  /** Makes the file last and gives it its name. */
  async finish(): Promise<void> {
    try {
      await this.#handle.sync();
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
}

/** Reads the images of the given places into `out`, one after the other; neighbours in the file are read at once. */
export function readPixels(pixels: OpenPixelFile, slots: ArrayLike<number>, out: Uint8Array): void {
  const { imageBytes } = pixels;
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

/** Reads images of a pixel file, without holding any of them. */
export class PixelFileReader {
  readonly #pixels: OpenPixelFile;
  #open = true;

  /** Throws the system's error where the file cannot be opened. */
  constructor(file: string, imageBytes: number) {
    this.#pixels = { file, descriptor: openSync(file, "r"), imageBytes };
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

  close(): void {
    if (this.#open) closeSync(this.#pixels.descriptor);
    this.#open = false;
  }
}
