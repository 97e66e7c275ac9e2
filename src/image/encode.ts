/** Pixels written as image files. */
import type { RgbImage } from "./rgb-image.ts";
import { importSharp } from "./sharp.ts";

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
export async function encodeJpeg({ width, height, data }: RgbImage, options: JpegOptions): Promise<Buffer> {
  const sharp = await importSharp();
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg(options)
    .toBuffer();
}

/** A drawing as a PNG file, `scale` times as large as it says. */
export async function svgToPng(svg: string, scale = 1): Promise<Buffer> {
  const sharp = await importSharp();
  return sharp(Buffer.from(svg), { density: 72 * scale, unlimited: true, limitInputPixels: false })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
