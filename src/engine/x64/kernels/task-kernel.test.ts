import { describe, expect, test } from "vitest";
import { r15, rcx } from "../assembler/operands.ts";
import { kernelKey, MOST_THREADS, taskKernel, taskList } from "./task-kernel.ts";

const untaken = new Array<bigint>(MOST_THREADS).fill(0n);
const team = { threadNumber: 1n, threadCount: 2n };

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
    const note = (what: string) => void order.push(what);
    const kernel = taskKernel({ kind: "test", shape: {}, name: "noted" }, () => {
      note("before");
      return { task: () => note("task"), after: () => note("after") };
    });
    const { bytes, features } = kernel.assemble(team);
    expect(bytes.length).toBeGreaterThan(0);
    expect([...features]).toEqual(["avx"]);
    expect(order).toEqual(["before", "task", "after"]);
  });

  test("keeps registers that are taken before the first task, and frees those of a task", () => {
    const kernel = taskKernel({ kind: "test", shape: {}, name: "registers" }, (a) => {
      const { kept } = a.registers.fixed({ kept: r15 });
      a.mov(kept, 1n);
      return {
        task() {
          const { own } = a.registers.general("own");
          expect(own.code).not.toBe(kept.code);
          a.mov(own, a.argument(0));
          a.add(own, kept);
        },
        after() {
          const { free } = a.registers.general("free");
          a.mov(free, kept);
        },
      };
    });
    expect(kernel.assemble(team)).toEqual(kernel.assemble(team));
  });

  test("refuses to keep a register that it needs between tasks", () => {
    const kernel = taskKernel({ kind: "test", shape: {}, name: "kept" }, (a) => {
      a.registers.fixed({ kept: rcx });
      return { task: () => {} };
    });
    expect(() => kernel.assemble(team)).toThrow("rcx is taken by 'kept'");
  });

  test("gives a task its arguments, and nothing that the caller or the list holds", () => {
    const kernel = taskKernel({ kind: "test", shape: {}, name: "arguments" }, (a) => {
      expect(() => a.argument(0)).toThrow("there is no task yet");
      const { registers } = a;
      return {
        task() {
          const codes = Object.values(registers.general(...Array.from({ length: 12 }, (_, index) => `r${index}`)));
          expect(codes.map(({ code }) => code).sort((x, y) => x - y)).toEqual([0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 13, 15]);
          expect(() => registers.general("one more")).toThrow(
            "no register is left for 'one more': the general registers are taken by r0, r1,",
          );
        },
      };
    });
    kernel.assemble(team);
  });
});

describe("kernelKey", () => {
  const key = (kind: string, shape: object) => kernelKey({ kind, shape });

  test("is the same for the same kind and shape, in whichever order its properties are", () => {
    const [shape, turned] = [
      { size: { height: 2, width: 3 }, cut: [1, 2] },
      { cut: [1, 2], size: { width: 3, height: 2 } },
    ];
    expect(key("pool", shape)).toBe(key("pool", turned));
  });

  test("tells every difference apart", () => {
    const keys = [
      key("pool", { size: [1, 2] }),
      key("pool", { size: [2, 1] }),
      key("pool", { size: [12] }),
      key("pool", { size: "12" }),
      key("pool", { size: 12 }),
      key("pool", { size: true }),
      key("pool", { size: { x: 12 } }),
      key("pool", {}),
      key("pool2", {}),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
