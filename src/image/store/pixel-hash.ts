/** Tells pictures apart by their pixels alone, whatever file holds them. */
import { createHash } from "node:crypto";
import type { RgbImage } from "../decoding/decode.ts";

/**
 * SHA-256 in hexadecimal over width and height, each as a little-endian uint32, and the RGB bytes. A picture saved in another lossless
 * format, or with other metadata, has the same hash.
 */
export function pixelHash({ width, height, data }: RgbImage): string {
  const size = Buffer.alloc(8);
  size.writeUInt32LE(width, 0);
  size.writeUInt32LE(height, 4);
  return createHash("sha256").update(size).update(data).digest("hex");
}
