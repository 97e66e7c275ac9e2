/** What oneDNN's code for a processor's instruction set means. */
import type { EngineDescription } from "../../engine.ts";
import { instructionSets } from "./constants.ts";

/**
 * The instruction set by its name, and the precision that pays with it: bf16 only where the processor multiplies it, which is AVX-512 BF16
 * and all that came later. On Arm the same bits are other instructions.
 *
 * @param code what `dnnl_get_effective_cpu_isa` gives
 */
export function processorMeans(
  code: number,
  architecture: string = process.arch,
): Pick<EngineDescription, "instructionSet" | "defaultPrecision"> {
  if (code === 0) return { instructionSet: "the library's default", defaultPrecision: "f32" };
  if (architecture === "arm64") {
    return { instructionSet: code === 1 ? "Advanced SIMD" : "SVE", defaultPrecision: "f32" };
  }
  const known = instructionSets.filter(([bits]) => (code & bits) === bits).at(-1);
  return {
    instructionSet: known?.[1] ?? `code 0x${code.toString(16)}`,
    defaultPrecision: (code & 0xe7) === 0xe7 ? "bf16" : "f32",
  };
}
