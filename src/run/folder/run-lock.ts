/** One process at a time trains in a run folder: two would write over each other's checkpoints and metrics. */
import { type FolderLock, LockedError, type LockOptions, lockFolder, refuseLocked } from "../../disk/folder-lock.ts";
import { RunError } from "../../errors.ts";

const asRunError = (error: unknown): never => {
  throw error instanceof LockedError ? new RunError(error.message, { cause: error }) : error;
};

/**
 * Takes a folder of a run, or of several, for this process. A lock that an ended process left is taken over. What it gives, and its `check`, throw
 * {@link RunError} where another process, or another training in this one, has it.
 */
export async function lockRun(run: string, options: LockOptions = {}): Promise<FolderLock> {
  const lock = await lockFolder(run, options).catch(asRunError);
  return { check: () => lock.check().catch(asRunError), release: () => lock.release() };
}

/** Throws {@link RunError} where a process is seen to work in the folder: before much is computed that could not be written there. */
export const refuseLockedRun = (run: string): Promise<void> => refuseLocked(run).catch(asRunError);
