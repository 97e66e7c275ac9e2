/** Ctrl-C (and a polite kill): the first asks the work to stop in order, a second one ends the process at once. */

/** The exit status of a command that was interrupted. */
export const interrupted = 130;

/** Runs `work` with a signal that the user's interruption aborts. */
export async function withInterruption<T>(
  onInterrupt: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const handle = () => {
    if (controller.signal.aborted) process.exit(interrupted);
    onInterrupt();
    controller.abort();
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", handle);
    process.off("SIGTERM", handle);
  }
}

export const isAbort = (error: unknown, signal: AbortSignal): boolean =>
  signal.aborted && (error === signal.reason || (error as Error)?.name === "AbortError");
