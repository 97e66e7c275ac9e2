/** Reads what a TIFF or BigTIFF file says of its first image: the tags that decide how samples become colours. */

/** Numbers by tag, of the first image file directory; texts and fractions are left out. */
export type TiffTags = ReadonlyMap<number, readonly number[]>;

/** The first image of a file. The names are those of the tags in TIFF 6.0. */
export interface TiffHeader {
  readonly tags: TiffTags;
  readonly littleEndian: boolean;
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly samplesPerPixel: number;
  /** 1 unsigned, 2 signed, 3 floating point, 4 undefined, 5 and 6 complex numbers. */
  readonly sampleFormat: number;
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 inks, 6 YCbCr, 8 to 10 CIELAB; -1 where it does not say. */
  readonly photometric: number;
  readonly compression: number;
  /** 1 samples of a pixel together, 2 in planes. */
  readonly planarConfiguration: number;
  /** For each sample beyond the colours: 0 unspecified, 1 premultiplied opacity, 2 opacity. */
  readonly extraSamples: readonly number[];
  /** As in EXIF, 1 to 8. */
  readonly orientation: number;
}

/** Numbers of the TIFF fields that are read (TIFF 6.0 and its supplements). */
export const tiffTags = {
  subfileType: 254,
  fillOrder: 266,
  stripOffsets: 273,
  rows: 278,
  stripByteCounts: 279,
  predictor: 317,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  profile: 34675,
  dngVersion: 50706,
} as const;

const readTags: ReadonlySet<number> = new Set([
  254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339, 34675, 50706,
]);

/** Bytes of a value by its type; of the types that hold whole numbers. */
const typeBytes: { readonly [type: number]: 1 | 2 | 4 | 8 } = { 1: 1, 3: 2, 4: 4, 7: 1, 13: 4, 16: 8, 18: 8 };

/** More values than any tag needs that is read here; strips of the largest image included. */
export const mostTiffValues = 2 ** 20;

/** Throws an Error that says what is wrong where the directory is cut off or broken. */
export function readTiffHeader(file: Uint8Array): TiffHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const littleEndian = file[0] === 0x49;
  const uint = (at: number, bytes: 1 | 2 | 4 | 8): number => {
    if (at + bytes > file.length) throw new Error("truncated");
    if (bytes === 1) return view.getUint8(at);
    if (bytes === 2) return view.getUint16(at, littleEndian);
    return bytes === 4 ? view.getUint32(at, littleEndian) : Number(view.getBigUint64(at, littleEndian));
  };
  const big = uint(2, 2) === 43;
  const offsetBytes = big ? 8 : 4;
  const directory = uint(big ? 8 : 4, offsetBytes);
  const entries = uint(directory, big ? 8 : 2);
  const tags = new Map<number, readonly number[]>();
  for (let i = 0; i < entries; i++) {
    const at = directory + (big ? 8 + i * 20 : 2 + i * 12);
    const [tag, bytes] = [uint(at, 2), typeBytes[uint(at + 2, 2)]];
    if (bytes === undefined || !readTags.has(tag)) continue;
    const [count, place] = [uint(at + 4, offsetBytes), at + 4 + offsetBytes];
    const start = count * bytes <= offsetBytes ? place : uint(place, offsetBytes);
    // Of a profile only its being there matters.
    const kept = bytes === 1 ? Math.min(count, 1) : Math.min(count, mostTiffValues);
    tags.set(
      tag,
      Array.from({ length: kept }, (_, k) => uint(start + k * bytes, bytes)),
    );
  }
  const one = (tag: number, fallback: number): number => tags.get(tag)?.[0] ?? fallback;
  return {
    tags,
    littleEndian,
    width: one(256, 0),
    height: one(257, 0),
    bitsPerSample: one(258, 1),
    samplesPerPixel: one(277, 1),
    sampleFormat: one(339, 1),
    photometric: one(262, -1),
    compression: one(259, 1),
    planarConfiguration: one(284, 1),
    extraSamples: tags.get(338) ?? [],
    orientation: one(274, 1),
  };
}
