/** Pictures of decoded images, for reports. */
import sharp from "sharp";
import { reduced } from "./geometry.ts";

export interface PixelPictureOptions {
  readonly height: number;
  readonly width: number;
  /** The longer side of the picture in pixels, at most the image's own; default 96. */
  readonly size?: number;
  /** JPEG quality from 1 to 100; default 78. */
  readonly quality?: number;
}

/** A JPEG of RGB pixels, (height, width, 3), as a `data:` address. */
export async function pixelPicture(
  pixels: Uint8Array,
  { height, width, size = 96, quality = 78 }: PixelPictureOptions,
): Promise<string> {
  const picture = reduced({ width, height, data: pixels }, size);
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  const jpeg = await sharp(picture.data, { raw }).jpeg({ quality, mozjpeg: true }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
}
