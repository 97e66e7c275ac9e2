import { describe, expect, test } from "vitest";
import { Random } from "../../../../random.ts";
import { elements } from "../../../../tensor.ts";
import { roundToBf16 } from "../../../testing/conformance-cases.ts";
import { onednnEngines, onednnMissing } from "../../../testing/engines-under-test.ts";
import { alignedBytes } from "../../library/memory.ts";
import { sharedRuntime } from "../../library/runtime.ts";
import { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import { byKernel } from "./kernel-table.ts";

const runtime = onednnEngines.length === 0 ? undefined : sharedRuntime(undefined, undefined);
const missing = onednnMissing || (runtime?.mapKernels ? "" : " (skipped: this processor or system runs no kernels)");

const normalizeByKernel = (
  program: Program,
  type: "f32" | "bf16",
  input: Value,
  scale: readonly number[],
  shift: readonly number[],
) => {
  const batch = input.descriptor.dimensions[0]!;
  return byKernel("normalize", { program, batch, mode: "inference", type, name: "0", input, scale, shift });
};

describe.skipIf(runtime?.mapKernels === undefined)(`images are normalised by a kernel${missing}`, () => {
  // With and without a rest of less than a turn of the kernel's loop, in one task and in several.
  test.each([
    [1, 3, 4, 4],
    [1, 1, 3, 1],
    [2, 3, 9, 7],
    [1, 4, 5, 5],
    [3, 3, 50, 47],
    [1, 16, 33, 33],
    [2, 5, 61, 60],
    [16, 3, 64, 64],
  ])("%i images of %i x %i x %i", (...dimensions) => {
    const [, channels] = dimensions;
    const program = new Program(runtime!);
    const input = program.persistent(program.channelsLast(dimensions, "u8"));
    const random = Random.of(elements(dimensions));
    const bytes = input.storage.array!;
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(256);
    const scale = Array.from({ length: channels }, (_, channel) => (channel + 1) / 255);
    const shift = Array.from({ length: channels }, (_, channel) => 0.1 - channel / 2);
    const output = normalizeByKernel(program, "bf16", input, scale, shift)!;
    // A word more than there are values must stay as it is.
    const memory = alignedBytes(2 * bytes.length + 2).fill(0xff);
    const result = new Uint16Array(memory.buffer, memory.byteOffset, bytes.length + 1);
    program.bind(output, memory);
    const executable = program.compile();
    executable.run({ from: 0, to: program.mark });
    program.dispose();
    const found = Array.from(bytes, (_, i) => new Float32Array(Uint32Array.of(result[i]! << 16).buffer)[0]!);
    const expected = Array.from(bytes, (byte, i) => {
      const channel = i % channels;
      return roundToBf16(Math.fround(byte * Math.fround(scale[channel]!) + Math.fround(shift[channel]!)));
    });
    expect(found).toEqual(expected);
    expect(result[bytes.length]).toBe(0xffff);
  });

  test("in bf16 only, and where channels and registers come into step soon", () => {
    const program = new Program(runtime!);
    const kernelFor = (channels: number, type: "f32" | "bf16") => {
      const input = program.persistent(program.channelsLast([1, channels, 4, 4], "u8"));
      const ones = Array.from({ length: channels }, () => 1);
      return normalizeByKernel(program, type, input, ones, ones) !== undefined;
    };
    expect(kernelFor(3, "bf16")).toBe(true);
    expect(kernelFor(3, "f32")).toBe(false);
    expect(kernelFor(13, "bf16")).toBe(false);
    program.dispose();
  });
});
