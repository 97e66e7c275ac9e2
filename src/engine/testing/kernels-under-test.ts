/** For tests of kernels: what runs them, where they can be run, and numbers in memory that they can reach. */

import { alignedBytes } from "../onednn/library/memory.ts";
import { sharedRuntime } from "../onednn/library/runtime.ts";
import { onednnEngines, onednnMissing } from "./engines-under-test.ts";

const runtime = onednnEngines.length === 0 ? undefined : sharedRuntime(undefined, undefined);

/** For kernels on AMX, and for plans with all kernels. */
export const kernels = runtime?.mapKernels;
/** For kernels that need AVX-512 only. */
export const vectorKernels = runtime?.kernels;
const bf16Features = ["avx512bw", "avx512vl", "avx512_bf16"] as const;
/** For kernels of bfloat16 maps that do without AMX. */
export const bf16Kernels = bf16Features.every((feature) => vectorKernels?.features.has(feature))
  ? vectorKernels
  : undefined;
/** That may take part in what they run. */
export const threads = runtime?.description.threads ?? 0;
/** Why tests of kernels are skipped, to be shown in their titles; empty where they run. */
export const kernelsMissing = onednnMissing || (kernels ? "" : " (skipped: kernels need AMX and Linux)");
export const vectorKernelsMissing =
  onednnMissing || (vectorKernels ? "" : " (skipped: kernels need AVX-512 and Linux)");
export const bf16KernelsMissing =
  onednnMissing || (bf16Kernels ? "" : " (skipped: kernels need AVX-512 BF16 and Linux)");

/** Zeros, as are those of the other functions: 16-bit words, which hold bfloat16 numbers. */
export const words = (length: number): Uint16Array => {
  const bytes = alignedBytes(2 * length);
  return new Uint16Array(bytes.buffer, bytes.byteOffset, length);
};

export const singles = (length: number): Float32Array => {
  const bytes = alignedBytes(4 * length);
  return new Float32Array(bytes.buffer, bytes.byteOffset, length);
};

export const drawnWords = (length: number, draw: (index: number) => number): Uint16Array =>
  words(length).map((_, index) => draw(index));

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** What a word of bfloat16 stands for. */
export function toFloat(word: number): number {
  bits[0] = word << 16;
  return float[0]!;
}

/** The nearest bfloat16 number, ties to even. */
export function toWord(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float[0] = value;
  return ((bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) >>> 16) & 0xffff;
}
