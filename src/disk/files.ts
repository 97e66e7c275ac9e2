/** Files that are read whole, and written whole or not at all: a temporary name in the same folder, synced, then renamed. */
import { randomBytes } from "node:crypto";
import { fsync, type Stats } from "node:fs";
import { access, constants, type FileHandle, lstat, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { FileError, NaevusError } from "../errors.ts";
import { identityTag, isLeftBehind, ownIdentity, tagPattern } from "./process-identity.ts";
import { WrongKindError, writeTrouble } from "./system-errors.ts";

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

/** The failure to write `file` as a sentence for people; an error that has one already stays as it is. */
export function writeError(file: string, error: unknown): NaevusError {
  if (error instanceof NaevusError) return error;
  const { reason, cure } = writeTrouble(error);
  return new FileError(`${file}: could not be written: ${reason}; ${cure}`, { cause: error });
}

/** What stands at a path, in words. */
const kindOf = (stats: Stats): string => {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
};

/** What the system says of a regular file; throws as {@link readWhole} where it is none. */
export async function regularFile(file: string): Promise<Stats> {
  const stats = await stat(file);
  if (!stats.isFile()) throw new WrongKindError(file, kindOf(stats));
  return stats;
}

/**
 * The whole content of a regular file. Throws the system's errors and {@link WrongKindError}, which `readTrouble` puts in words: a pipe or
 * a device would let its reader wait for ever.
 */
export async function readWhole(file: string): Promise<Buffer> {
  await regularFile(file);
  return readFile(file);
}

/** {@link readWhole} as text in UTF-8. */
export const readText = async (file: string): Promise<string> => (await readWhole(file)).toString("utf8");

const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await handle.write(bytes, done, bytes.byteLength - done)).bytesWritten;
  }
};

/**
 * Makes what was written to a file last through a power cut, where the process may: Node's permission model forbids it for all files.
 * By its descriptor: the handles of yarn's Plug'n'Play have no `sync`.
 */
export const syncFile = ({ fd }: FileHandle): Promise<void> =>
  new Promise((resolve, reject) =>
    fsync(fd, (error) => (error && error.code !== "ERR_ACCESS_DENIED" ? reject(error) : resolve())),
  );

/** Makes a rename last, where the system lets folders be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  if (handle === undefined) return;
  await syncFile(handle).catch(() => undefined);
  await handle.close();
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
    await refuseOtherKind(file);
    handle = await open(temporary, "wx");
    for (const chunk of chunks) await writeAll(handle, chunk);
    await syncFile(handle);
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

/**
 * Throws a {@link FileError} where a folder may not be written to or made with those above it, so that long work need not be done to
 * learn it. What can change meanwhile, as the room on the disk, is not looked at.
 */
export async function refuseUnwritable(folder: string): Promise<void> {
  for (let above = folder; ; ) {
    try {
      // The point makes a file an error.
      return await access(`${above}${sep}.`, constants.W_OK);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      const isThere = !isMissing || (await fileExists(above));
      // Another process has made it since.
      if (isMissing && isThere && (await folderExists(above))) continue;
      if (isThere || dirname(above) === above) throw writeError(folder, error);
      above = dirname(above);
    }
  }
}

/** As {@link refuseUnwritable}, for a file whose folder has to be there. */
export async function refuseUnwritableFile(file: string): Promise<void> {
  try {
    await access(`${dirname(file)}${sep}.`, constants.W_OK);
    await refuseOtherKind(file);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Throws a {@link WrongKindError} for a pipe or device: a rename would replace it, as what `/dev/stdout` stands for, and a writer wait. */
export async function refuseOtherKind(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined);
  if (stats && !stats.isFile() && !stats.isDirectory()) throw new WrongKindError(file, kindOf(stats));
}

/** Whether anything has that path, a broken link too, as far as this process may look: whoever reads it says what is wrong with it. */
export const fileExists = (path: string): Promise<boolean> =>
  lstat(path).then(
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

/**
 * Removes temporary files that processes left in a folder that ended, and no file that another one is writing. Throws a
 * {@link FileError}.
 */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  try {
    for (const name of await readdir(folder)) {
      const match = temporaryPattern.exec(name);
      if (match === null) continue;
      const file = join(folder, name);
      const [, tag] = match;
      if (tag === undefined || (await isLeftBehind(file, tag))) await rm(file, { force: true });
    }
  } catch (error) {
    throw writeError(folder, error);
  }
}
