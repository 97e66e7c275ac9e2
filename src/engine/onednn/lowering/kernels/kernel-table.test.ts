/** A kernel of ours is asked for only on a processor that has what it needs, and only where it serves. */
import { describe, expect, test } from "vitest";
import { adam, lion, rmsProp, sgd } from "../../../optimizer.ts";
import { onednnEngines, onednnMissing } from "../../../testing/engines-under-test.ts";
import { alignedBytes } from "../../library/memory.ts";
import { sharedRuntime } from "../../library/runtime.ts";
import { Program } from "../../program/program.ts";
import { byKernel } from "./kernel-table.ts";

describe.skipIf(onednnEngines.length === 0)(`kernels of ours${onednnMissing}`, () => {
  /** A program whose processor has AVX-512, AMX or neither; it is built and not run. */
  const programOn = (processor: "neither" | "AVX-512" | "AMX") => {
    const runner = { features: new Set<never>(), load: () => 0n, run: () => {} };
    const kernels = processor === "neither" ? undefined : runner;
    return new Program({
      ...sharedRuntime(undefined, undefined),
      kernels,
      mapKernels: processor === "AMX" ? runner : undefined,
    });
  };

  const updates = (program: Program) => {
    const trained = [{ from: 0, to: 16, decays: true, l2: 0 }];
    const [weights, gradients, ...slots] = Array.from({ length: 4 }, () => alignedBytes(64)) as [
      Uint8Array,
      Uint8Array,
      ...Uint8Array[],
    ];
    const arrays = { weights, gradients, slots, trained };
    return [sgd(), adam(), rmsProp(), lion()].map(
      (optimizer) => byKernel("optimizer", { program, optimizer, arrays }) !== undefined,
    );
  };

  test.each([
    ["neither", [false, false, false, false], false],
    ["AVX-512", [true, true, true, true], false],
    ["AMX", [true, true, true, true], true],
  ] as const)("on a processor with %s", (processor, optimizers, maps) => {
    const program = programOn(processor);
    expect(updates(program)).toEqual(optimizers);
    const input = program.persistent(program.channelsLast([2, 3, 4, 4], "u8"));
    const site = { program, batch: 2, mode: "inference", type: "bf16", name: "0", input } as const;
    const ones = [1, 1, 1];
    expect(byKernel("normalize", { ...site, scale: ones, shift: ones }) !== undefined).toBe(maps);
    expect(byKernel("normalize", { ...site, type: "f32", scale: ones, shift: ones })).toBeUndefined();
    program.dispose();
  });
});
