import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import { kernels, kernelsMissing, singles } from "../../testing/kernels-under-test.ts";
import { at, rax, rcx, rdx, zmm } from "../../x64/assembler/assembler.ts";
import { argumentOf, type Kernel, taskKernel, taskList } from "../../x64/kernels/task-kernel.ts";

const LANES = 16;

/** Adds a constant to as many registers of floats as the task says. */
const addConstant = (constant: number): Kernel =>
  taskKernel(`add ${constant}`, (a) => {
    a.mov(rax, BigInt(new Uint32Array(Float32Array.of(constant).buffer)[0]!));
    a.vpbroadcastd(zmm(17), rax);
    a.mov(rdx, argumentOf(0));
    a.mov(rcx, argumentOf(1));
    a.repeat(rcx, () => {
      a.op("vaddps", zmm(1), zmm(17), at(rdx));
      a.move("vmovups", at(rdx), zmm(1));
      a.add(rdx, 4 * LANES);
    });
  });

describe.skipIf(kernels === undefined)(`kernels${kernelsMissing}`, () => {
  test.each([0, 1, 2, 3, 7, 64])("do each of %i tasks once", (count) => {
    const code = kernels!.load(addConstant(1.5));
    // Task t adds to t % 4 registers of four: lists without work, and rows that no task may touch, are among them.
    const rows = count + 2;
    const values = singles(4 * LANES * rows);
    values.set(Array.from(values.keys()));
    const tasks = Array.from({ length: count }, (_, task) => [
      addressOf(values) + BigInt(4 * 4 * LANES * (task + 1)),
      task % 4,
    ]);
    kernels!.run(code, taskList(tasks));
    const expected = Float32Array.from(values, (_, index) => {
      const task = Math.floor(index / (4 * LANES)) - 1;
      const touched = task >= 0 && task < count && index % (4 * LANES) < LANES * (task % 4);
      return index + (touched ? 1.5 : 0);
    });
    expect([...values]).toEqual([...expected]);
  });

  test("are told apart by their names", () => {
    const one = kernels!.load(addConstant(2));
    expect(kernels!.load(addConstant(2))).toBe(one);
    expect(kernels!.load(addConstant(3))).not.toBe(one);
  });
});
