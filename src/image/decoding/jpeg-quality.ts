/** The quality that a JPEG file was saved with, from its quantisation table. */
import { jpegMarkers, jpegSegments } from "./jpeg-segments.ts";

/** Sum of the luminance table of quality 50 in ISO/IEC 10918-1, annex K. */
const standardSum = 3689;

/** The quality in 1 to 100 as the Independent JPEG Group counts it; undefined where there is no table of 8 bits. */
export function jpegQuality(file: Uint8Array): number | undefined {
  for (const { marker, content } of jpegSegments(file)) {
    if (marker === jpegMarkers.scan) return undefined;
    if (marker !== jpegMarkers.quantisation || content[0] !== 0 || content.length < 65) continue;
    const sum = content.subarray(1, 65).reduce((a, b) => a + b, 0);
    const scale = (100 * sum) / standardSum;
    return Math.round(Math.min(100, Math.max(1, scale <= 100 ? 100 - scale / 2 : 5000 / scale)));
  }
  return undefined;
}
