import { describe, expect, test } from "vitest";
import { MOST_THREADS, taskKernel, taskList } from "./task-kernel.ts";

const untaken = new Array<bigint>(MOST_THREADS).fill(0n);

describe("taskList", () => {
  test("gives the number of tasks, the bytes of each, how many were taken of each share, then all arguments", () => {
    expect([
      ...taskList([
        [5n, 6],
        [7, -8n],
      ]),
    ]).toEqual([2n, 16n, ...untaken, 5n, 6n, 7n, -8n]);
  });

  test("may be empty", () => {
    expect([...taskList([])]).toEqual([0n, 0n, ...untaken]);
  });
});

describe("taskKernel", () => {
  test("has the code around the tasks once, before and after", () => {
    const order: string[] = [];
    const note = (what: string) => () => void order.push(what);
    const kernel = taskKernel("noted", note("body"), { before: note("before"), after: note("after") });
    expect(kernel.assemble({ threadNumber: 1n, threadCount: 2n }).length).toBeGreaterThan(0);
    expect(order).toEqual(["before", "body", "after"]);
  });
});
