/** What a download folder's journal says has been received, line by line, so that an interrupted download goes on where it was. */

import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { readText, writeError, writeFileAtomic } from "../../disk/files.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { DatasetError } from "../../errors.ts";

/** In the download folder; hidden, as it is no part of the data. */
export const journalName = ".naevus-download.jsonl";

const checksum = z.object({ bytes: z.number().int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const entry = z.object({
  id: z.string(),
  metadata: z.record(z.string(), z.string()),
  /** Without its query, which may hold a signature. */
  url: z.string(),
  receivedAt: z.string(),
  received: checksum,
  /** What stands in the files: what was received, or the reduced image made from it. */
  stored: checksum,
  /** Of the files' names, with its dot; it becomes part of a path, so nothing else will do. */
  suffix: z.enum([".jpg", ".png", ".tif"]),
});

const settings = z.object({ source: z.string(), version: z.literal(1), maxSide: z.number().int().nullable() });

/** An image that was received whole. */
export type JournalEntry = z.infer<typeof entry>;

/** What must be the same for a download to go on. */
export interface JournalSettings {
  readonly source: string;
  readonly maxSide: number | undefined;
}

/** What was fetched so far: a file in the download folder to which entries are added. */
export interface Journal {
  readonly entries: ReadonlyMap<string, JournalEntry>;
  /** Adds an entry, on disk first; throws a FileError where it cannot. */
  add(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the journal of a download folder, or begins one. A last line that was cut off by a kill or a full disk is dropped.
 *
 * @throws DatasetError where the folder holds a download of other settings, or the journal is damaged; FileError
 */
export async function openJournal(folder: string, wanted: JournalSettings): Promise<Journal> {
  const file = join(folder, journalName);
  const text = await readText(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new DatasetError(readSentence(file, error, "choose another folder"), { cause: error });
  });
  const header = `${JSON.stringify({ source: wanted.source, version: 1, maxSide: wanted.maxSide ?? null })}\n`;
  const entries = text === undefined ? new Map<string, JournalEntry>() : readEntries(file, text, wanted);
  // Written anew, so that what is appended follows a whole line.
  await writeFileAtomic(file, header + [...entries.values()].map((value) => `${JSON.stringify(value)}\n`).join(""));
  const handle = await open(file, "a").catch((error: unknown) => {
    throw writeError(file, error);
  });
  return appending(file, handle, entries);
}

function appending(file: string, handle: FileHandle, entries: Map<string, JournalEntry>): Journal {
  // One write at a time, so that lines never mix; and none after one that failed, which may have left half a line.
  let last: Promise<void> = Promise.resolve();
  const write = async (line: Buffer) => {
    try {
      for (let done = 0; done < line.length; ) {
        done += (await handle.write(line, done, line.length - done)).bytesWritten;
      }
    } catch (error) {
      throw writeError(file, error);
    }
  };
  return {
    entries,
    add(value) {
      const line = Buffer.from(`${JSON.stringify(value)}\n`);
      last = last.then(() => write(line));
      return last.then(() => void entries.set(value.id, value));
    },
    async close() {
      await last.catch(() => undefined);
      await handle.close();
    },
  };
}

function readEntries(file: string, text: string, wanted: JournalSettings): Map<string, JournalEntry> {
  const lines = text.split("\n");
  // Whatever follows the last line feed was cut off.
  const [header = "", ...rest] = lines.slice(0, -1);
  const found = settings.safeParse(parsed(header)).data;
  if (found === undefined) {
    throw new DatasetError(
      `${file}: not a journal that this version of naevus can read; choose another folder, or delete this one`,
    );
  }
  if (found.source !== wanted.source || (found.maxSide ?? undefined) !== wanted.maxSide) {
    const resolution = found.maxSide === null ? "full resolution" : `a longest side of ${found.maxSide} pixels`;
    throw new DatasetError(
      `${dirname(file)}: holds a download of ${found.source} at ${resolution}; give the same settings to go on with it, or choose another folder`,
    );
  }
  const entries = new Map<string, JournalEntry>();
  for (const line of rest) {
    // A damaged line costs one image, which is fetched again.
    const { data } = entry.safeParse(parsed(line));
    if (data) entries.set(data.id, data);
  }
  return entries;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
