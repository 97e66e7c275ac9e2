/** Pictures of decoded images, for reports. */
import sharp from "sharp";

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
  const jpeg = await sharp(pixels, { raw: { height, width, channels: 3 } })
    .resize({ width: size, height: size, fit: "inside", withoutEnlargement: true })
    .jpeg({ quality, mozjpeg: true })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
}
