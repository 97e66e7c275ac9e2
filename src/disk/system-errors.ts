/** The system's errors in words: what is in the way of a path, and what to do about it. */
import { lstatSync } from "node:fs";
import { getSystemErrorMap } from "node:util";

/** Something else than the file or folder that was expected, such as a pipe, which could be read for ever. */
export class WrongKindError extends Error {
  override readonly name = "WrongKindError";
  /** With its article, such as `a pipe`. */
  readonly found: string;
  readonly path: string;

  constructor(path: string, found: string) {
    super(`${path}: ${found}`);
    this.found = found;
    this.path = path;
  }
}

/** What is wrong, and what to do. */
export interface Trouble {
  readonly reason: string;
  readonly cure: string;
}

const checkDisk = "check the disk and its cables, or choose another one";

/** What has the same words for reading and writing; the cure of reading is the caller's where there is none here. */
const troubles: Readonly<Record<string, Trouble>> = {
  ELOOP: { reason: "its links lead in a circle", cure: "mend or remove the link" },
  ENAMETOOLONG: { reason: "the name is too long for this system", cure: "choose a shorter one" },
  ERR_INVALID_ARG_VALUE: { reason: "no file can have this name (it holds a NUL character)", cure: "mend the name" },
  EINVAL: { reason: "this file system does not take that name", cure: "choose another name or disk" },
  EILSEQ: { reason: "this file system does not take that name", cure: "choose another name or disk" },
  EMFILE: { reason: "this process has too many files open", cure: "raise the limit (ulimit -n) and try again" },
  ENFILE: { reason: "too many files are open on this machine", cure: "end other programs and try again" },
  ENOMEM: { reason: "there is not enough memory for it", cure: "end other programs and try again" },
  EIO: { reason: "the disk fails", cure: checkDisk },
  ENXIO: { reason: "its device is gone", cure: checkDisk },
  ENODEV: { reason: "its device is gone", cure: checkDisk },
  ESTALE: { reason: "the network disk has lost it", cure: "mount the disk again and try again" },
  ETIMEDOUT: { reason: "the network disk does not answer", cure: "try again when it does" },
  ENOTCONN: { reason: "the network disk does not answer", cure: "mount the disk again and try again" },
  EHOSTDOWN: { reason: "the network disk does not answer", cure: "try again when it does" },
  EBUSY: { reason: "another program uses it", cure: "end that program and try again" },
  ETXTBSY: { reason: "another program uses it", cure: "end that program and try again" },
  EAGAIN: { reason: "another program uses it", cure: "end that program and try again" },
  EINTR: { reason: "the system was interrupted", cure: "try again" },
  ENOSYS: { reason: "this file system cannot do it", cure: "choose another disk" },
  ENOTSUP: { reason: "this file system cannot do it", cure: "choose another disk" },
  EXDEV: { reason: "it lies on another disk", cure: "choose a folder on one disk" },
};

const elsewhere = "change the permissions or choose another folder";

const writing: Readonly<Record<string, Trouble>> = {
  ...troubles,
  ENOSPC: { reason: "the disk is full", cure: "make room and try again" },
  EDQUOT: { reason: "your disk quota is used up", cure: "make room and try again" },
  EFBIG: {
    reason: "the file is larger than the limit of the system (ulimit -f)",
    cure: "raise it and try again",
  },
  EACCES: { reason: "no permission to write there", cure: elsewhere },
  EPERM: { reason: "no permission to write there", cure: elsewhere },
  EROFS: { reason: "the disk is read-only", cure: "choose another folder" },
  ENOENT: { reason: "the folder does not exist", cure: "create it or choose another one" },
  ENOTDIR: { reason: "a part of the path is a file, not a folder", cure: "choose another folder" },
  EISDIR: { reason: "there is a folder of that name", cure: "choose another name" },
  EEXIST: { reason: "a file of that name is in the way", cure: "choose another name" },
  ENOTEMPTY: { reason: "there is a folder of that name, which is not empty", cure: "choose another name" },
  EPIPE: { reason: "its reader has ended", cure: "start the reader again" },
};

/** An error that the system or Node gave for a path or a device, and that is no sentence for people. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== "string") return false;
  // Some have no call, such as those of streams.
  return (
    syscall !== undefined || /^E[A-Z0-9]+$/.test(code) || code === "ERR_INVALID_ARG_VALUE" || Object.hasOwn(sizes, code)
  );
}

/** Node's own limits. */
const sizes: Readonly<Record<string, Trouble>> = {
  ERR_FS_FILE_TOO_LARGE: { reason: "larger than 2 GiB, so it cannot be read at once", cure: "give a smaller one" },
  ERR_STRING_TOO_LONG: { reason: "too large to be read as text", cure: "give a smaller one" },
};

const descriptions = new Map([...getSystemErrorMap().values()]);

/** Any other error: the system's description without its code, which says nothing to most people. */
const inWords = (error: unknown): string => {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return descriptions.get(code) ?? (message || String(error));
};

const isLink = (path: string | undefined): boolean => {
  try {
    return path !== undefined && lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
};

/**
 * Why reading a file or listing a folder failed.
 *
 * @param give what the user should give instead, such as `give the CSV file of the metadata`; the cure where nothing else is to be done
 */
export function readTrouble(error: unknown, give: string, expected: "file" | "folder" = "file"): Trouble {
  if (error instanceof WrongKindError) return { reason: `${error.found}, not a ${expected}`, cure: give };
  const { code = "", path } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: isLink(path) ? "a link to something that is gone" : `no such ${expected}`,
    ENOTDIR: expected === "folder" ? "not a folder" : "no such file (a part of the path is a file, not a folder)",
    EISDIR: "a folder, not a file",
    EEXIST: "something else has that name",
  };
  if (Object.hasOwn(reasons, code)) return { reason: reasons[code]!, cure: give };
  if (code === "EACCES" || code === "EPERM") return { reason: "may not be read", cure: "change its permissions" };
  return troubles[code] ?? sizes[code] ?? { reason: `cannot be read (${inWords(error)})`, cure: checkDisk };
}

/** {@link readTrouble} as a sentence that names the path. */
export function readSentence(path: string, ...about: Parameters<typeof readTrouble>): string {
  const { reason, cure } = readTrouble(...about);
  return `${path}: ${reason}; ${cure}`;
}

/** Why making, writing, renaming or removing something failed. */
export function writeTrouble(error: unknown): Trouble {
  if (error instanceof WrongKindError) {
    return { reason: `there is ${error.found} of that name`, cure: "choose another name" };
  }
  const { code = "", path } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" && isLink(path)) {
    return { reason: "a link to something that is gone has that name", cure: "mend or remove it" };
  }
  return writing[code] ?? { reason: inWords(error), cure: "check the disk or choose another folder" };
}

/** A system error that nobody has put in words before: the path, where it says one, and what is wrong. */
export function systemSentence(error: NodeJS.ErrnoException): string {
  const { path, syscall = "" } = error;
  if (syscall === "uv_cwd") return "the folder that this command was started in is gone; change to another one";
  const about = path === undefined ? "" : `${path}: `;
  const isReading = /^(open|read|stat|lstat|fstat|scandir|opendir|realpath|readlink|access)$/.test(syscall);
  const { reason, cure } =
    isReading && error.code !== "ENOSPC" ? readTrouble(error, "check the path") : writeTrouble(error);
  return `${about}${reason}; ${cure}`;
}
