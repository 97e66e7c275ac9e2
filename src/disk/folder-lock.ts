/**
 * One process at a time works in a folder: a file `.lock` in it says which.
 *
 * It is put in place whole, by a link, which fails where there is one. The lock of a process that ended is replaced by renaming. For that
 * a process first takes a second lock, the ticket, whose name comes from the content that it replaces: so only one can replace it,
 * and it looks once more whether that content still stands there. A ticket of a process that was killed is replaced in the same way.
 *
 * Whether a holder lives is known where it can be seen (`process-identity.ts`). From another container or machine it cannot: no clock,
 * host name or process id tells a living process there from an ended one. So a holder renews the time of its lock, in a thread that
 * goes on while the holder computes, and who finds such a lock watches it for a while. No clock is compared with another.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { FileError } from "../errors.ts";
import { temporaryName, writeError } from "./files.ts";
import { type Liveness, livenessOf, ownIdentity, processExists } from "./process-identity.ts";

const lockName = ".lock";
const renewalMilliseconds = 3000;
/** A lock that was not renewed for so long is that of a process that ended. */
const silentMilliseconds = 20_000;
const lookMilliseconds = 200;
/** More than any lock holds. */
const mostBytes = 1024;

/** A folder that another process, or something else in this one, works in. */
export class LockedError extends Error {
  override readonly name = "LockedError";
}

/** A folder that belongs to this process alone. */
export interface FolderLock {
  /** Throws {@link LockedError} where the folder is another's by now, as the process stood still for long. */
  check(): Promise<void>;
  /** Lets go of the folder. */
  release(): Promise<void>;
}

/** How a lock is taken. */
export interface LockOptions {
  /** Told where a lock has to be watched first, which takes up to 20 seconds. */
  readonly onWait?: ((message: string) => void) | undefined;
  /** How long a lock is watched. */
  readonly silence?: number;
}

interface FoundLock {
  readonly text: string;
  readonly renewed: number;
}

const unreadable: Readonly<Record<string, string>> = {
  EISDIR: "a folder",
  ELOOP: "a symbolic link",
  EACCES: "a file that may not be read",
  EPERM: "a file that may not be read",
};

/** What stands in a lock; undefined where there is none. */
async function readLock(file: string): Promise<FoundLock | undefined> {
  try {
    // Neither through a link, nor waiting for whoever writes to a pipe.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    try {
      const bytes = Buffer.alloc(mostBytes);
      const { bytesRead } = await handle.read(bytes, 0, mostBytes, null);
      return { text: bytes.toString("utf8", 0, bytesRead), renewed: (await handle.stat()).mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (unreadable[code] === undefined) throw writeError(file, error);
    throw new FileError(`${file}: ${unreadable[code]}, not a lock; remove it, if nothing works in its folder`, {
      cause: error,
    });
  }
}

const pattern = /^(\d{1,10}) (\S+)(?: ([0-9a-f]{12}) (\d{1,16}) [0-9a-f]{12})?\n?$/;

const ownText = (): string =>
  `${process.pid} ${hostname()} ${ownIdentity.space} ${ownIdentity.start} ${randomBytes(6).toString("hex")}\n`;

function holderLiveness(text: string): Liveness {
  const [, pid, host, space, start] = pattern.exec(text) ?? [];
  // Not of naevus, or not written to its end: watched.
  if (pid === undefined) return "unseen";
  if (space !== undefined) return livenessOf({ pid: Number(pid), space, start: Number(start) });
  // An earlier version renews nothing, so that watching tells nothing; this process is none.
  if (host !== hostname()) return "alive";
  return Number(pid) !== process.pid && processExists(Number(pid)) ? "alive" : "dead";
}

/** Watches a lock whose holder cannot be seen; undefined where it is another one by now, or gone. */
async function watch(file: string, { text, renewed }: FoundLock, silence: number): Promise<Liveness | undefined> {
  const begun = performance.now();
  do {
    await pause(Math.min(lookMilliseconds, silence));
    const now = await readLock(file);
    if (now?.text !== text) return undefined;
    if (now.renewed !== renewed) return "alive";
  } while (performance.now() - begun < silence);
  return "dead";
}

const holderOf = (text: string): string => {
  const [, pid, host] = pattern.exec(text) ?? [];
  return pid === undefined ? "another process" : `process ${pid} on ${host}`;
};

const lockedBy = (file: string, { text }: FoundLock): LockedError =>
  new LockedError(
    `${dirname(file)}: ${holderOf(text)} works in this folder; wait for it to end, or, if it has ended, delete ${file}`,
  );

/** Puts a lock in place, whole; false where there is one. */
async function create(file: string, text: string): Promise<boolean> {
  const temporary = temporaryName(file);
  const write = async (path: string) => {
    const handle = await open(path, "wx");
    try {
      await handle.writeFile(text);
    } catch (error) {
      // Half a lock would have everybody wait.
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
  };
  const isThere = (error: unknown) => (error as NodeJS.ErrnoException).code === "EEXIST";
  try {
    await write(temporary);
    // Where the disk's format has no links, it is put there empty and then written: who finds it so watches it.
    await link(temporary, file).catch((error) => (isThere(error) ? Promise.reject(error) : write(file)));
    return true;
  } catch (error) {
    if (isThere(error)) return false;
    throw writeError(file, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function take(file: string, own: string, { onWait, silence = silentMilliseconds }: LockOptions): Promise<void> {
  for (;;) {
    const found = await readLock(file);
    if (found === undefined) {
      if (await create(file, own)) return;
      continue;
    }
    let liveness: Liveness | undefined = holderLiveness(found.text);
    if (liveness === "unseen") {
      onWait?.(`${file}: waiting for a sign of life of ${holderOf(found.text)}, up to ${silence / 1000} seconds`);
      liveness = await watch(file, found, silence);
    }
    if (liveness === undefined) continue;
    if (liveness === "alive") throw lockedBy(file, found);
    const ticket = `${file}-${createHash("sha256").update(found.text).digest("hex").slice(0, 12)}`;
    try {
      await take(ticket, own, { silence });
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      // Another process is about to replace it.
      await pause(1);
      continue;
    }
    try {
      if ((await readLock(file))?.text === found.text) {
        await rename(ticket, file);
        return;
      }
    } catch (error) {
      await rm(ticket, { force: true }).catch(() => undefined);
      throw writeError(file, error);
    }
    await rm(ticket, { force: true });
  }
}

/** Renews the time of a lock; as a thread it goes on where the process computes for minutes without a pause. */
const renewal = `
const { workerData } = require("node:worker_threads");
const { futimesSync, openSync } = require("node:fs");
const lock = openSync(workerData.file, "r+");
const renew = () => {
  const now = new Date();
  try { futimesSync(lock, now, now); } catch {}
};
renew();
setInterval(renew, workerData.every);`;

/** Renews a lock from now on, where the process keeps it for longer than a moment; what it gives ends that. */
function renewing(file: string): () => Promise<void> {
  let worker: Worker | undefined;
  const begin = () => {
    const workerData = { file, every: renewalMilliseconds };
    // Without the thread, which Node's permission model may forbid, the lock holds for all who see this process.
    try {
      worker = new Worker(renewal, { eval: true, execArgv: [], workerData });
    } catch {
      return;
    }
    worker.unref();
    worker.on("error", () => undefined);
  };
  const timer = setTimeout(begin, renewalMilliseconds);
  timer.unref();
  return async () => {
    clearTimeout(timer);
    await worker?.terminate();
  };
}

/**
 * Takes a folder for this process until it lets go of it. A lock that an ended process left is taken over.
 *
 * @throws LockedError where another process, or something else in this one, has it; FileError where no lock can be written or read
 */
export async function lockFolder(folder: string, options: LockOptions = {}): Promise<FolderLock> {
  const file = join(folder, lockName);
  const own = ownText();
  await take(file, own, options);
  // Tickets for what does not stand here any longer, of processes that were killed: whoever has one will not use it.
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(file)}-`)) await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
  const endRenewal = renewing(file);
  const isOwn = async () => (await readLock(file))?.text === own;
  return {
    async check() {
      if (await isOwn()) return;
      throw new LockedError(
        `${folder}: the lock of process ${process.pid} is gone or another's by now; nothing more is written there`,
      );
    },
    async release() {
      await endRenewal();
      if (await isOwn()) await rm(file, { force: true });
    },
  };
}

/**
 * Looks at a folder again and again, and tells each time whether a process works in it. A holder that cannot be seen counts as one until
 * its lock was not renewed for `silence` milliseconds.
 */
export function observeLock(folder: string, silence = silentMilliseconds): () => Promise<boolean> {
  let last: FoundLock | undefined;
  let since = 0;
  return async () => {
    const found = await readLock(join(folder, lockName));
    if (found === undefined) return false;
    const liveness = holderLiveness(found.text);
    if (liveness !== "unseen") return liveness === "alive";
    if (found.text !== last?.text || found.renewed !== last.renewed) {
      last = found;
      since = performance.now();
    }
    return performance.now() - since < silence;
  };
}

/** Throws {@link LockedError} where the folder has a holder that is seen to live: earlier than {@link lockFolder}, not in place of it. */
export async function refuseLocked(folder: string): Promise<void> {
  const file = join(folder, lockName);
  const found = await readLock(file);
  if (found !== undefined && holderLiveness(found.text) === "alive") throw lockedBy(file, found);
}
