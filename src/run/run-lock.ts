/** One process at a time trains in a run folder: two would write over each other's checkpoints and metrics. */
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeError } from "../files.ts";
import { RunError } from "./run-folder.ts";

const lockName = ".lock";

async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // On Linux a killed process answers until its parent takes note of its end, which in some containers nobody does.
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /.test(status);
}

/** Who has the lock: a living process as far as can be told; undefined where there is none. */
async function holderOf(file: string): Promise<{ readonly pid: string; readonly host: string } | undefined> {
  const [pid, host = ""] = (await readFile(file, "utf8").catch(() => "")).trim().split(" ");
  // A lock without content is one whose writer was killed at once.
  return pid && (host !== hostname() || (await isAlive(Number(pid)))) ? { pid, host } : undefined;
}

/** Whether a process trains in the run folder. */
export const isLocked = async (run: string): Promise<boolean> => (await holderOf(join(run, lockName))) !== undefined;

/**
 * Takes the run folder for this process; what it gives lets go of it. A lock that a killed process of this machine left is taken
 * over. Throws {@link RunError} where another process, or another training in this one, has it.
 */
export async function lockRun(run: string): Promise<() => Promise<void>> {
  const file = join(run, lockName);
  for (;;) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(`${process.pid} ${hostname()}\n`);
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(file, error);
    }
    const holder = await holderOf(file);
    if (holder) {
      throw new RunError(
        `${run}: process ${holder.pid} on ${holder.host} trains in this folder; ` +
          `wait for it to end, or, if it has ended, delete ${file}`,
      );
    }
    await rm(file, { force: true });
  }
}
