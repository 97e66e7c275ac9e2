/** Tries again what failed for a passing reason: a bounded number of times, each after a longer pause. */

import { ArchiveError } from "./archive-error.ts";
import { type Clock, sleep } from "./clock.ts";

/** How often something is tried, and what the waits between are made of. */
export interface RetryOptions {
  readonly attempts: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** A server that asks for a longer pause than this, in milliseconds, is not asked again. */
  readonly longestWait: number;
  /** Told before every pause. */
  readonly onRetry?: (error: ArchiveError, milliseconds: number) => void;
}

const firstPause = 1000;
const longestPause = 60_000;

/** The pause after the n-th failure, n from 1: doubling, half of it random, so that parallel requests spread out. */
function backOff(failures: number, random: () => number): number {
  const whole = Math.min(longestPause, firstPause * 2 ** (failures - 1));
  return whole * (0.5 + random() / 2);
}

/**
 * Calls `work` until it succeeds, fails for good, or has failed `attempts` times. A server's own Retry-After comes before the
 * back-off.
 */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, clock, random, signal, longestWait, onRetry } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ArchiveError) || !error.passing || failures >= attempts) throw error;
      if ((error.retryAfter ?? 0) > longestWait) throw error;
      const pause = (error.retryAfter ?? 0) + backOff(error.retryAfter === undefined ? failures : 1, random);
      onRetry?.(error, pause);
      await sleep(clock, pause, signal);
    }
  }
}
