/** Pictures of image files, for reports. */

import { ImageError } from "../errors.ts";
import { decodeBytes, readImageFile } from "./decoding/decode.ts";
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
