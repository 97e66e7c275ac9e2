/** Names the kinds of JPEG that are not decoded, by their frame header (ITU-T T.81, table B.1). */
import { isFrame, jpegMarkers, jpegSegments } from "./jpeg-segments.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** By the number of the start of frame; 0 to 2 are baseline, extended and progressive, and are read. */
const frames: { readonly [marker: number]: string } = {
  3: "lossless JPEG",
  5: "hierarchical JPEG",
  6: "hierarchical JPEG",
  7: "lossless JPEG",
  9: "arithmetic-coded JPEG",
  10: "arithmetic-coded JPEG",
  11: "lossless JPEG",
  13: "arithmetic-coded JPEG",
  14: "arithmetic-coded JPEG",
  15: "lossless JPEG",
  55: "JPEG-LS",
};

/** @throws UnreadVariant where the file is of such a kind, or has samples of more than 8 bits */
export function refuseUnreadJpeg(file: Uint8Array): void {
  for (const { marker, content } of jpegSegments(file)) {
    if (marker === jpegMarkers.scan) return;
    if (!isFrame(marker)) continue;
    const kind = frames[marker - 0xc0];
    if (kind !== undefined) throw new UnreadVariant(kind, "save it as an ordinary JPEG or a PNG");
    if (content[0] !== 8) throw new UnreadVariant(`${content[0]}-bit JPEG`, "save it as an 8-bit JPEG or a PNG");
    return;
  }
}
