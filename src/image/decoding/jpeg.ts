/** Reads JPEG files: whole, or not at all. */
import { readEncoded } from "./encoded-image.ts";
import { scanFault } from "./jpeg-scan.ts";
import { isFrame, type JpegSegment, jpegMarkers, jpegSegments } from "./jpeg-segments.ts";
import { refuseUnreadJpeg } from "./jpeg-variant.ts";
import type { RawImage } from "./raw-image.ts";

/**
 * The image, upright. What libjpeg only warns of counts as damage, but for oddities of headers that many cameras' files have.
 *
 * @throws UnreadVariant where its kind is not read; Error where the file is truncated or damaged
 */
export async function readJpeg(file: Uint8Array): Promise<RawImage> {
  refuseUnreadJpeg(file);
  try {
    return await readEncoded(file, { fault: scanFault });
  } catch (error) {
    // libjpeg reports one warning only, so a harmless one could hide another.
    const tidy = withoutOddities(file);
    if (tidy === undefined) throw error;
    return readEncoded(tidy, { fault: scanFault });
  }
}

/** Cameras write some hundred; half a gigabyte of empty ones would fill all memory. */
const mostSegments = 10_000;

/**
 * The same image without what libjpeg warns of though it harms no pixel: bytes between the segments, an unknown version of JFIF, an
 * unknown number in Adobe's segment (libjpeg then takes the usual colours, and so does this), and parameters of progressive scans in a
 * sequential file. Undefined where there is nothing of it.
 */
export function withoutOddities(file: Uint8Array): Uint8Array | undefined {
  const segments: JpegSegment[] = [];
  for (const segment of jpegSegments(file)) if (segments.push(segment) > mostSegments) return undefined;
  const frame = segments.find(({ marker }) => isFrame(marker));
  const pieces: Uint8Array[] = [file.subarray(0, 2)];
  let odd = false;
  for (const [i, { marker, start, content, end }] of segments.entries()) {
    const segment = Buffer.from(file.subarray(start, end));
    const inside = segment.subarray(4);
    const put = (at: number, ...values: readonly number[]): void => {
      if (values.every((value, k) => inside[at + k] === value)) return;
      inside.set(values, at);
      odd = true;
    };
    const begins = (text: string): boolean => inside.subarray(0, text.length).toString("latin1") === text;
    if (marker === 0xe0 && begins("JFIF\0") && content.length >= 14) put(5, 1);
    if (marker === 0xee && begins("Adobe") && content.length >= 12 && content[11]! > 2) {
      put(11, frame?.content[5] === 4 ? 2 : 1);
    }
    const isScan = marker === jpegMarkers.scan;
    if (isScan && frame !== undefined && frame.marker <= 0xc1 && content.length >= 4) put(content.length - 3, 0, 63, 0);
    pieces.push(segment);
    const next = segments[i + 1]?.start ?? file.length;
    // A scan's compressed pixels follow its segment.
    if (isScan) pieces.push(file.subarray(end, next));
    else if (next > end && i + 1 < segments.length) odd = true;
  }
  return odd ? Buffer.concat(pieces) : undefined;
}
