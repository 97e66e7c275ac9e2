/** Instruction sets are those of the processor's own architecture: kernels for AVX-512 run on nothing else. */
import { expect, it } from "vitest";
import { processorMeans } from "./processor-means.ts";

it.each([
  [0x7, "x64", "AVX2", "f32"],
  [0xe7, "x64", "AVX-512 BF16", "bf16"],
  [0x1000, "x64", "code 0x1000", "f32"],
  [0, "x64", "the library's default", "f32"],
  // Seen with oneDNN 2.6 on Arm without and with vectors of 512 bits.
  [0x1, "arm64", "Advanced SIMD", "f32"],
  [0x1f, "arm64", "SVE", "f32"],
  [0xffff, "arm64", "SVE", "f32"],
])("code %i on %s is %s", (code, architecture, instructionSet, defaultPrecision) => {
  expect(processorMeans(code, architecture)).toEqual({ instructionSet, defaultPrecision });
});
