import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import {
  vectorKernels as kernels,
  vectorKernelsMissing as kernelsMissing,
  singles,
} from "../../testing/kernels-under-test.ts";
import { type Feature, features } from "../../x64/assembler/features.ts";
import { at } from "../../x64/assembler/operands.ts";
import { configureAmx } from "../../x64/kernels/amx-configuration.ts";
import { adamKernel, sgdKernel } from "../../x64/kernels/optimizer.ts";
import { type Kernel, taskKernel, taskList } from "../../x64/kernels/task-kernel.ts";
import { kernelRunner, runnersBy } from "./kernel-runner.ts";
import { loadNative } from "./native.ts";

const LANES = 16;

/** Adds a constant to as many registers of floats as the task says. */
const addConstant = (constant: number, name = `add ${constant}`): Kernel =>
  taskKernel({ kind: "test: add", shape: { constant }, name }, (a) => ({
    task() {
      const { bits, place, rows } = a.registers.general("bits", "place", "rows");
      const { added, sum } = a.registers.vectors("added", "sum");
      a.mov(bits, BigInt(new Uint32Array(Float32Array.of(constant).buffer)[0]!));
      a.vpbroadcastd(added, bits);
      a.mov(place, a.argument(0));
      a.repeat(rows, a.argument(1), () => {
        a.vaddps(sum, added, at(place));
        a.vmovups(at(place), sum);
        a.add(place, 4 * LANES);
      });
    },
  }));

/** Configures AMX's tiles and does nothing with them. */
const withTiles = taskKernel({ kind: "test: tiles", shape: {}, name: "tiles" }, (a) => {
  configureAmx(a, Array<number>(8).fill(LANES));
  return { task: () => {}, after: () => a.tilerelease() };
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

  test("are told apart by kind and shape, whatever their names", () => {
    const one = kernels!.load(addConstant(2));
    expect(kernels!.load(addConstant(2, "another name"))).toBe(one);
    expect(kernels!.load(addConstant(3, "add 2"))).not.toBe(one);
  });

  test("are refused where the processor lacks what their code needs", () => {
    const limited = kernelRunner(
      loadNative(undefined, undefined),
      1,
      new Set(features.filter((f) => !f.startsWith("amx"))),
    )!;
    expect(() => limited.load(withTiles)).toThrow(
      'the kernel "tiles" needs amx_tile, which this processor does not have',
    );
    limited.load(addConstant(1));
    const none = kernelRunner(loadNative(undefined, undefined), 1, new Set())!;
    expect(() => none.load(addConstant(1))).toThrow('the kernel "add 1" needs avx, avx512f, which');
  });
});

describe("runners", () => {
  const runnerWith = (present: readonly Feature[]) => {
    const runner = { features: new Set(present), load: () => 0n, run: () => {} };
    const { kernels, mapKernels } = runnersBy(runner);
    return [kernels === runner, mapKernels === runner];
  };
  /** All that the kernels of optimizers may use, which need no AMX. */
  const used = [adamKernel(), sgdKernel()].flatMap((kernel) => [
    ...kernel.assemble({ threadNumber: 1n, threadCount: 2n }).features,
  ]);

  test("are there where the processor has all that their kernels use", () => {
    expect(runnersBy(undefined)).toEqual({ kernels: undefined, mapKernels: undefined });
    expect(runnerWith(features)).toEqual([true, true]);
    expect(runnerWith(used)).toEqual([true, false]);
  });

  test.each(features)("are not there without %s, where their kernels use it", (missing) => {
    expect(runnerWith(features.filter((feature) => feature !== missing))).toEqual([!used.includes(missing), false]);
  });
});
