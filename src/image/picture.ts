/** Pictures of image files for reports, and drawings made into pictures. */
import sharp from "sharp";
import { decodeBytes, ImageError, readImageFile } from "./decoding/decode.ts";
import { pixelPicture } from "./pixel-picture.ts";

/**
 * A small square picture of an image file, whole and upright, as a `data:` address; undefined where the file cannot be decoded.
 *
 * @param size width and height in pixels
 */
export async function filePicture(file: string, size: number): Promise<string | undefined> {
  try {
    const pixels = await decodeBytes(await readImageFile(file), size, file, "fit");
    return await pixelPicture(pixels, { height: size, width: size, size });
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

/** A drawing as a PNG file, `scale` times as large as it says. */
export async function svgToPng(svg: string, scale = 1): Promise<Uint8Array> {
  return sharp(Buffer.from(svg), { density: 72 * scale, unlimited: true, limitInputPixels: false })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
