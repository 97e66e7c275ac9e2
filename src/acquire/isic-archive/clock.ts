/** The clock that downloads go by; tests give a faster one. */

import { stopwatch } from "../../stopwatch.ts";

/** The time as a download sees it, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970, for dates. */
  now(): number;
  /** Milliseconds since any moment, for waits, which a date that is set must not change. */
  elapsed(): number;
  /** Calls back once after some milliseconds; the result takes that back. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The computer's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: stopwatch,
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits; throws the signal's reason where it aborts meanwhile. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(milliseconds, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}
