/** Writes Windows bitmaps in every layout, for tests. */

/** A Windows bitmap with the bytes of its rows as stored. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly header?: 12 | 40 | 56 | 108 | 124;
  readonly compression?: number;
  /** Four bytes each (three with the 12-byte header): blue, green, red, 0. */
  readonly palette?: readonly number[][];
  readonly masks?: readonly number[];
  /** As stored: rows from the bottom unless the height is negative, each padded to four bytes. */
  readonly rows: readonly (readonly number[])[];
}

/** The file, byte by byte. */
export function bitmapFile({
  width,
  height,
  bits,
  header = 40,
  compression = 0,
  palette = [],
  masks = [],
  rows,
}: Bitmap): Buffer {
  const head = Buffer.alloc(14 + header);
  head.write("BM");
  head.writeUInt32LE(header, 14);
  if (header === 12) {
    head.writeUInt16LE(width, 18);
    head.writeUInt16LE(height, 20);
    head.writeUInt16LE(bits, 24);
  } else {
    head.writeInt32LE(width, 18);
    head.writeInt32LE(height, 22);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    head.writeUInt32LE(palette.length, 46);
    for (const [i, mask] of masks.entries()) if (header >= 56) head.writeUInt32LE(mask, 54 + i * 4);
  }
  const extra = Buffer.alloc(header === 40 ? masks.length * 4 : 0);
  for (let i = 0; i < extra.length / 4; i++) extra.writeUInt32LE(masks[i]!, i * 4);
  const pixels = Buffer.concat(
    rows.map((row) => Buffer.concat([Buffer.from(row), Buffer.alloc((4 - (row.length % 4)) % 4)])),
  );
  const before = Buffer.concat([head, extra, Buffer.from(palette.flat())]);
  before.writeUInt32LE(before.length + pixels.length, 2);
  before.writeUInt32LE(before.length, 10);
  return Buffer.concat([before, pixels]);
}
