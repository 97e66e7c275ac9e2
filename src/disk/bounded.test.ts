/** Bounded concurrency: order, limit, and what happens after a failure. */
import { describe, expect, test } from "vitest";
import { Budget, forEachBounded } from "./bounded.ts";

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

describe("a budget", () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("is never exceeded, and given out in the order of asking", async () => {
    const budget = new Budget(10);
    const order: number[] = [];
    let [held, most] = [0, 0];
    const use = async (units: number) => {
      const release = await budget.take(units);
      order.push(units);
      held += units;
      most = Math.max(most, held);
      await turn();
      held -= units;
      release();
    };
    const asked = [4, 5, 8, 1, 1, 10, 2];
    await Promise.all(asked.map(use));
    expect(order).toEqual(asked);
    expect(most).toBeLessThanOrEqual(10);
  });

  test("gives more than all to one alone, and takes it back once", async () => {
    const budget = new Budget(10);
    const large = await budget.take(25);
    let second: (() => void) | undefined;
    const waiting = budget.take(1).then((release) => {
      second = release;
    });
    await turn();
    expect(second).toBeUndefined();
    large();
    large();
    await waiting;
    const rest = budget.take(10);
    second!();
    (await rest)();
  });
});
