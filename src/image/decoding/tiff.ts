/** Reads TIFF files: numbers of up to 16 bits through libvips, larger and floating-point ones by a scale of their own. */
import { openEncoded, readEncoded } from "./encoded-image.ts";
import { admitPixels } from "./pixels-at-once.ts";
import type { RawImage } from "./raw-image.ts";
import { readTiffHeader, type TiffHeader } from "./tiff-header.ts";
import { tiffLayout } from "./tiff-layout.ts";
import { type Levels, levelsOf } from "./tiff-levels.ts";
import { checkPacking } from "./tiff-packing.ts";
import { hasPlainStrips, readStrips } from "./tiff-strips.ts";
import { tiffReading } from "./tiff-variant.ts";
import { strictly } from "./tiff-warnings.ts";
import { upright } from "./upright.ts";

/** Whether libvips can open a file at all; it knows no numbers of 64 bits. */
export const libvipsReads = ({ bitsPerSample }: TiffHeader): boolean => bitsPerSample !== 64;

/**
 * The first image, upright.
 *
 * @throws UnreadVariant where its kind is not read; Error where the file is truncated or damaged
 */
export async function readTiff(bytes: Uint8Array): Promise<RawImage> {
  const header = readTiffHeader(bytes);
  const { samples, dropsLast } = tiffReading(header);
  await admitPixels(header);
  if (samples === "stored") {
    checkPacking(bytes, header, tiffLayout(header, bytes.length));
    return strictly((failOn) => readEncoded(bytes, { dropsOpacity: dropsLast, failOn }));
  }
  const channels = header.samplesPerPixel as RawImage["channels"];
  const levels = levelsOf(samples, { width: header.width, height: header.height, channels });
  await readSamples(bytes, header, samples, levels);
  const image = levels.finish();
  return upright(dropsLast ? withoutLast(image) : image, header.orientation);
}

/** libvips reads 32 bits, however packed, but all samples at once; it reads neither 16 nor 64 of floating point, and loses the opacity of grey. */
async function readSamples(
  bytes: Uint8Array,
  header: TiffHeader,
  samples: "float" | "uint32",
  levels: Levels,
): Promise<void> {
  const own = header.bitsPerSample !== 32 || header.samplesPerPixel === 2 || hasPlainStrips(header);
  if (own) return readStrips(bytes, header, levels.set);
  checkPacking(bytes, header, tiffLayout(header, bytes.length));
  const space = header.photometric === 1 ? "b-w" : samples === "float" ? "scrgb" : "srgb";
  const { data, info } = await strictly(async (failOn) => {
    const opened = await openEncoded(bytes, { autoOrient: false, failOn });
    return opened
      .pipelineColourspace(space)
      .toColourspace(space)
      .raw({ depth: samples === "float" ? "float" : "uint" })
      .toBuffer({ resolveWithObject: true });
  });
  if (info.channels !== header.samplesPerPixel) throw new Error(`decoded to ${info.channels} channels`);
  const Numbers = samples === "float" ? Float32Array : Uint32Array;
  const values = new Numbers(data.buffer, data.byteOffset, data.length / 4);
  for (let i = 0; i < values.length; i++) levels.set(i, values[i]!);
}

function withoutLast({ width, height, channels, data }: RawImage): RawImage {
  const kept = (channels - 1) as RawImage["channels"];
  const out = new Uint8Array(width * height * kept);
  for (let i = 0; i < width * height; i++) out.set(data.subarray(i * channels, i * channels + kept), i * kept);
  return { width, height, channels: kept, data: out };
}
