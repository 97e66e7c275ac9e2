/** Reads Windows bitmaps, which sharp does not: 1, 4, 8, 16, 24 or 32 bits a pixel, plain or in run lengths, any header version. */

import { unpackRuns } from "./bmp-run-length.ts";
import type { RawImage } from "./raw-image.ts";
import { UnreadVariant } from "./unread-variant.ts";

const fileHeader = 14;
const os2Header = 64;
const compressions = { none: 0, runs8: 1, runs4: 2, bitFields: 3, alphaBitFields: 6 } as const;
/** Those that wrap another format. */
const wrapped: { readonly [compression: number]: string } = { 4: "JPEG", 5: "PNG" };

interface BmpHeader {
  /** As stated; many writers state too little. */
  readonly fileSize: number;
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

/**
 * Decodes a bitmap. Alpha that is 0 everywhere was never filled in, and is taken as opaque, as other readers do.
 *
 * @throws UnreadVariant where it is of a kind that is not read; Error, which says what is wrong, where it is truncated or damaged
 */
export function decodeBmp(file: Uint8Array): RawImage {
  const header = readHeader(file);
  const { width, height, bits, compression } = header;
  const channels = header.masks[3]! !== 0 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const packed = compression === compressions.runs8 || compression === compressions.runs4;
  const stored = packed ? unpackRuns(file.subarray(header.pixels), width, height, bits) : file.subarray(header.pixels);
  const stride = packed ? width : Math.ceil((width * bits) / 32) * 4;
  if (stride * height > stored.length) throw new Error("truncated");
  // Lost bytes can be made up for by what follows the pixels. Where nothing follows, a wrong size of the file is a writer's fault.
  const follows = packed || stride * height < stored.length;
  if (follows && header.fileSize > file.length) throw new Error("truncated");
  const readRow =
    bits <= 8
      ? paletteRow(stored, file, header, packed ? 8 : bits)
      : bits === 24
        ? rgbRow(stored, header)
        : maskedRow(stored, header, channels);
  for (let y = 0; y < height; y++) {
    const row = header.bottomUp ? height - 1 - y : y;
    readRow(row * stride, data, y * width * channels);
  }
  if (channels === 4 && isTransparent(data)) for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { width, height, channels, data };
}

function readHeader(file: Uint8Array): BmpHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < fileHeader + 12) throw new Error("truncated");
  const headerSize = view.getUint32(fileHeader, true);
  if (fileHeader + headerSize > file.length) throw new Error("truncated");
  const [fileSize, pixels] = [view.getUint32(2, true), view.getUint32(10, true)];
  if (headerSize === 12) {
    const bits = view.getUint16(fileHeader + 10, true);
    const palette = { start: fileHeader + headerSize, entry: 3, count: bits <= 8 ? 2 ** bits : 0 };
    const [width, height] = [view.getUint16(fileHeader + 4, true), view.getUint16(fileHeader + 6, true)];
    return checked(
      { fileSize, width, height, bottomUp: true, bits, compression: 0, pixels, palette, masks: defaultMasks(bits) },
      file,
    );
  }
  if (![40, 52, 56, os2Header, 108, 124].includes(headerSize)) {
    throw new UnreadVariant(`BMP with a header of ${headerSize} bytes`);
  }
  const [width, signedHeight] = [view.getInt32(fileHeader + 4, true), view.getInt32(fileHeader + 8, true)];
  const [bits, compression] = [view.getUint16(fileHeader + 14, true), view.getUint32(fileHeader + 16, true)];
  // Beyond run lengths OS/2 numbers its compressions differently: 3 is Huffman's, 4 is of 24 bits.
  if (headerSize === os2Header && compression > compressions.runs4) throw new UnreadVariant("compressed OS/2 BMP");
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
  return checked(
    { fileSize, width, height: Math.abs(signedHeight), bottomUp, bits, compression, pixels, palette, masks },
    file,
  );
}

const defaultMasks = (bits: number): number[] =>
  bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0];

function checked(header: BmpHeader, file: Uint8Array): BmpHeader {
  const { width, height, bits, compression, palette } = header;
  if (width <= 0 || height <= 0) throw new Error(`a size of ${width} x ${height}`);
  const inside = wrapped[compression];
  if (inside !== undefined) throw new UnreadVariant(`BMP around a ${inside}`, `save the ${inside} itself`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new UnreadVariant(`BMP of ${bits} bits a pixel`);
  const { none, runs8, runs4, bitFields, alphaBitFields } = compressions;
  if (compression === runs8 || compression === runs4) {
    if (bits !== (compression === runs8 ? 8 : 4)) throw new Error(`run lengths with ${bits} bits a pixel`);
    if (!header.bottomUp) throw new Error("run lengths with rows from the top");
  } else if (compression === bitFields || compression === alphaBitFields) {
    if (bits !== 16 && bits !== 32) throw new Error(`bit masks with ${bits} bits a pixel`);
  } else if (compression !== none) throw new UnreadVariant(`BMP with compression ${compression}`);
  if (palette.start + palette.count * palette.entry > file.length) throw new Error("truncated");
  return header;
}

function isTransparent(rgba: Uint8Array): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 0) return false;
  return true;
}

// The loops below are plain ones over numbers: what is called or looked up for every pixel would make bitmaps slower than PNG.

type ReadRow = (from: number, out: Uint8Array, to: number) => void;

function paletteRow(stored: Uint8Array, file: Uint8Array, { width, palette }: BmpHeader, bits: number): ReadRow {
  const { start, entry, count } = palette;
  const part = (place: number) => Uint8Array.from({ length: count }, (_, i) => file[start + i * entry + place]!);
  const [blues, greens, reds] = [part(0), part(1), part(2)];
  const mask = 2 ** bits - 1;
  return (from, out, to) => {
    const end = to + width * 3;
    for (let byteAt = from, at = to; at < end; byteAt++) {
      const byte = stored[byteAt]!;
      for (let shift = 8 - bits; shift >= 0 && at < end; shift -= bits, at += 3) {
        const index = (byte >> shift) & mask;
        if (index >= count) throw new Error("a colour outside its palette");
        out[at] = reds[index]!;
        out[at + 1] = greens[index]!;
        out[at + 2] = blues[index]!;
      }
    }
  };
}

function rgbRow(stored: Uint8Array, { width }: BmpHeader): ReadRow {
  return (from, out, to) => {
    for (let at = to, end = to + width * 3, blue = from; at < end; at += 3, blue += 3) {
      out[at] = stored[blue + 2]!;
      out[at + 1] = stored[blue + 1]!;
      out[at + 2] = stored[blue]!;
    }
  };
}

function maskedRow(stored: Uint8Array, { width, bits, masks }: BmpHeader, channels: number): ReadRow {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const fields = masks.slice(0, channels).map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const largest = mask >>> shift;
    return { shift, mask: largest, levels: largest < 2 ** 16 ? levelsUpTo(largest) : undefined };
  });
  return (from, out, to) => {
    for (const [c, { shift, mask, levels }] of fields.entries()) {
      const end = to + width * channels;
      for (let at = to + c, pixelAt = from; at < end; at += channels, pixelAt += bits / 8) {
        const pixel = bits === 16 ? view.getUint16(pixelAt, true) : view.getUint32(pixelAt, true);
        const value = (pixel >>> shift) & mask;
        out[at] = levels === undefined ? Math.round(((value >>> 0) * 255) / mask) : levels[value]!;
      }
    }
  };
}

/** The level of each number from 0 to the largest, which is white. */
function levelsUpTo(largest: number): Uint8Array {
  return Uint8Array.from({ length: largest + 1 }, (_, value) =>
    largest === 0 ? 0 : Math.round((value * 255) / largest),
  );
}
