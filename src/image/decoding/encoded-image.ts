/** Reads what sharp reads: JPEG, PNG, WebP and TIFF of up to 16 bits, as upright sRGB of 8 bits. */
import type { Metadata, Sharp } from "sharp";
import { importSharp } from "../sharp.ts";
import { mostPixels } from "./pixel-limit.ts";
import { admitPixels } from "./pixels-at-once.ts";
import type { RawImage } from "./raw-image.ts";
import { leastRange, refuseLittleRange } from "./sample-range.ts";

/** Whatever libvips finds wrong is an error. It takes most damaged pixels for a warning, and fills the picture with grey. */
export async function openEncoded(
  bytes: Uint8Array,
  { autoOrient = true, failOn = "warning" }: { readonly autoOrient?: boolean; readonly failOn?: FailOn } = {},
): Promise<Sharp> {
  const sharp = await importSharp();
  return sharp(bytes, { failOn, limitInputPixels: mostPixels(), autoOrient });
}

/** From which severity on decoding ends in an Error. */
export type FailOn = "warning" | "error";

/** Settings of {@link readEncoded}. */
export interface EncodedOptions {
  /** Whether its last channel is no part of the picture. */
  readonly dropsOpacity?: boolean;
  readonly failOn?: FailOn;
  /** What is wrong with a file that libvips decodes; asked while libvips does so in a thread of its own. */
  readonly fault?: (bytes: Uint8Array) => string | undefined;
}

/** What an encoded image says of itself; no pixel is decoded. Throws Error where it is no image that sharp reads. */
export async function readHeader(bytes: Uint8Array): Promise<Metadata> {
  const sharp = await importSharp();
  return sharp(bytes, { limitInputPixels: false }).metadata();
}

/**
 * The first page or frame, colours converted from what the file embeds or says (a profile, CMYK, grey, 16 bits).
 *
 * @throws UnreadVariant where 16 bits hold so small numbers that all would be nearly black; Error where the file is damaged
 */
export async function readEncoded(
  bytes: Uint8Array,
  { dropsOpacity = false, failOn = "warning", fault = () => undefined }: EncodedOptions = {},
): Promise<RawImage> {
  const metadata = await readHeader(bytes);
  await admitPixels(metadata);
  const opened = await openEncoded(bytes, { failOn });
  const decoding = (dropsOpacity ? opened.removeAlpha() : opened)
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  // Awaited together, so that neither's error is left without a taker.
  const [{ data, info }, found] = await Promise.all([decoding, (async () => fault(bytes))()]);
  if (found !== undefined) throw new Error(found);
  const { width, height } = info;
  const channels = info.channels as RawImage["channels"];
  if (metadata.depth === "ushort" && isDark(data, channels)) await refuseHiddenLevels(bytes, metadata.space, failOn);
  return { width, height, channels, data };
}

/** Whether no colour is above what little range gives. */
function isDark(data: Uint8Array, channels: number): boolean {
  const colours = channels % 2 === 0 ? channels - 1 : channels;
  return data.every((level, i) => level <= 255 * leastRange + 1 || i % channels >= colours);
}

/** Numbers of 8 to 12 bits in a file of 16 look black without being it. */
async function refuseHiddenLevels(bytes: Uint8Array, space: string, failOn: FailOn): Promise<void> {
  if (space !== "rgb16" && space !== "grey16") return;
  const opened = await openEncoded(bytes, { failOn });
  const data = await opened
    .removeAlpha()
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: "ushort" })
    .toBuffer();
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  refuseLittleRange(
    samples.reduce((a, b) => Math.max(a, b), 0),
    65535,
    "16-bit image",
  );
}
