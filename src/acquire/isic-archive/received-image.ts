/** Proves that received bytes are the whole image that was asked for, and makes reduced copies. */

import { ImageError } from "../../errors.ts";
import { decodeFull, withDecoded } from "../../image/decoding/decode.ts";
import { readHeader } from "../../image/decoding/encoded-image.ts";
import { type ImageFormat, imageFormat } from "../../image/decoding/image-format.ts";
import { withPixelLimit } from "../../image/decoding/pixel-limit.ts";
import { maxPixelsMost } from "../../image/decoding/pixel-limit-range.ts";
import { encodeJpeg } from "../../image/encode.ts";
import { reduced } from "../../image/geometry.ts";
import type { JournalEntry } from "./journal.ts";

/** Of what the archive keeps: it turns all else into these. */
const suffixes: { readonly [K in ImageFormat["name"]]?: JournalEntry["suffix"] } = {
  JPEG: ".jpg",
  PNG: ".png",
  TIFF: ".tif",
};

/** What the archive says of the image. */
export interface ExpectedImage {
  readonly id: string;
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** A received image that was found whole. */
export interface ReceivedImage {
  readonly width: number;
  readonly height: number;
  /** For its file's name, by its content. */
  readonly suffix: JournalEntry["suffix"];
}

/**
 * Proves an image by decoding it, by its size in pixels, and by the ISIC id that the archive writes into the XMP of its JPEG
 * files. The archive's own `files.full.size` proves nothing: it is taken before the attribution is written into the file.
 *
 * @throws ImageError where it is no image, damaged, truncated, or another image
 */
export async function receivedImage(bytes: Uint8Array, { id, width, height }: ExpectedImage): Promise<ReceivedImage> {
  const again = "fetch it again";
  if (imageFormat(bytes)?.name === "JPEG" && lacksEnd(bytes)) throw new ImageError(id, "truncated JPEG", again);
  await withPixelLimit(maxPixelsMost, () => decodeFull(bytes, id));
  const format = imageFormat(bytes)!;
  const suffix = suffixes[format.name];
  if (suffix === undefined) throw new ImageError(id, `a ${format.name} image, which the archive has none of`, again);
  const found = await readHeader(bytes);
  const wrongSize = (expected: number | undefined, actual: number) => expected !== undefined && expected !== actual;
  if (wrongSize(width, found.width) || wrongSize(height, found.height)) {
    const sizes = `${found.width} x ${found.height} pixels instead of ${width} x ${height}`;
    throw new ImageError(id, `another image: ${sizes}`, again);
  }
  const named: readonly string[] = found.xmp?.toString("utf8").match(/ISIC_\d{7}/g) ?? [];
  if (named.length > 0 && !named.includes(id)) throw new ImageError(id, `another image: ${named[0]}`, again);
  return { width: found.width, height: found.height, suffix };
}

/** Whether no end marker follows the last start of a scan; neither can stand inside the coded pixels (ITU T.81, B.1.1.2). */
function lacksEnd(jpeg: Uint8Array): boolean {
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.length);
  return bytes.lastIndexOf("ffd9", undefined, "hex") < bytes.lastIndexOf("ffda", undefined, "hex");
}

/** An image within `maxSide` x `maxSide` pixels, its aspect kept, as JPEG of high quality in sRGB; never enlarged. */
export async function reducedImage(bytes: Uint8Array, maxSide: number): Promise<Uint8Array> {
  const { width, height, data } = await withPixelLimit(maxPixelsMost, () =>
    withDecoded(bytes, "image", (image) => reduced(image, maxSide)),
  );
  return encodeJpeg({ width, height, data }, { quality: 95, chromaSubsampling: "4:4:4" });
}
