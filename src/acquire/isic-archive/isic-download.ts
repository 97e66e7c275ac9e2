/** Downloads a set of images from the ISIC Archive into class folders; interrupted at any time, it goes on where it was. */

import { setMaxListeners } from "node:events";
import { resolve } from "node:path";
import { forEachBounded } from "../../disk/bounded.ts";
import { ImageError } from "../../errors.ts";
import { ArchiveError } from "./archive-error.ts";
import { allowedAddresses } from "./archive-hosts.ts";
import { type ArchiveRecord, isicArchive, readRecord, recordAddress } from "./archive-record.ts";
import { type Clock, systemClock } from "./clock.ts";
import {
  checksumOf,
  intactImages,
  type MissingImage,
  openDownloadFolder,
  type Places,
  placesOf,
  storeImage,
  writeTables,
} from "./download-folder.ts";
import type { Journal } from "./journal.ts";
import type { ManifestEntry } from "./manifest.ts";
import { politeRequests } from "./polite-requests.ts";
import { type ReceivedImage, receivedImage, reducedImage } from "./received-image.ts";
import { withRetries } from "./retries.ts";

/** How the images of a manifest are fetched. */
export interface DownloadOptions {
  /** Images are reduced to at most this width and height in pixels, as JPEG; without it they stay as they were received. */
  readonly maxSide?: number | undefined;
  /** Images under way at once, default 8. */
  readonly parallel?: number;
  /** How often an image is asked for before it counts as missing, default 5. */
  readonly attempts?: number;
  /** Address of the interface, default the ISIC Archive's own. */
  readonly archive?: string;
  /** Further hosts, with their ports, that images may be fetched from, such as a mirror's; default the archive's own alone. */
  readonly imageHosts?: readonly string[] | undefined;
  /** Who asks, default `naevus`. */
  readonly userAgent?: string;
  /** The longest time without a byte, in milliseconds, default 30 s. */
  readonly stallMilliseconds?: number;
  /** What asks the archive; by default the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
  /** Uniform in [0, 1), for the pauses between attempts. */
  readonly random?: () => number;
  readonly signal?: AbortSignal;
  /** Told of all that happens; by default nobody is. */
  readonly onEvent?: (event: DownloadEvent) => void;
}

/** What a download tells while it goes. */
export type DownloadEvent =
  | { readonly kind: "warning"; readonly message: string }
  /** Images of an earlier run are checked against their checksums. */
  | { readonly kind: "checking"; readonly done: number; readonly total: number }
  /** `done` counts different images, those of an earlier run and the missing among them; `bytes` came in this run. */
  | {
      readonly kind: "downloading";
      readonly done: number;
      readonly total: number;
      readonly missing: number;
      readonly bytes: number;
    }
  /** Something failed, and is tried again after a pause. */
  | { readonly kind: "waiting"; readonly id: string; readonly reason: string; readonly seconds: number };

/** What a download left in its folder. */
export interface DownloadResult {
  readonly folder: string;
  /** Entries of the manifest: all, and those whose file stands in the folder. */
  readonly wanted: number;
  readonly files: number;
  /** Different images in the folder, and how many of them were fetched in this run. */
  readonly images: number;
  readonly fetched: number;
  readonly missing: readonly MissingImage[];
  /** Why the rest was not asked for; undefined where all was. */
  readonly gaveUp: string | undefined;
  /** Images by licence, the most frequent first. */
  readonly licences: ReadonlyMap<string, number>;
  /** Whether at least half of the files are there, and training images of every class. */
  readonly useful: boolean;
}

const maxRecordBytes = 2 ** 20;
const maxImageBytes = 2 ** 27;
const longestWait = 15 * 60_000;
/** Images in a row that could not be had, by a fault or whatever the reason; then the rest is not asked for. */
const giveUpAfter = { faults: 10, all: 100 };

/**
 * Downloads the images of a manifest as `Train/<class>/<id>.jpg` and `Test/<class>/<id>.jpg`. Each image is fetched once, however many
 * entries it has, and gets its name only when it was proved whole. What an earlier run received is checked by its checksum and not
 * fetched again. Beside the images stand `metadata.csv` (the archive's columns, with licence and attribution of every image),
 * `received.csv` (size and SHA-256 of what the archive sent), `SHA256SUMS` (of the files) and, where something could not be had,
 * `missing.csv` with the reasons.
 *
 * @param source names the manifest; a folder holds one source at one resolution
 * @throws DatasetError where the folder holds anything else; FileError where it cannot be written; the signal's reason where it
 *   aborts. The same call goes on after each of them.
 */
export async function downloadIsicImages(
  folder: string,
  source: string,
  manifest: readonly ManifestEntry[],
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const { signal, maxSide } = options;
  signal?.throwIfAborted();
  const root = resolve(folder);
  const places = placesOf(manifest);
  const journal = await openDownloadFolder(root, { source, maxSide }, places, (message) =>
    options.onEvent?.({ kind: "warning", message }),
  );
  const stop = new AbortController();
  // Every request and every pause listens.
  setMaxListeners(0, stop.signal);
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const there = await intactImages(root, places, journal, {
      signal: stop.signal,
      onProgress: (done, total) => options.onEvent?.({ kind: "checking", done, total }),
    });
    const kept = there.size;
    const { missing, gaveUp } = await fetchOthers({ root, places, journal, there }, options, stop);
    signal?.throwIfAborted();
    const received = [...there].map((id) => journal.entries.get(id)!);
    await writeTables(root, places, received, missing);
    return {
      folder: root,
      wanted: manifest.length,
      files: manifest.filter(({ id }) => there.has(id)).length,
      images: there.size,
      fetched: there.size - kept,
      missing,
      gaveUp,
      licences: counted(received.map(({ metadata }) => metadata.copyright_license ?? "not stated")),
      useful: isUseful(manifest, there),
    };
  } finally {
    signal?.removeEventListener("abort", abort);
    await journal.close();
  }
}

interface State {
  readonly root: string;
  readonly places: Places;
  readonly journal: Journal;
  /** The images that are there; grows. */
  readonly there: Set<string>;
}

/** Fetches all that is not there yet. */
async function fetchOthers(
  { root, places, journal, there }: State,
  options: DownloadOptions,
  stop: AbortController,
): Promise<{ missing: MissingImage[]; gaveUp: string | undefined }> {
  const { maxSide, parallel = 8, clock = systemClock, onEvent } = options;
  const fetchImage = imageFetcher(options, stop.signal);
  const missing: MissingImage[] = [];
  const total = places.size;
  let done = there.size;
  let bytesReceived = 0;
  const inARow = { faults: 0, all: 0 };
  let gaveUp: string | undefined;

  const tell = () => onEvent?.({ kind: "downloading", done, total, missing: missing.length, bytes: bytesReceived });
  const giveUp = (reason: string) => {
    gaveUp ??= reason;
    stop.abort(new ArchiveError("not asked for any more", { passing: true }));
  };

  tell();
  const others = [...places].filter(([id]) => !there.has(id));
  await forEachBounded(others, parallel, async ([id, where]) => {
    try {
      stop.signal.throwIfAborted();
      const { record, image, bytes } = await fetchImage(id);
      const reduce = maxSide !== undefined && Math.max(image.width, image.height) > maxSide;
      const stored = reduce ? await reducedImage(bytes, maxSide) : bytes;
      const suffix = reduce ? ".jpg" : image.suffix;
      // The journal comes first: what has a name is known to it, and is not fetched again after a kill in between.
      await journal.add({
        id,
        metadata: record.metadata,
        url: record.url.replace(/[?#].*$/, ""),
        receivedAt: new Date(clock.now()).toISOString(),
        received: checksumOf(bytes),
        stored: checksumOf(stored),
        suffix,
      });
      await storeImage(root, where, suffix, stored);
      there.add(id);
      bytesReceived += bytes.length;
      inARow.faults = 0;
      inARow.all = 0;
    } catch (error) {
      if (!(error instanceof ArchiveError)) {
        // Nothing more can be written, or the caller wants no more: the others need not go on.
        stop.abort(error);
        throw error;
      }
      missing.push({ id, reason: error.message, passing: error.passing });
      inARow.all++;
      inARow.faults = error.status === notThere ? 0 : inARow.faults + 1;
      if ((error.retryAfter ?? 0) > longestWait) {
        giveUp(`the archive asks to come back in ${Math.ceil(error.retryAfter! / 60_000)} minutes`);
      } else if (inARow.faults >= Math.max(giveUpAfter.faults, parallel) || inARow.all >= giveUpAfter.all) {
        giveUp(`${inARow.all} images in a row could not be had (the last one: ${error.message})`);
      }
    }
    done++;
    // What is not asked for any more is no progress.
    if (gaveUp === undefined) tell();
  });
  return { missing, gaveUp };
}

interface FetchedImage {
  readonly record: ArchiveRecord;
  readonly image: ReceivedImage;
  readonly bytes: Uint8Array;
}

/** A function that fetches an image and its record, in several attempts where needed. */
function imageFetcher(
  {
    attempts = 5,
    archive = isicArchive,
    imageHosts,
    userAgent = "naevus",
    stallMilliseconds = 30_000,
    fetch = globalThis.fetch,
    clock = systemClock,
    random = Math.random,
    onEvent,
  }: DownloadOptions,
  signal: AbortSignal,
): (id: string) => Promise<FetchedImage> {
  const requests = politeRequests({
    fetch,
    clock,
    signal,
    userAgent,
    stallMilliseconds,
    isAllowed: allowedAddresses(archive, imageHosts),
  });
  const attempt = async (id: string): Promise<FetchedImage> => {
    try {
      const record = await during("record", async () =>
        readRecord(await requests.get(recordAddress(archive, id), "application/json", maxRecordBytes), id),
      );
      return await during("image", async () => {
        const bytes = await requests.get(record.url, "image/*", maxImageBytes);
        return { record, bytes, image: await receivedImage(bytes, record) };
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  };
  return (id) =>
    withRetries(() => attempt(id), {
      attempts,
      clock,
      random,
      signal,
      longestWait,
      onRetry: ({ message }, pause) => onEvent?.({ kind: "waiting", id, reason: message, seconds: pause / 1000 }),
    });
}

/** The status of what the archive does not have. */
const notThere = 404;

/** Says of an error whether the record or the image was asked for, and whether it may pass. */
async function during<T>(what: "record" | "image", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ImageError) throw new ArchiveError(`image: ${cause.reason}`, { passing: true, cause });
    if (!(cause instanceof ArchiveError)) throw cause;
    const { message, status, retryAfter } = cause;
    if (what === "record" && status === notThere) {
      throw new ArchiveError(`not in the archive (${message})`, { passing: false, status, cause });
    }
    // An image that the archive has just given the address of: the address may have run out.
    const passing = cause.passing || (what === "image" && status !== undefined);
    throw new ArchiveError(`${what}: ${message}`, { passing, retryAfter, cause });
  }
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

function isUseful(manifest: readonly ManifestEntry[], there: ReadonlySet<string>): boolean {
  const present = manifest.filter(({ id }) => there.has(id));
  const trained = new Set(present.filter(({ split }) => split === "train").map(({ className }) => className));
  return present.length * 2 >= manifest.length && manifest.every(({ className }) => trained.has(className));
}
