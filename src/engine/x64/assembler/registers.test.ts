import { describe, expect, test } from "vitest";
import { k, lowerHalf, r8, rax, rcx, rdx, zmm } from "./operands.ts";
import { Registers } from "./registers.ts";

describe("registers", () => {
  test("have one holder each, of every kind", () => {
    const registers = new Registers();
    const { a, b } = registers.general("a", "b");
    const { x, y } = registers.vectors("x", "y");
    const row = registers.row("row", 3);
    const { m, n } = registers.masks("m", "n");
    const { t, u } = registers.tiles("t", "u");
    expect([a.code, b.code, x.code, y.code, ...row.map(({ code }) => code)]).toEqual([0, 1, 0, 1, 2, 3, 4]);
    // k0 stands for no mask.
    expect([m.code, n.code, t.code, u.code]).toEqual([1, 2, 0, 1]);
    expect([x.bits, lowerHalf(x).bits, row[1]!.holder?.name]).toEqual([512, 256, "row[1]"]);
  });

  test("are free again when their scope ends, whether it ends well or not", () => {
    const registers = new Registers();
    const outer = registers.scope(() => {
      const { a } = registers.general("a");
      const inner = registers.scope(() => registers.general("b").b);
      expect([a.holder?.isLive, inner.holder?.isLive, inner.code]).toEqual([true, false, 1]);
      expect(registers.general("c").c.code).toBe(1);
      return a;
    });
    expect(outer.holder?.isLive).toBe(false);
    expect(() =>
      registers.scope(() => {
        registers.general("a");
        throw new Error("within");
      }),
    ).toThrow("within");
    expect(registers.general("d").d.code).toBe(0);
  });

  test("may be asked for by number, once", () => {
    const registers = new Registers();
    const { count } = registers.fixed({ count: r8, sum: zmm(31), mask: k(3) });
    expect(count).toMatchObject({ kind: "general", code: 8, holder: { name: "count" } });
    expect(() => registers.fixed({ other: r8 })).toThrow("r8 is taken by 'count': 'other' cannot have it");
    expect(() => registers.fixed({ other: lowerHalf(zmm(31)) })).toThrow("ymm31 is taken by 'sum'");
    registers.fixed({ first: rax, second: rdx });
    // What is left comes next.
    const { a, b } = registers.general("a", "b");
    expect([a.code, b.code]).toEqual([rcx.code, 6]);
  });

  test("run out with a list of their holders", () => {
    const registers = new Registers();
    registers.row("row", 32);
    expect(() => registers.vectors("more")).toThrow(
      "no register is left for 'more': the vector registers are taken by row[0], row[1],",
    );
    registers.masks("a", "b", "c", "d", "e", "f", "g");
    expect(() => registers.masks("h")).toThrow(
      "no register is left for 'h': the masks are taken by a, b, c, d, e, f, g",
    );
    registers.tiles("0", "1", "2", "3", "4", "5", "6", "7");
    expect(() => registers.tiles("8")).toThrow("the tiles are taken by 0, 1, 2");
    registers.general(...Array.from({ length: 15 }, (_, index) => `g${index}`));
    expect(() => registers.general("stack pointer")).toThrow("the general registers are taken by g0, g1");
  });
});
