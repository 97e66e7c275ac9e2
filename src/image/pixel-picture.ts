/** Pictures of decoded images, for reports. */
import { encodeJpeg } from "./encode.ts";
import { reduced } from "./geometry.ts";

/** The size of the pixels that are given, and of the picture that is made of them. */
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
  const jpeg = await encodeJpeg(picture, { quality, mozjpeg: true });
  return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
}
