/** Names the kinds of JPEG that are not decoded, by their frame header (ITU-T T.81, table B.1). */
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
  // Segments follow each other until the picture's own data begin (start of scan, 0xda).
  for (let at = 2; at + 5 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda; ) {
    const marker = file[at + 1]!;
    const frame = marker - 0xc0;
    // Not every one of these numbers is a frame: DHT, JPG and DAC stand between them.
    const isFrame = (frame >= 0 && frame < 16 && ![4, 8, 12].includes(frame)) || frame === 55;
    if (isFrame) {
      const kind = frames[frame];
      if (kind !== undefined) throw new UnreadVariant(kind, "save it as an ordinary JPEG or a PNG");
      const bits = file[at + 4]!;
      if (bits !== 8) throw new UnreadVariant(`${bits}-bit JPEG`, "save it as an 8-bit JPEG or a PNG");
      return;
    }
    // A fill byte, or a marker without a segment.
    if (marker === 0xff) at++;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + ((file[at + 2]! << 8) | file[at + 3]!);
  }
}
