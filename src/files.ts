/** Files that are written whole or not at all: a temporary name in the same folder, synced, then renamed. */
import { randomBytes } from "node:crypto";
import { access, type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { identityTag, isLeftBehind, ownIdentity, tagPattern } from "./process-identity.ts";

/** A file that could not be written; the message names it and says what to do. */
export class FileError extends Error {
  override readonly name = "FileError";
}

/** The tag is that of the process that writes it; earlier versions had none. */
const temporaryPattern = new RegExp(`^\\.[^/]+?(?:\\.(${tagPattern}))?\\.[0-9a-f]{12}\\.tmp$`);
/** Characters of a file's name that its temporary name holds: not all, as a name may have the most that a system allows. */
const keptCharacters = 40;

/** A name beside `file` that no other file has, and that tells which process writes it. */
export const temporaryName = (file: string): string =>
  join(
    dirname(file),
    `.${basename(file).slice(0, keptCharacters)}.${identityTag(ownIdentity)}.${randomBytes(6).toString("hex")}.tmp`,
  );

const cures: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room and try again",
  EDQUOT: "your disk quota is used up; make room and try again",
  EFBIG: "the file is larger than the limit of the system (ulimit -f); raise it and try again",
  EACCES: "no permission to write there; change the permissions or choose another folder",
  EPERM: "no permission to write there; change the permissions or choose another folder",
  EROFS: "the disk is read-only; choose another folder",
  ENOENT: "the folder does not exist; create it or choose another one",
  ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
  EISDIR: "there is a folder of that name; choose another name",
};

/** The failure to write `file` as a sentence for people. */
export function writeError(file: string, error: unknown): FileError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new FileError(`${file}: could not be written: ${cures[code ?? ""] ?? message}`, { cause: error });
}

const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await handle.write(bytes, done, bytes.byteLength - done)).bytesWritten;
  }
};

/** Makes a rename last through a power cut, where the system lets folders be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/**
 * Writes a file atomically: readers see the old content or the new one. Where it fails, what stood there stays, the
 * temporary file is removed, and a {@link FileError} says why.
 */
export async function writeFileAtomic(file: string, content: string | readonly Uint8Array[]): Promise<void> {
  const temporary = temporaryName(file);
  const chunks = typeof content === "string" ? [Buffer.from(content)] : content;
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, "wx");
    for (const chunk of chunks) await writeAll(handle, chunk);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(file, error);
  }
}

/** Whether there is a file or folder of that path, as far as this process may look. */
export const fileExists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether there is a folder of that path, or a link to one, as far as this process may look. */
export const folderExists = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/** Whether a file name is one of {@link writeFileAtomic}'s temporary names. */
export const isTemporary = (name: string): boolean => temporaryPattern.test(name);

/** Removes temporary files that processes left in a folder that ended, and no file that another one is writing. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const match = temporaryPattern.exec(name);
    if (match === null) continue;
    const file = join(folder, name);
    const [, tag] = match;
    if (tag === undefined || (await isLeftBehind(file, tag))) await rm(file, { force: true });
  }
}
