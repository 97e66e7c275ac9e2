/** Reads the strips of floating-point and 32-bit TIFFs that libvips does not read: 16 and 64 bits, and grey with opacity. */
import { type TiffHeader, tiffTags } from "./tiff-header.ts";
import { tiffLayout } from "./tiff-layout.ts";
import { inflated, isDeflated } from "./tiff-packing.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** IEEE 754 half precision. */
function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 === 1 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const uncompressed = 1;

/** Whether {@link readStrips} can. */
export const hasPlainStrips = (header: TiffHeader): boolean =>
  !header.tags.has(tiffTags.tileWidth) &&
  (header.tags.get(tiffTags.predictor)?.[0] ?? 1) === 1 &&
  (isDeflated(header) || header.compression === uncompressed);

/**
 * Gives the samples of the first image to `set`, by their index into (height, width, samples). Plain or deflated strips only.
 *
 * @throws UnreadVariant where they are packed otherwise; Error where the file is truncated or damaged
 */
export function readStrips(file: Uint8Array, header: TiffHeader, set: (index: number, sample: number) => void): void {
  const { tags, littleEndian, width, height, samplesPerPixel, planarConfiguration } = header;
  const { bitsPerSample: bits, sampleFormat } = header;
  const deflated = isDeflated(header);
  if (!hasPlainStrips(header)) {
    const tiled = tags.has(tiffTags.tileWidth);
    throw new UnreadVariant(
      `${tiled ? "tiled" : "compressed"} TIFF of ${bits}-bit numbers`,
      `save it ${tiled ? "in strips" : "uncompressed"}, or as an 8-bit PNG`,
    );
  }
  const layout = tiffLayout(header, file.length);
  const total = width * height * samplesPerPixel;
  const planes = planarConfiguration === 2 ? samplesPerPixel : 1;
  const perPlane = total / planes;
  const bytes = bits / 8;
  let done = 0;
  for (const [strip, offset] of layout.offsets.entries()) {
    const needed = layout.unpacked[strip]!;
    const content = (deflated ? inflated(file, layout, strip) : file.subarray(offset)).subarray(0, needed);
    if (content.length < needed) throw new Error("truncated");
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    for (let at = 0; at + bytes <= content.length && done < total; at += bytes, done++) {
      const value =
        sampleFormat !== 3
          ? view.getUint32(at, littleEndian)
          : bits === 64
            ? view.getFloat64(at, littleEndian)
            : bits === 32
              ? view.getFloat32(at, littleEndian)
              : halfFloat(view.getUint16(at, littleEndian));
      const plane = Math.floor(done / perPlane);
      const pixel = done - plane * perPlane;
      set(pixel * planes + plane, value);
    }
  }
  if (done < total) throw new Error("truncated");
}
