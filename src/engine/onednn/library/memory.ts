/** Memory that primitives work in: aligned to the cache line, and in large pages where it is large and the system has them. */

import { bindSystem, type NativeFunction } from "../../../foreign/library.ts";
import { addressOf } from "../../../foreign/memory.ts";

const CACHE_LINE = 64;
/** The large page of x86-64 and of Arm with 4 KiB pages; elsewhere the advice is merely rounded otherwise. */
const LARGE_PAGE = 2 * 1024 * 1024;
const MADV_HUGEPAGE = 14;

/** The least multiple that is no smaller; by default of the cache line. */
export const roundUp = (bytes: number, multiple = CACHE_LINE): number => Math.ceil(bytes / multiple) * multiple;

let advise: NativeFunction | undefined;

/**
 * Bytes, all zero, whose first address is a multiple of the cache line.
 *
 * A training step walks through hundreds of megabytes, which is more than the processor remembers the addresses of 4 KiB pages for.
 * From one large page on, Linux is asked for large ones (`madvise(2)`); it may decline, which costs speed only.
 */
export function alignedBytes(length: number): Uint8Array {
  const large = process.platform === "linux" && length >= LARGE_PAGE;
  const alignment = large ? LARGE_PAGE : CACHE_LINE;
  // Whole pages, so that the last part of the data is in a large page too.
  const whole = new Uint8Array((large ? roundUp(length, LARGE_PAGE) : length) + alignment);
  const start = addressOf(whole);
  const offset = Number(-start & BigInt(alignment - 1));
  if (large) {
    advise ??= bindSystem("madvise", "i", "pzi");
    advise(start + BigInt(offset), roundUp(length, LARGE_PAGE), MADV_HUGEPAGE);
  }
  return whole.subarray(offset, offset + length);
}
