/**
 * Proves that the packed strips or tiles of a TIFF give as many bytes as their part of the picture has (TIFF 6.0, sections 9 and 13). libtiff
 * stops where it has enough, and reads no checksum.
 */
import { inflateSync } from "node:zlib";
import { type TiffHeader, tiffTags } from "./tiff-header.ts";
import type { TiffLayout } from "./tiff-layout.ts";

const compressions = { lzw: 5, deflate: 8, packBits: 32773, oldDeflate: 32946 } as const;

/** Whether the compression is Deflate's, by its number or by an older one. */
export const isDeflated = ({ compression }: TiffHeader): boolean =>
  compression === compressions.deflate || compression === compressions.oldDeflate;

/** Throws an Error that says what is wrong. Other compressions, such as fax and JPEG, are not looked into. */
export function checkPacking(file: Uint8Array, header: TiffHeader, layout: TiffLayout): void {
  // Bits the other way round, in every byte.
  if ((header.tags.get(tiffTags.fillOrder)?.[0] ?? 1) !== 1) return;
  const length = { [compressions.lzw]: lzwLength, [compressions.packBits]: packBitsLength }[header.compression];
  for (const i of layout.offsets.keys()) {
    if (isDeflated(header)) inflated(file, layout, i);
    const bytes = layout.counts === undefined ? undefined : length?.(packed(file, layout, i));
    if (bytes === undefined) continue;
    if (bytes < layout.unpacked[i]!) throw new Error("truncated");
    if (bytes > layout.mostUnpacked) throw new Error("more pixels than its picture has");
  }
}

/** One strip or tile of a deflated picture; throws an Error where it is damaged, or of another size than it should have. */
export function inflated(file: Uint8Array, layout: TiffLayout, i: number): Uint8Array {
  const content = inflateSync(packed(file, layout, i), { maxOutputLength: layout.mostUnpacked });
  if (content.length < layout.unpacked[i]!) throw new Error("truncated");
  return content;
}

function packed(file: Uint8Array, { offsets, counts }: TiffLayout, i: number): Uint8Array {
  const from = offsets[i]!;
  return file.subarray(from, counts === undefined ? file.length : from + counts[i]!);
}

const [clear, end] = [256, 257];

/** How many bytes the codes give; undefined for the oldest kind, whose codes begin with their lowest bit. */
function lzwLength(data: Uint8Array): number | undefined {
  if (data[0] === 0 && (data[1]! & 1) === 1) return undefined;
  const lengths = new Uint32Array(4096).fill(1, 0, clear);
  let [total, width, next, previous] = [0, 9, end + 1, 0];
  for (let at = 0; at + width <= data.length * 8; ) {
    const i = at >>> 3;
    const bits = ((data[i]! << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0)) >>> (24 - (at & 7) - width);
    const code = bits & ((1 << width) - 1);
    at += width;
    if (code === end) return total;
    if (code === clear) {
      [width, next, previous] = [9, end + 1, 0];
      continue;
    }
    if (code > next || (previous === 0 && code > clear)) throw new Error("a code that does not exist");
    if (previous > 0 && next < 4096) lengths[next++] = previous + 1;
    // The width grows one code early.
    if (next === (1 << width) - 1 && width < 12) width++;
    previous = lengths[code]!;
    total += previous;
  }
  return total;
}

/** How many bytes the runs give. */
function packBitsLength(data: Uint8Array): number {
  let total = 0;
  for (let at = 0; at < data.length; ) {
    const control = data[at]!;
    // 128 says nothing.
    if (control !== 128) total += control < 128 ? control + 1 : 257 - control;
    at += control < 128 ? control + 2 : control === 128 ? 1 : 2;
    if (at > data.length) throw new Error("truncated");
  }
  return total;
}
