/** What tells cheaply whether a file is still the one that was read. */
import type { Stats } from "node:fs";

/** A file's size and times: any rewriting changes one of them. */
export interface FileState {
  readonly bytes: number;
  readonly modified: number;
  /** When the file's inode last changed: set by the system alone, so it shows even a restored modification time. */
  readonly changed: number;
}

/** The part of a file's state that is compared. */
export const fileState = (stats: Stats): FileState => ({
  bytes: stats.size,
  modified: stats.mtimeMs,
  changed: stats.ctimeMs,
});

/** Whether a file is as it was, as far as size and dates tell. */
export const sameState = (a: FileState, b: FileState): boolean =>
  a.bytes === b.bytes && a.modified === b.modified && a.changed === b.changed;
