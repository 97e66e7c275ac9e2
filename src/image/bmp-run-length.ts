/** Unpacks the run lengths of Windows bitmaps (BI_RLE4 and BI_RLE8 in Microsoft's "Bitmap Compression"). */

const escapes = { endOfLine: 0, endOfBitmap: 1, delta: 2 } as const;

/**
 * The palette indices of a compressed bitmap, a byte each, rows in the file's order and without padding. Pixels that the
 * runs skip have index 0. Throws an Error where the runs end before the bitmap does.
 *
 * @param packed the file from its pixels on
 * @param bits 4 or 8: those of an index
 */
export function unpackRuns(packed: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, 0];
  const next = (): number => {
    if (at >= packed.length) throw new Error("truncated");
    return packed[at++]!;
  };
  // What overhangs a row is lost, as in other readers.
  const put = (index: number): void => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };
  /** Index `i` of a run: with 4 bits the high and the low half of a byte take turns. */
  const half = (byte: number, i: number): number => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    // The last row may lack its end.
    if (at >= packed.length && y === height - 1 && x >= width) break;
    const count = next();
    const value = next();
    if (count > 0) {
      for (let i = 0; i < count; i++) put(half(value, i));
    } else if (value === escapes.endOfLine) {
      x = 0;
      y++;
    } else if (value === escapes.endOfBitmap) {
      break;
    } else if (value === escapes.delta) {
      x += next();
      y += next();
    } else {
      const start = at;
      for (let i = 0, byte = 0; i < value; i++) {
        if (bits === 8 || i % 2 === 0) byte = next();
        put(half(byte, i));
      }
      if ((at - start) % 2 === 1) at++;
    }
  }
  return indices;
}
