/** The folder that a download fills: image files by class, a journal of what was received, and tables made from it. */

import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { forEachBounded } from "../../disk/bounded.ts";
import { isClutter } from "../../disk/clutter.ts";
import { isTemporary, readWhole, removeTemporaryFiles, writeError, writeFileAtomic } from "../../disk/files.ts";
import { LockedError, lockFolder } from "../../disk/folder-lock.ts";
import { isName } from "../../disk/names-from-files.ts";
import { DatasetError } from "../../errors.ts";
import { csvText } from "../../formats/csv-text.ts";
import { byCodePoint } from "../../text/code-point-order.ts";
import { type Journal, type JournalEntry, type JournalSettings, journalName, openJournal } from "./journal.ts";
import type { ManifestEntry } from "./manifest.ts";
import { metadataTable } from "./metadata-table.ts";

/** Where each image stands. */
export type Places = ReadonlyMap<string, readonly ManifestEntry[]>;

/** An image that could not be had. */
export interface MissingImage {
  readonly id: string;
  readonly reason: string;
  /** Whether another attempt may have it. */
  readonly passing: boolean;
}

const checkedAtOnce = 4;

/** The entries of a manifest by image. Throws DatasetError where an id or a class is no name for a file or folder. */
export function placesOf(manifest: readonly ManifestEntry[]): Places {
  const places = new Map<string, ManifestEntry[]>();
  for (const entry of manifest) {
    const other = [entry.id, entry.className].find((name) => !isName(name));
    if (other !== undefined) {
      throw new DatasetError(
        `manifest: ${JSON.stringify(other)} cannot be the name of a file or folder; leave its images out`,
      );
    }
    places.set(entry.id, [...(places.get(entry.id) ?? []), entry]);
  }
  return places;
}

/** The size and SHA-256 of a file's content. */
export const checksumOf = (bytes: Uint8Array): JournalEntry["received"] => ({
  bytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});

const pathOf = ({ split, className, id }: ManifestEntry, suffix: string): string =>
  `${split === "train" ? "Train" : "Test"}/${className}/${id}${suffix}`;

/**
 * Opens a new or empty folder, or one that this download was begun in, takes it for this process until the journal is closed, and makes its
 * class folders.
 *
 * @throws DatasetError where the folder holds anything else, or another process works in it; FileError where it cannot be written
 */
export async function openDownloadFolder(
  root: string,
  settings: JournalSettings,
  places: Places,
  onWait: (message: string) => void,
): Promise<Journal> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw writeError(root, error);
  });
  const empty = names.every((name) => isTemporary(name) || isClutter(name));
  if (!empty && !names.includes(journalName)) {
    throw new DatasetError(`${root}: not empty, and no download of naevus; choose another folder`);
  }
  try {
    await mkdir(root, { recursive: true });
  } catch (error) {
    throw writeError(root, error);
  }
  const lock = await lockFolder(root, { onWait }).catch((error: unknown) => {
    throw error instanceof LockedError ? new DatasetError(error.message, { cause: error }) : error;
  });
  try {
    const journal = await beginDownload(root, settings, places);
    const close = async () => {
      await journal.close();
      await lock.release();
    };
    return { ...journal, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function beginDownload(root: string, settings: JournalSettings, places: Places): Promise<Journal> {
  await removeTemporaryFiles(root).catch((error: unknown) => {
    throw writeError(root, error);
  });
  // The journal comes first: without it, the folder would be taken for something else the next time.
  const journal = await openJournal(root, settings);
  const paths = [...places.values()].flat().map((entry) => dirname(pathOf(entry, "")));
  for (const folder of [...new Set(paths)].map((path) => join(root, path))) {
    try {
      await mkdir(folder, { recursive: true });
      await removeTemporaryFiles(folder);
    } catch (error) {
      await journal.close();
      throw writeError(folder, error);
    }
  }
  return journal;
}

/** Writes an image to all its places. */
export async function storeImage(
  root: string,
  places: readonly ManifestEntry[],
  suffix: string,
  bytes: Uint8Array,
): Promise<void> {
  for (const place of places) await writeFileAtomic(join(root, pathOf(place, suffix)), [bytes]);
}

/** How a folder is checked for what an earlier download left. */
export interface CheckOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Checks the files of an earlier run by their checksums; a file that is gone or damaged is made anew from another place of
 * the same image.
 *
 * @returns the images that stand at all their places
 */
export async function intactImages(
  root: string,
  places: Places,
  journal: Journal,
  { signal, onProgress }: CheckOptions,
): Promise<Set<string>> {
  const known = [...places].flatMap(([id, where]) => {
    const entry = journal.entries.get(id);
    return entry ? [{ id, where, entry }] : [];
  });
  const intact = new Set<string>();
  let done = 0;
  await forEachBounded(known, checkedAtOnce, async ({ id, where, entry: { suffix, stored } }) => {
    signal.throwIfAborted();
    let whole: Uint8Array | undefined;
    const spoilt: ManifestEntry[] = [];
    for (const place of where) {
      const bytes = await readWhole(join(root, pathOf(place, suffix))).catch(() => undefined);
      if (bytes && checksumOf(bytes).sha256 === stored.sha256) whole = bytes;
      else spoilt.push(place);
    }
    if (whole) {
      await storeImage(root, spoilt, suffix, whole);
      intact.add(id);
    }
    onProgress(++done, known.length);
  });
  return intact;
}

/**
 * Writes what the folder holds beside the images: `metadata.csv`, `received.csv`, `SHA256SUMS`, and `missing.csv` where something is
 * missing.
 */
export async function writeTables(
  root: string,
  places: Places,
  received: readonly JournalEntry[],
  missing: readonly MissingImage[],
): Promise<void> {
  const sorted = received.toSorted((a, b) => byCodePoint(a.id, b.id));
  await writeFileAtomic(join(root, "metadata.csv"), metadataTable(sorted.map(({ metadata }) => metadata)));
  const origins = sorted.map(({ id, received: { bytes, sha256 }, receivedAt, url }) => ({
    isic_id: id,
    bytes: String(bytes),
    sha256,
    received_at: receivedAt,
    url,
  }));
  const columns = ["isic_id", "bytes", "sha256", "received_at", "url"];
  await writeFileAtomic(join(root, "received.csv"), csvText(columns, origins));
  const sums = sorted.flatMap(({ id, suffix, stored }) =>
    places.get(id)!.map((place) => ({ path: pathOf(place, suffix), sha256: stored.sha256 })),
  );
  sums.sort((a, b) => byCodePoint(a.path, b.path));
  await writeFileAtomic(join(root, "SHA256SUMS"), sums.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(""));
  const list = join(root, "missing.csv");
  if (missing.length === 0) {
    await rm(list, { force: true }).catch((error: unknown) => {
      throw writeError(list, error);
    });
  } else {
    const rows = missing.map(({ id, reason }) => ({ isic_id: id, reason }));
    rows.sort((a, b) => byCodePoint(a.isic_id, b.isic_id));
    await writeFileAtomic(list, csvText(["isic_id", "reason"], rows));
  }
}
