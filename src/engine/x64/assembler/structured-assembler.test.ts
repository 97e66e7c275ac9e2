/** What structure becomes, as the same instructions written one by one; and what it refuses. */
import { describe, expect, test } from "vitest";
import { Assembler } from "./assembler.ts";
import { at, masked, rax, rcx, rdx, rsp, ymm, zmm } from "./operands.ts";
import { type Comparison, StructuredAssembler } from "./structured-assembler.ts";

/** The bytes of code whose general registers are rax, rcx and rdx, and of plain code. */
function compare(
  structured: (a: StructuredAssembler, registers: ReturnType<typeof take>) => void,
  plain: (a: Assembler) => void,
): void {
  const [a, b] = [new StructuredAssembler(), new Assembler()];
  structured(a, take(a));
  plain(b);
  expect(a.finish()).toEqual(b.finish());
}

function take(a: StructuredAssembler) {
  const taken = a.registers.general("x", "y", "z");
  a.given(...Object.values(taken));
  return taken;
}

describe("structured code", () => {
  test("has branches with and without an alternative, for all conditions at once", () => {
    compare(
      (a, { x, y, z }) =>
        a.when(
          [
            [x, "less", 5],
            [y, "notEqual", at(rsp)],
          ],
          () => a.mov(z, 1n),
          () => a.mov(z, 2n),
        ),
      (a) => {
        const [otherwise, end] = [a.label(), a.label()];
        a.cmp(rax, 5);
        a.jge(otherwise);
        a.cmp(rcx, at(rsp));
        a.je(otherwise);
        a.mov(rdx, 1n);
        a.jmp(end);
        a.place(otherwise);
        a.mov(rdx, 2n);
        a.place(end);
      },
    );
    compare(
      (a, { x, y, z }) => a.when([x, "greater", y], () => a.mov(z, 1n)),
      (a) => {
        const end = a.label();
        a.cmp(rax, rcx);
        a.jle(end);
        a.mov(rdx, 1n);
        a.place(end);
      },
    );
  });

  const skips = {
    equal: "jne",
    notEqual: "je",
    less: "jge",
    greaterOrEqual: "jl",
    lessOrEqual: "jg",
    greater: "jle",
  } as const;
  test.each(Object.entries(skips) as [Comparison, (typeof skips)[Comparison]][])(
    "skips unless %s by %s",
    (is, jump) => {
      compare(
        (a, { x }) => a.when([x, is, 7], () => a.ret()),
        (a) => {
          const end = a.label();
          a.cmp(rax, 7);
          a[jump](end);
          a.ret();
          a.place(end);
        },
      );
    },
  );

  test("takes the lesser of a register and a number", () => {
    compare(
      (a, { x }) => a.min(x, 12),
      (a) => {
        const end = a.label();
        a.cmp(rax, 12);
        a.jle(end);
        a.mov(rax, 12n);
        a.place(end);
      },
    );
  });

  test("counts loops in a register, by a number or by memory, and in memory", () => {
    for (const times of [3, at(rcx, 8)] as const) {
      compare(
        (a, { x, y, z }) => a.repeat(x, typeof times === "number" ? times : at(y, 8), () => a.add(z, 1)),
        (a) => {
          const [start, end] = [a.label(), a.label()];
          if (typeof times === "number") a.mov(rax, 3n);
          else a.mov(rax, times);
          a.cmp(rax, 0);
          a.jle(end);
          a.place(start);
          a.add(rdx, 1);
          a.sub(rax, 1);
          a.jne(start);
          a.place(end);
        },
      );
    }
    const a = new StructuredAssembler();
    expect(() => a.repeatInMemory(at(rsp), 0, () => {})).toThrow("cannot run 0 times");
    a.repeatInMemory(at(rsp), 4, () => a.ret());
    const b = new Assembler();
    const start = b.label();
    b.mov(rax, 4n);
    b.mov(at(rsp), rax);
    b.place(start);
    b.ret();
    b.mov(rax, at(rsp));
    b.sub(rax, 1);
    b.mov(at(rsp), rax);
    b.jne(start);
    expect(a.finish()).toEqual(b.finish());
  });

  test("repeats while a condition holds, and until it leaves", () => {
    compare(
      (a, { x, y }) =>
        a.doWhile(() => {
          a.loop((leaveIf) => {
            a.add(x, 1);
            leaveIf([x, "greaterOrEqual", 9]);
          });
          return [y, "less", x];
        }),
      (a) => {
        const [outer, inner, end] = [a.label(), a.label(), a.label()];
        a.place(outer);
        a.place(inner);
        a.add(rax, 1);
        a.cmp(rax, 9);
        a.jge(end);
        a.jmp(inner);
        a.place(end);
        a.cmp(rcx, rax);
        a.jl(outer);
      },
    );
  });

  test("finds its variables wherever the stack's top is", () => {
    compare(
      (a, { x, y }) => {
        a.declareVariables(["first", "second"], 64);
        a.mov(x, a.variable("second"));
        a.saving(y, () => {
          a.mov(x, a.variable("second"));
          a.onStack(32, (place) => {
            a.mov(place(8), x);
            a.mov(x, a.variable("first"));
            a.mov(x, a.scratch(56));
          });
        });
        a.mov(x, a.scratch(0));
      },
      (a) => {
        a.mov(rax, at(rsp, 72));
        a.push(rcx);
        a.mov(rax, at(rsp, 80));
        a.sub(rsp, 32);
        a.mov(at(rsp, 8), rax);
        a.mov(rax, at(rsp, 64 + 40));
        a.mov(rax, at(rsp, 56 + 40));
        a.add(rsp, 32);
        a.pop(rcx);
        a.mov(rax, at(rsp));
      },
    );
    const a = new StructuredAssembler();
    a.declareVariables(["first"], 8);
    expect(() => a.variable("other")).toThrow("there is no variable 'other'");
    expect(() => a.scratch(8)).toThrow("there is no scratch byte 8");
    expect(() => a.declareVariables(["first", "first"], 0)).toThrow("two variables have one name");
  });
});

describe("registers in structured code", () => {
  test("must be taken", () => {
    const a = new StructuredAssembler();
    expect(() => a.mov(rax, 0n)).toThrow("mov: rax was not taken");
    const { x } = a.registers.general("x");
    a.mov(x, 0n);
    expect(() => a.mov(x, at(rcx))).toThrow("mov: rcx was not taken");
    expect(() => a.vmovups(ymm(3), at(x))).toThrow("vmovups: ymm3 was not taken");
  });

  test("are not used once their scope has ended", () => {
    const a = new StructuredAssembler();
    const { flag } = a.registers.general("flag");
    a.mov(flag, 1n);
    const escaped = a.registers.scope(() => a.registers.vectors("value").value);
    expect(() => a.vmovups(escaped, at(flag))).toThrow("vmovups: 'value' no longer has zmm0, as its scope has ended");
    let inBranch = flag;
    a.when([flag, "equal", 0], () => {
      inBranch = a.registers.general("inBranch").inBranch;
      a.mov(inBranch, 1n);
    });
    expect(() => a.add(flag, inBranch)).toThrow("'inBranch' no longer has rcx");
  });

  test("are written before they are read", () => {
    const a = new StructuredAssembler();
    const { x, y } = a.registers.general("x", "y");
    const { value, other } = a.registers.vectors("value", "other");
    const { mask } = a.registers.masks("mask");
    a.mov(x, 1n);
    expect(() => a.add(x, y)).toThrow("add: 'y' (rcx) is read before anything is written to it");
    expect(() => a.add(y, 1)).toThrow("'y'");
    expect(() => a.mov(x, at(y))).toThrow("'y'");
    expect(() => a.vcvtdq2ps(value, value)).toThrow("'value' (zmm0) is read before");
    expect(() => a.vmovups(masked(value, mask, "zero"), at(x))).toThrow("'mask' (k1) is read before");
    a.kmovd(mask, x);
    // What is kept is read.
    expect(() => a.vmovups(masked(value, mask, "keep"), at(x))).toThrow("'value' (zmm0) is read before");
    a.vmovups(masked(value, mask, "zero"), at(x));
    expect(() => a.vfmadd231ps(other, value, value)).toThrow("'other' (zmm1) is read before");
    // Nothing depends on what is in a register that is cleared.
    a.vpxord(other, other, other);
    a.vfmadd231ps(other, value, value);
    expect(() => a.vaddps(zmm(0), value, value)).toThrow("zmm0 was not taken");
  });
});
