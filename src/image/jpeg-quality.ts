/** The quality that a JPEG file was saved with, from its quantisation table. */

/** Sum of the luminance table of quality 50 in ISO/IEC 10918-1, annex K. */
const standardSum = 3689;

/** The quality in 1 to 100 as the Independent JPEG Group counts it; undefined where there is no table of 8 bits. */
export function jpegQuality(file: Uint8Array): number | undefined {
  const view = Buffer.from(file.buffer, file.byteOffset, file.length);
  // Segments follow each other until the picture's own data begin (start of scan, 0xda).
  for (let at = 2; at + 4 <= view.length && view[at] === 0xff && view[at + 1] !== 0xda; ) {
    const length = view.readUInt16BE(at + 2);
    if (view[at + 1] === 0xdb && view[at + 4] === 0 && at + 69 <= view.length) {
      let sum = 0;
      for (let i = 0; i < 64; i++) sum += view[at + 5 + i]!;
      const scale = (100 * sum) / standardSum;
      return Math.round(Math.min(100, Math.max(1, scale <= 100 ? 100 - scale / 2 : 5000 / scale)));
    }
    at += 2 + length;
  }
  return undefined;
}
