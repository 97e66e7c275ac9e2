/** Which of libtiff's warnings say nothing of the pixels. */
import type { FailOn } from "./encoded-image.ts";

/** Of tags that naevus does not use, and of how the directory is written. */
const harmless: readonly RegExp[] = [
  /unknown field with tag/i,
  /tags are not sorted in ascending order/i,
  /does not end in null byte/i,
  /contains null byte in value/i,
  /incorrect count for field/i,
  /incompatible type for/i,
  /wrong data type/i,
  /nonstandard tile (width|length)/i,
];

/** libvips frames the warnings with these. */
const frame = /^Warning treated as error|^error in tile/;

/** Decodes with every warning taken for damage, and again without where all of them are harmless. */
export async function strictly<T>(decode: (failOn: FailOn) => Promise<T>): Promise<T> {
  try {
    return await decode("warning");
  } catch (error) {
    const lines = (error as Error).message.trim().split("\n");
    const warnings = lines.filter((line) => !frame.test(line));
    const known = warnings.every((line) => harmless.some((pattern) => pattern.test(line)));
    if (warnings.length === 0 || warnings.length === lines.length || !known) throw error;
    return decode("error");
  }
}
