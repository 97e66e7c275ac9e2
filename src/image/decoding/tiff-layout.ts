/** Proves that the strips or tiles of a TIFF cover its picture once and lie in the file (TIFF 6.0, sections 3 and 15). */
import { mostTiffValues, type TiffHeader, tiffTags } from "./tiff-header.ts";

/** A tile may be larger than a small picture, but not by any number: each is unpacked whole. Programs write up to 4,096 squared. */
const mostTilePixels = 2 ** 24;

/** How much larger packing may make a strip, with what JPEG says first; fax makes noise several times as large. Overlapping ones take time. */
const mostPacked = (unpacked: number): number => 8 * unpacked + 2 ** 16;

/** The strips or tiles of a picture, those of one plane after those of another. */
export interface TiffLayout {
  readonly offsets: readonly number[];
  /** Of what is stored. */
  readonly counts: readonly number[] | undefined;
  /** Of what one holds at least when it is unpacked. */
  readonly unpacked: readonly number[];
  /** Of what one may hold: the last strip may be filled up to the size of the others. */
  readonly mostUnpacked: number;
}

/**
 * The layout that the tags state. libtiff takes strips and tiles for what they say, whatever stands in the file.
 *
 * @throws Error that says what is wrong with it
 */
export function tiffLayout(header: TiffHeader, fileBytes: number): TiffLayout {
  const { tags, width, height, samplesPerPixel, bitsPerSample } = header;
  const planes = header.planarConfiguration === 2 ? samplesPerPixel : 1;
  const tiled = tags.has(tiffTags.tileWidth);
  const stated = (tag: number, otherwise: number): number => tags.get(tag)?.[0] ?? otherwise;
  const columns = tiled ? stated(tiffTags.tileWidth, 0) : width;
  const rows = tiled ? stated(tiffTags.tileLength, 0) : Math.min(height, stated(tiffTags.rows, height));
  const part = tiled ? "tile" : "strip";
  // Sides are multiples of 16, but for programs that put the whole picture into one.
  const uneven = tiled && (columns % 16 !== 0 || rows % 16 !== 0) && (columns < width || rows < height);
  const huge = tiled && columns * rows > Math.max(mostTilePixels, 4 * width * height);
  if (!(columns > 0 && rows > 0) || uneven || huge) throw new Error(`${part}s of ${columns} x ${rows} pixels`);

  const perPlane = Math.ceil(width / columns) * Math.ceil(height / rows);
  const expected = Math.min(perPlane * planes, mostTiffValues);
  // libtiff takes the tags of strips for those of tiles as well.
  const offsets = tags.get(tiffTags.tileOffsets) ?? tags.get(tiffTags.stripOffsets) ?? [];
  // The oldest programs leave the lengths out.
  const counts = tags.get(tiffTags.tileByteCounts) ?? tags.get(tiffTags.stripByteCounts);
  for (const { length } of [offsets, counts ?? offsets]) {
    if (length !== expected) throw new Error(`${length} ${part}s instead of ${expected}`);
  }
  for (const [i, offset] of offsets.entries()) {
    if (offset + (counts?.[i] ?? 0) > fileBytes) throw new Error("truncated");
  }
  const rowBytes = Math.ceil((columns * bitsPerSample * (planes === 1 ? samplesPerPixel : 1)) / 8);
  const unpacked = offsets.map((_, i) => {
    const isLast = !tiled && i % perPlane === perPlane - 1;
    return rowBytes * (isLast ? height - (perPlane - 1) * rows : rows);
  });
  if (header.compression === 1 && counts !== undefined) {
    for (const [i, count] of counts.entries()) {
      if (count < unpacked[i]!) throw new Error("truncated");
      if (count > rowBytes * rows) throw new Error(`a ${part} of ${count} bytes instead of ${rowBytes * rows}`);
    }
  }
  const tooLong = counts?.find((count) => count > mostPacked(rowBytes * rows));
  if (tooLong !== undefined) throw new Error(`a ${part} of ${tooLong} bytes for ${rowBytes * rows}`);
  return { offsets, counts, unpacked, mostUnpacked: rowBytes * rows };
}
