/** The making of a pack: finds for every file the pixels that the cache already has, and decodes the rest into a new pixel file. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../../dataset/content-hashes.ts";
import { type ImagePlaces, sourceOf } from "../../dataset/image-source.ts";
import { type FileState, fileState, sameState } from "../../disk/file-state.ts";
import { readTrouble } from "../../disk/system-errors.ts";
import { ImageError } from "../../errors.ts";
import { readImage, withDecoded } from "../decoding/decode.ts";
import { fillFrame } from "../geometry.ts";
import {
  type Content,
  type DecodedContent,
  decodedContents,
  type PackForm,
  type PackIndex,
  packedBytes,
} from "./pack-index.ts";
import { PixelFileReader, PixelFileWriter } from "./pixel-file.ts";
import { pixelHash } from "./pixel-hash.ts";

/** A pack as the cache holds it. */
export interface Packed {
  readonly index: PackIndex;
  /** Undefined where no image was ever decoded. */
  readonly pixels: PixelFileReader | undefined;
  /** By path: why a file could not be read at all. Not kept in the index, so it is tried again the next time. */
  readonly unreadable: ReadonlyMap<string, string>;
}

type FileEntry = PackIndex["files"] extends ReadonlyMap<string, infer Entry> ? Entry : never;

/** Where a content's pixels are: in the pack that was there, in the new pixel file, or nowhere for a reason. */
type Place = { readonly known: Content } | { readonly added: DecodedContent } | { readonly reason: string };

/** The state of what has no file: its content alone tells whether it is known. */
const inMemory: FileState = { bytes: 0, modified: 0, changed: 0 };

/** One run over the files of a data folder. Call `add` for each file, then `finish`; or `abandon`. */
export class Packing {
  readonly #places: ImagePlaces;
  readonly #folder: string;
  readonly #name: string;
  readonly #form: PackForm;
  readonly #known: Packed | undefined;
  readonly #files = new Map<string, FileEntry>();
  readonly #pixels = new Map<string, Promise<Place>>();
  readonly #unreadable = new Map<string, string>();
  #writer: Promise<PixelFileWriter> | undefined;
  #opened: PixelFileReader | undefined;

  /** @param from.known what the cache holds for this folder; used as far as it still fits, and closed by `abandon` */
  constructor(from: {
    readonly places: ImagePlaces;
    readonly folder: string;
    readonly name: string;
    readonly form: PackForm;
    readonly known: Packed | undefined;
  }) {
    this.#places = from.places;
    this.#folder = from.folder;
    this.#name = from.name;
    this.#form = from.form;
    this.#known = from.known;
  }

  get #imageBytes(): number {
    return packedBytes(this.#form);
  }

  /** Finds or makes the pixels of one image. What is wrong with it becomes part of the result; only the cache's own trouble throws. */
  async add(path: string): Promise<void> {
    const source = sourceOf(this.#places, path);
    try {
      // Taken before reading: a file that changes meanwhile will not match it the next time.
      const state = typeof source === "string" ? fileState(await stat(source)) : inMemory;
      const known = state === inMemory ? undefined : this.#known?.index.files.get(path);
      if (known !== undefined && sameState(known, state) && this.#known!.index.contents.has(known.sha256)) {
        this.#files.set(path, known);
        if (!this.#pixels.has(known.sha256)) this.#pixels.set(known.sha256, this.#place(known.sha256));
        return;
      }
      const bytes = await readImage(source, path);
      const sha256 = sha256Of(bytes);
      let place = this.#pixels.get(sha256);
      if (place === undefined) {
        place = this.#place(sha256, bytes);
        this.#pixels.set(sha256, place);
      }
      await place;
      this.#files.set(path, { ...state, sha256 });
    } catch (error) {
      if (error instanceof ImageError) this.#unreadable.set(path, error.reason);
      else if ((error as NodeJS.ErrnoException).syscall === "stat") {
        this.#unreadable.set(path, readTrouble(error, "").reason);
      } else throw error;
    }
  }

  async #place(sha256: string, bytes?: Uint8Array): Promise<Place> {
    const known = this.#known?.index.contents.get(sha256);
    if (known !== undefined || bytes === undefined) return { known: known! };
    let image: Uint8Array;
    let pixels: string;
    try {
      const { size, geometry, resampling } = this.#form;
      [pixels, image] = await withDecoded(bytes, sha256, (whole) => [
        pixelHash(whole),
        fillFrame(whole, size, geometry, resampling),
      ]);
    } catch (error) {
      if (error instanceof ImageError) return { reason: error.reason };
      throw error;
    }
    this.#writer ??= PixelFileWriter.create(this.#folder, this.#name, this.#imageBytes);
    return { added: { ...(await (await this.#writer).add(image)), pixels } };
  }

  /** The finished pack. Its index is the known one itself where nothing changed; its pixels are, where nothing was decoded. */
  async finish(signal: AbortSignal | undefined): Promise<Packed> {
    const known = this.#known;
    const writer = await this.#writer;
    const contents = new Map<string, Content>(writer === undefined ? known?.index.contents : undefined);
    const buffer = new Uint8Array(this.#imageBytes);
    for (const [sha256, placing] of this.#pixels) {
      signal?.throwIfAborted();
      const place = await placing;
      if ("added" in place) contents.set(sha256, place.added);
      else if ("reason" in place) contents.set(sha256, place.reason);
      else if (writer !== undefined && typeof place.known !== "string") {
        known!.pixels!.read([place.known.slot], buffer);
        contents.set(sha256, { ...place.known, ...(await writer.add(buffer)) });
      } else contents.set(sha256, place.known);
    }
    const unreadable = this.#unreadable;
    if (writer !== undefined) {
      await writer.finish();
      const file = join(this.#folder, writer.name);
      this.#opened = new PixelFileReader(file, this.#imageBytes, writer.slots, decodedContents(contents));
      const pixelFile = { name: writer.name, state: fileState(await stat(file)) };
      const index = { pixelFile, slots: writer.slots, files: this.#files, contents };
      return { index, pixels: this.#opened, unreadable };
    }
    const same =
      known !== undefined && [...this.#files].every(([path, entry]) => known.index.files.get(path) === entry);
    if (same) return { ...known, unreadable };
    const files = new Map([...(known?.index.files ?? []), ...this.#files]);
    const index = { pixelFile: known?.index.pixelFile, slots: known?.index.slots ?? 0, files, contents };
    return { index, pixels: known?.pixels, unreadable };
  }

  /** Closes what is open and removes the new pixel file. */
  async abandon(): Promise<void> {
    this.#known?.pixels?.close();
    this.#opened?.close();
    const writer = await this.#writer?.catch(() => undefined);
    await writer?.abandon();
  }
}
