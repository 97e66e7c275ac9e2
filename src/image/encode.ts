/** Pixels written as image files. */
import sharp from "sharp";
import type { RgbImage } from "./rgb-image.ts";

/** How pixels become a JPEG file. */
export interface JpegOptions {
  /** From 1 to 100. */
  readonly quality: number;
  /** Default 4:2:0, which halves the resolution of colours. */
  readonly chromaSubsampling?: "4:2:0" | "4:4:4";
  /** Smaller files, for more time; default false. */
  readonly mozjpeg?: boolean;
}

/** The pixels as a JPEG file in sRGB. */
export const encodeJpeg = ({ width, height, data }: RgbImage, options: JpegOptions): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg(options)
    .toBuffer();

/** A drawing as a PNG file, `scale` times as large as it says. */
export const svgToPng = (svg: string, scale = 1): Promise<Buffer> =>
  sharp(Buffer.from(svg), { density: 72 * scale, unlimited: true, limitInputPixels: false })
    .png({ compressionLevel: 9 })
    .toBuffer();
