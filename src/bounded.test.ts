/** Bounded concurrency: order, limit, and what happens after a failure. */
import { expect, test } from "vitest";
import { forEachBounded } from "./bounded.ts";

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("each item is done once, never more at a time than the limit", async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await forEachBounded([...Array(50).keys()], 3, async (item, index) => {
    expect(item).toBe(index);
    most = Math.max(most, ++running);
    await pause();
    running--;
    done.push(item);
  });
  expect(done.sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  expect(most).toBe(3);
});

test("a failure is thrown after the jobs under way have ended, and starts no more", async () => {
  const ended: number[] = [];
  const run = forEachBounded([0, 1, 2, 3, 4, 5], 2, async (item) => {
    if (item === 1) throw new Error("one");
    await pause();
    ended.push(item);
  });
  await expect(run).rejects.toThrow("one");
  expect(ended).toEqual([0]);
});
