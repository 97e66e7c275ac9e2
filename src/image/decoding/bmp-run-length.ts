/** Unpacks the run lengths of Windows bitmaps (BI_RLE4 and BI_RLE8 in Microsoft's "Bitmap Compression"). */

const escapes = { endOfLine: 0, endOfBitmap: 1, delta: 2 } as const;

/** After the last row, where the bitmap's end is lacking: up to a whole word. */
const mostFilling = 3;

/**
 * The palette indices of a compressed bitmap, a byte each, rows in the file's order and without padding. Pixels that the runs
 * skip in a row have index 0. Runs of which a stretch was lost or exchanged show it: they fit neither the rows nor their number.
 *
 * @param packed the file from its pixels on
 * @param bits 4 or 8: those of an index
 * @throws Error where the runs end before the bitmap does, overhang its rows or go on behind them
 */
export function unpackRuns(packed: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  const indices = new Uint8Array(width * height);
  // Two indices of 4 bits share a byte, and some writers fill up the last one of a row.
  const widest = bits === 4 ? width + (width % 2) : width;
  let [x, y, at] = [0, 0, 0];
  const next = (): number => {
    if (at >= packed.length) throw new Error("truncated");
    return packed[at++]!;
  };
  const pass = (pixels: number): void => {
    x += pixels;
    if (x > widest) throw new Error("its run lengths overhang a row");
  };
  const put = (index: number): void => {
    if (x < width) indices[y * width + x] = index;
    pass(1);
  };
  /** Index `i` of a run: with 4 bits the high and the low half of a byte take turns. */
  const half = (byte: number, i: number): number => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    // The last row may lack its end.
    if (at >= packed.length && y === height - 1 && x >= width) return indices;
    const count = next();
    const value = next();
    if (count > 0) {
      for (let i = 0; i < count; i++) put(half(value, i));
    } else if (value === escapes.endOfLine) {
      x = 0;
      y++;
    } else if (value === escapes.endOfBitmap) {
      if (y < height - 1 || x === 0) throw new Error("its run lengths end too early");
      return indices;
    } else if (value === escapes.delta) {
      pass(next());
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
  const ends = packed[at] === 0 && packed[at + 1] === escapes.endOfBitmap;
  if (!ends && packed.length - at > mostFilling) throw new Error("its run lengths go on behind its rows");
  return indices;
}
