/** Ctrl-C, a polite kill (docker stop, Slurm, systemd) and a closed terminal: the first asks the work to stop in order, a later one ends the process at once. */

import { printText, type Terminal } from "./terminal.ts";

/** The exit status of a command that was interrupted. */
export const interrupted = 130;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What comes so soon after the first is the same request: npx and timeout pass a signal on that the process has got already. */
const sameRequestMilliseconds = 500;

/** Runs `work` with a signal that the user's interruption aborts. */
export async function withInterruption<T>(
  onInterrupt: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const handle = () => {
    if (controller.signal.aborted) {
      if (performance.now() - first > sameRequestMilliseconds) process.exit(interrupted);
      return;
    }
    first = performance.now();
    onInterrupt();
    controller.abort();
  };
  for (const name of signals) process.on(name, handle);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, handle);
  }
}

/** Whether an error only says that `signal` was aborted. */
const isAbort = (error: unknown, signal: AbortSignal): boolean =>
  signal.aborted && (error === signal.reason || (error as Error)?.name === "AbortError");

/** A command that can be stopped: what it shows meanwhile, and what is said where it was. */
export interface Stoppable {
  readonly terminal: Terminal;
  readonly view: { readonly stop: () => void };
  /** Said to the user whose interruption ended the work. */
  readonly whenStopped: string | (() => string);
  /** Called at once where the user interrupts; by default the view is taken away. */
  readonly onInterrupt?: () => void;
}

/** Runs a command's work and gives its exit status, or {@link interrupted}. The view is taken away at the end, however it ends. */
export const stoppable = (
  { terminal, view, whenStopped, onInterrupt = view.stop }: Stoppable,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> =>
  withInterruption(onInterrupt, async (signal) => {
    try {
      return await work(signal);
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
      view.stop();
      printText(terminal.error, typeof whenStopped === "string" ? whenStopped : whenStopped());
      return interrupted;
    } finally {
      view.stop();
    }
  });
