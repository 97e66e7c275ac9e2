/** Runs an asynchronous job for each item with a bound on how many are under way, so that memory and handles stay bounded. */

/**
 * Calls `job` for every item in order, at most `limit` at a time. The first failure stops the start of further jobs and is
 * thrown once those under way have ended, so that nothing runs on behind the caller's back.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  job: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  let failure: unknown;
  const worker = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const index = next++;
      try {
        await job(items[index]!, index);
      } catch (error) {
        if (!failed) failure = error;
        failed = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failed) throw failure;
}

/** A number of units that holders share, in the order in which they asked. */
export class Budget {
  readonly #all: number;
  #free: number;
  readonly #waiting: { readonly units: number; readonly start: () => void }[] = [];

  constructor(units: number) {
    this.#all = units;
    this.#free = units;
  }

  /** Waits for so many units, at most all; what it gives returns them, once. */
  async take(units: number): Promise<() => void> {
    const taken = Math.min(units, this.#all);
    if (this.#waiting.length > 0 || taken > this.#free) {
      await new Promise<void>((start) => this.#waiting.push({ units: taken, start }));
    } else this.#free -= taken;
    let held = taken;
    return () => {
      this.#free += held;
      held = 0;
      while (this.#waiting.length > 0 && this.#waiting[0]!.units <= this.#free) {
        const { units: wanted, start } = this.#waiting.shift()!;
        this.#free -= wanted;
        start();
      }
    };
  }
}
