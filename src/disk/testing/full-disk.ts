/** For tests: a disk that is full from some write on, as this process sees it, until there is room again. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

type Call = (...given: unknown[]) => Promise<unknown>;

/** Calls that need room on the disk. */
const onPaths = ["mkdir", "writeFile", "appendFile", "rename", "copyFile", "symlink", "link"] as const;
const onHandles = ["write", "writev", "writeFile", "appendFile", "truncate"] as const;

export interface FullDisk {
  /** Calls that needed room since {@link fill}, and those of them that failed. */
  readonly calls: number;
  readonly failures: number;
  /** From now on so many calls that need room succeed, and all after them fail, the first of them half-way through. */
  fill(after: number): void;
  makeRoom(): void;
}

const needsRoom = (flags: unknown): boolean =>
  typeof flags === "number" ? (flags & fs.constants.O_CREAT) !== 0 : /[wa+]/.test(String(flags ?? "r"));

const noSpace = (syscall: string, path: unknown) =>
  Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), {
    code: "ENOSPC",
    errno: -28,
    syscall,
    ...(typeof path === "string" && { path }),
  });

/** Puts itself in the place of Node's own functions for the rest of the process: a test file has one of its own. */
export async function imitateFullDisk(): Promise<FullDisk> {
  let room = Number.POSITIVE_INFINITY;
  let calls = 0;
  const isFull = (): boolean => ++calls > room;
  const own = fs.promises as unknown as Record<string, Call>;
  const { open } = own as { open: (...given: unknown[]) => Promise<fs.promises.FileHandle> };
  const handle = await open(import.meta.filename, "r");
  await handle.close();
  const handles = Object.getPrototypeOf(handle) as Record<string, Call>;

  const written = new WeakSet<object>();
  const writtenDescriptors = new Set<number>();

  const replace = (functions: Record<string, Call>, name: string) => {
    const original = functions[name]!;
    functions[name] = async function (this: unknown, ...given: unknown[]) {
      // Folders are opened to be synced, and need no room for it.
      const isRead = functions === handles && !written.has(this as object);
      if (isRead || !isFull()) return original.apply(this, given);
      await writeHalf(original.bind(this), name, given);
      throw noSpace(name, given[0]);
    };
  };
  for (const name of onPaths) replace(own, name);
  for (const name of onHandles) replace(handles, name);
  own.open = async (...given) => {
    if (needsRoom(given[1]) && isFull()) throw noSpace("open", given[0]);
    const opened = await open(...given);
    if (needsRoom(given[1])) {
      written.add(opened);
      writtenDescriptors.add(opened.fd);
    } else writtenDescriptors.delete(opened.fd);
    return opened;
  };
  const { fsync } = fs;
  const sync = (descriptor: number, callback: fs.NoParamCallback) => {
    if (writtenDescriptors.has(descriptor) && isFull()) callback(noSpace("fsync", undefined));
    else fsync(descriptor, callback);
  };
  Object.assign(fs, { fsync: sync });
  syncBuiltinESMExports();

  return {
    get calls() {
      return calls;
    },
    get failures() {
      return Math.max(0, calls - room);
    },
    fill(after) {
      room = after;
      calls = 0;
    },
    makeRoom() {
      room = Number.POSITIVE_INFINITY;
    },
  };
}

/** What still fits is written, as a system does. */
async function writeHalf(write: Call, name: string, given: readonly unknown[]): Promise<void> {
  const [first, second] = given;
  if (name === "write" && first instanceof Uint8Array) {
    const [, offset = 0, length = first.length, position] = given as [unknown, number?, number?, number?];
    await write(first, offset, Math.floor(length / 2), position);
  } else if (name === "appendFile" || name === "writeFile") {
    const content = typeof first === "string" && second !== undefined ? second : first;
    const bytes = typeof content === "string" ? Buffer.from(content) : (content as Uint8Array);
    const half = bytes.subarray(0, Math.floor(bytes.length / 2));
    await (content === first ? write(half) : write(first, half));
  }
}
