/** Reads Windows bitmaps, which sharp does not: uncompressed, with 1, 4, 8, 16, 24 or 32 bits a pixel, and any header version. */

/** An image of `channels` 3 (RGB) or 4 (RGBA), rows from the top. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

const fileHeader = 14;
const compressions = { none: 0, bitFields: 3, alphaBitFields: 6 } as const;

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly bottomUp: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly pixels: number;
  readonly palette: { readonly start: number; readonly entry: number; readonly count: number };
  /** Red, green, blue and alpha. */
  readonly masks: readonly number[];
}

/**
 * The width and height that a bitmap's header states; a broken header throws an Error that says what is wrong.
 * The layout is that of Microsoft's "Bitmap Storage" (BITMAPCOREHEADER, BITMAPINFOHEADER, V4 and V5).
 */
export function bmpSize(file: Uint8Array): { readonly width: number; readonly height: number } {
  const { width, height } = readHeader(file);
  return { width, height };
}

/** Decodes a bitmap; throws an Error that says what is wrong where it is truncated, damaged or compressed. */
export function decodeBmp(file: Uint8Array): RawImage {
  const header = readHeader(file);
  const { width, height, bits } = header;
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (header.pixels + stride * height > file.length) throw new Error("truncated");
  const channels = header.masks[3]! !== 0 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const readRow =
    bits <= 8 ? paletteRow(file, header) : bits === 24 ? rgbRow(file, header) : maskedRow(file, header, channels);
  for (let y = 0; y < height; y++) {
    const row = header.bottomUp ? height - 1 - y : y;
    readRow(header.pixels + row * stride, data, y * width * channels);
  }
  return { width, height, channels, data };
}

function readHeader(file: Uint8Array): BmpHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < fileHeader + 12) throw new Error("truncated");
  const headerSize = view.getUint32(fileHeader, true);
  if (fileHeader + headerSize > file.length) throw new Error("truncated");
  const pixels = view.getUint32(10, true);
  if (headerSize === 12) {
    const bits = view.getUint16(fileHeader + 10, true);
    const palette = { start: fileHeader + headerSize, entry: 3, count: bits <= 8 ? 2 ** bits : 0 };
    const [width, height] = [view.getUint16(fileHeader + 4, true), view.getUint16(fileHeader + 6, true)];
    return checked(
      { width, height, bottomUp: true, bits, compression: 0, pixels, palette, masks: defaultMasks(bits) },
      file,
    );
  }
  if (headerSize < 40) throw new Error(`header of ${headerSize} bytes is of no known kind`);
  const [width, signedHeight] = [view.getInt32(fileHeader + 4, true), view.getInt32(fileHeader + 8, true)];
  const [bits, compression] = [view.getUint16(fileHeader + 14, true), view.getUint32(fileHeader + 16, true)];
  const masked = compression === compressions.bitFields || compression === compressions.alphaBitFields;
  const maskCount = !masked ? 0 : headerSize >= 56 || compression === compressions.alphaBitFields ? 4 : 3;
  const masksAt = fileHeader + 40;
  if (masksAt + maskCount * 4 > file.length) throw new Error("truncated");
  const masks = masked
    ? [0, 1, 2, 3].map((i) => (i < maskCount ? view.getUint32(masksAt + i * 4, true) : 0))
    : defaultMasks(bits);
  // In the oldest of these headers the masks stand between header and palette.
  const start = fileHeader + headerSize + (headerSize === 40 ? maskCount * 4 : 0);
  const stated = view.getUint32(fileHeader + 32, true);
  const count = bits > 8 ? 0 : stated === 0 ? 2 ** bits : Math.min(stated, 2 ** bits);
  const palette = { start, entry: 4, count };
  const bottomUp = signedHeight > 0;
  return checked({ width, height: Math.abs(signedHeight), bottomUp, bits, compression, pixels, palette, masks }, file);
}

const defaultMasks = (bits: number): number[] =>
  bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0];

function checked(header: BmpHeader, file: Uint8Array): BmpHeader {
  const { width, height, bits, compression, palette } = header;
  if (width <= 0 || height <= 0) throw new Error(`a size of ${width} x ${height}`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel`);
  const known = (Object.values(compressions) as number[]).includes(compression);
  if (!known) throw new Error("a compression that is not read");
  if (compression !== compressions.none && bits !== 16 && bits !== 32)
    throw new Error(`bit masks with ${bits} bits a pixel`);
  if (palette.start + palette.count * palette.entry > file.length) throw new Error("truncated");
  return header;
}

type ReadRow = (from: number, out: Uint8Array, to: number) => void;

function paletteRow(file: Uint8Array, { width, bits, palette }: BmpHeader): ReadRow {
  const perByte = 8 / bits;
  return (from, out, to) => {
    for (let x = 0; x < width; x++) {
      const byte = file[from + Math.floor(x / perByte)]!;
      const index = (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
      if (index >= palette.count) throw new Error("a colour outside its palette");
      const colour = palette.start + index * palette.entry;
      for (let c = 0; c < 3; c++) out[to + x * 3 + c] = file[colour + 2 - c]!;
    }
  };
}

function rgbRow(file: Uint8Array, { width }: BmpHeader): ReadRow {
  return (from, out, to) => {
    for (let i = 0; i < width * 3; i += 3) for (let c = 0; c < 3; c++) out[to + i + c] = file[from + i + 2 - c]!;
  };
}

function maskedRow(file: Uint8Array, { width, bits, masks }: BmpHeader, channels: number): ReadRow {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const fields = masks.slice(0, channels).map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, mask: mask >>> shift };
  });
  return (from, out, to) => {
    for (let x = 0; x < width; x++) {
      const pixel = bits === 16 ? view.getUint16(from + x * 2, true) : view.getUint32(from + x * 4, true);
      for (const [c, { shift, mask }] of fields.entries()) {
        out[to + x * channels + c] = mask === 0 ? 0 : Math.round((((pixel >>> shift) & mask) * 255) / mask);
      }
    }
  };
}
