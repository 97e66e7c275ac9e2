/** Reads what sharp reads: JPEG, PNG, WebP and TIFF of up to 16 bits, as upright sRGB of 8 bits. */
import sharp, { type Sharp } from "sharp";
import { maxPixels, refuseTooManyPixels } from "./pixel-limit.ts";
import type { RawImage } from "./raw-image.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** "error" refuses what is truncated as well, but not the harmless warnings that many cameras' files give. */
export const openEncoded = (bytes: Uint8Array, { autoOrient = true } = {}): Sharp =>
  sharp(bytes, { failOn: "error", limitInputPixels: maxPixels, autoOrient });

/**
 * The first page or frame, colours converted from what the file embeds or says (a profile, CMYK, grey, 16 bits).
 *
 * @param dropsOpacity whether its last channel is no part of the picture
 * @throws UnreadVariant where 16 bits hold so small numbers that all would be black; sharp's Error where the file is damaged
 */
export async function readEncoded(bytes: Uint8Array, dropsOpacity = false): Promise<RawImage> {
  const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  refuseTooManyPixels(metadata);
  const opened = openEncoded(bytes);
  const { data, info } = await (dropsOpacity ? opened.removeAlpha() : opened)
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const channels = info.channels as RawImage["channels"];
  if (metadata.depth === "ushort" && isBlack(data, channels)) await refuseHiddenLevels(bytes, metadata.space);
  return { width, height, channels, data };
}

const isBlack = (data: Uint8Array, channels: number): boolean =>
  data.every((level, i) => level === 0 || (channels % 2 === 0 && i % channels === channels - 1));

/** Numbers of 8 bits in a file of 16 look black without being it. */
async function refuseHiddenLevels(bytes: Uint8Array, space: string): Promise<void> {
  if (space !== "rgb16" && space !== "grey16") return;
  const data = await openEncoded(bytes)
    .removeAlpha()
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: "ushort" })
    .toBuffer();
  const most = new Uint16Array(data.buffer, data.byteOffset, data.length / 2).reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return;
  throw new UnreadVariant(
    `16-bit image with samples up to ${most}, all of which is black where 65535 is white`,
    "save it with 8 bits, or scale it to 65535",
  );
}
