/** Which process something belongs to, and whether that process still lives. */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import { hostname } from "node:os";

/**
 * A process by what no other one has. Its id alone is given again, in a container that was started again even at once; with the time
 * that it was started at it is not, as long as the machine runs, among the processes that see each other.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Of the start of the machine and the namespace of process ids; where the system tells neither, of the host's name. */
  readonly space: string;
  /** Clock ticks from the start of the machine; 0 where the system does not tell. */
  readonly start: number;
}

/** `unseen`: in another container, on another machine, or there, but perhaps under an id that was given again. */
export type Liveness = "alive" | "dead" | "unseen";

function ifKnown<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether /proc is that of this process's namespace: a container may have its host's. */
const hasProc = ifKnown(() => readlinkSync("/proc/self")) === String(process.pid);

/** State and start of a process; undefined where the system does not tell. */
function statusOf(pid: number): { readonly state: string; readonly start: number } | undefined {
  const text = hasProc ? ifKnown(() => readFileSync(`/proc/${pid}/stat`, "utf8")) : undefined;
  // The fields from the third on: before them stands the program's name, which may hold anything.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields && { state: fields[0]!, start: Number(fields[19]) };
}

const boot = hasProc ? ifKnown(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")) : undefined;
const namespace = hasProc ? ifKnown(() => readlinkSync("/proc/self/ns/pid")) : undefined;

/** This process. */
export const ownIdentity: ProcessIdentity = {
  pid: process.pid,
  space: createHash("sha256")
    .update(boot === undefined || namespace === undefined ? `host ${hostname()}` : `${boot} ${namespace}`)
    .digest("hex")
    .slice(0, 12),
  start: statusOf(process.pid)?.start ?? 0,
};

/** Whether the system knows a process of this id. On Linux a killed one counts until its parent takes note, in some containers for ever. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !/[ZX]/.test(statusOf(pid)?.state ?? "");
}

/** Whether a process lives; `unseen` where this one cannot tell. */
export function livenessOf({ pid, space, start }: ProcessIdentity): Liveness {
  if (space !== ownIdentity.space) return "unseen";
  if (pid === ownIdentity.pid && start === ownIdentity.start) return "alive";
  if (!processExists(pid)) return "dead";
  const status = statusOf(pid);
  if (status === undefined || start === 0) return "unseen";
  return status.start === start ? "alive" : "dead";
}

/** An identity as part of a file's name. */
export const identityTag = ({ space, pid, start }: ProcessIdentity): string => `${space}-${pid}-${start}`;

/** Source of a regular expression for {@link identityTag}. */
export const tagPattern = "[0-9a-f]{12}-\\d{1,10}-\\d{1,16}";

/** How long nothing is written to a file that nobody writes any more, where its writer cannot be seen. */
const untouchedMilliseconds = 3_600_000;

/** Whether the process that a file's name tells of by its tag will never write it again. */
export async function isLeftBehind(file: string, tag: string): Promise<boolean> {
  const [space, pid, start] = tag.split("-");
  const liveness = livenessOf({ space: space!, pid: Number(pid), start: Number(start) });
  if (liveness !== "unseen") return liveness === "dead";
  const written = await stat(file).catch(() => undefined);
  return written !== undefined && Date.now() - written.mtimeMs > untouchedMilliseconds;
}
