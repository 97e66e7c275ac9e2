/** Decodes one image file to uint8 RGB at working resolution, the same way for training, evaluation and prediction. */

import { readFile, stat } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { bmpSize, decodeBmp, type RawImage } from "./bmp.ts";
import { type Geometry, placeImage } from "./geometry.ts";
import { imageFormat } from "./image-format.ts";

/** The most pixels an image may have: 2^28, some 16,384 x 16,384. Beyond it, decoding may take gigabytes. */
export const maxPixels = 2 ** 28;

/** The largest file that is read. */
export const maxFileBytes = 2 ** 29;

/** Names all that decides which pixels come out of a file; stored pixels of another version are decoded anew. */
export const decoderVersion = `1 (sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips})`;

/** An image that cannot be decoded. The message is one sentence: file, what is wrong and what to do. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  /** What is wrong alone, such as "truncated JPEG". */
  readonly reason: string;

  constructor(file: string, reason: string, cure: string, options?: ErrorOptions) {
    super(`${file}: ${reason}; ${cure}`, options);
    this.reason = reason;
  }
}

/**
 * Decodes an image file (JPEG, PNG, WebP, BMP or TIFF by its content, whatever its suffix) to `size` x `size` uint8 RGB, as
 * (height, width, 3). EXIF orientation is applied, colours are converted to sRGB (from an embedded profile, CMYK, grey, 16 bits),
 * transparency is laid on white, and of several pages or frames the first is taken. `geometry` says how the image comes to fill the
 * square. Larger and smaller images are resampled by Lanczos; one that has the size already keeps its pixels.
 *
 * @throws ImageError where the file cannot be read, is no such image, is truncated or damaged, or has more than 2^28 pixels
 */
export async function decodeImage(file: string, size: number, geometry: Geometry = "squash"): Promise<Uint8Array> {
  return decodeBytes(await readImageFile(file), size, file, geometry);
}

/** The whole content of an image file; throws an {@link ImageError} where it cannot be read or is too large. */
export async function readImageFile(file: string): Promise<Uint8Array> {
  try {
    const stats = await stat(file);
    if (!stats.isFile()) throw new ImageError(file, "not a file", "give image files");
    if (stats.size > maxFileBytes) {
      const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
      const reason = `a file of ${megabytes(stats.size)}, above the limit of ${megabytes(maxFileBytes)}`;
      throw new ImageError(file, reason, "save it at a lower resolution");
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ImageError(file, "no such file", "check the path", { cause: error });
    if (code === "EACCES" || code === "EPERM") {
      throw new ImageError(file, "may not be read", "change its permissions", { cause: error });
    }
    throw new ImageError(file, `cannot be read (${message})`, "check the disk", { cause: error });
  }
}

/** An image at its own resolution: (height, width, 3) bytes of sRGB, upright. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** As {@link decodeImage}, from a file's content; `name` is what its errors call it. */
export function decodeBytes(
  bytes: Uint8Array,
  size: number,
  name: string,
  geometry: Geometry = "squash",
): Promise<Uint8Array> {
  return opened(bytes, name, async (image) => {
    const { data, width, height } = await toRgb(placed(image, size, geometry));
    if (width !== size || height !== size) throw new Error(`decoded to ${width} x ${height}`);
    return data;
  });
}

/** The whole image at its own resolution, from a file's content: formats, colours, orientation and errors as in {@link decodeImage}. */
export function decodeFull(bytes: Uint8Array, name: string): Promise<RgbImage> {
  return opened(bytes, name, ({ pipeline }) => toRgb(pipeline));
}

/** Lets `use` read an image; whatever is wrong with it becomes an {@link ImageError}. */
async function opened<T>(bytes: Uint8Array, name: string, use: (image: OpenImage) => Promise<T>): Promise<T> {
  if (bytes.length === 0) throw new ImageError(name, "empty file (0 bytes)", "give a whole copy of the image");
  const format = imageFormat(bytes);
  if (format === undefined) {
    throw new ImageError(name, "not an image", "give a JPEG, PNG, WebP, BMP or TIFF file");
  }
  try {
    return await use(format.name === "BMP" ? await openBmp(bytes, name) : await openEncoded(bytes, name));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const message = (error as Error).message.trim().split("\n")[0]!;
    const truncated = format.truncated(bytes) || /premature end|truncated/i.test(message);
    const reason = truncated ? `truncated ${format.name}` : `damaged ${format.name} (${message})`;
    throw new ImageError(name, reason, "give a whole copy of the image", { cause: error });
  }
}

async function toRgb(pipeline: Sharp): Promise<RgbImage> {
  const { data, info } = await pipeline
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 3 || data.length !== width * height * 3) {
    throw new Error(`decoded to ${width} x ${height} x ${channels}`);
  }
  return { width, height, data };
}

/** The image's pipeline with cutting, scaling and black around it, each only where it is needed. */
function placed({ width, height, pipeline }: OpenImage, size: number, geometry: Geometry): Sharp {
  const { source, target } = placeImage(width, height, size, geometry);
  let result = pipeline;
  if (source.width !== width || source.height !== height) result = result.extract(source);
  if (source.width !== target.width || source.height !== target.height) {
    result = result.resize(target.width, target.height, { fit: "fill", kernel: "lanczos3" });
  }
  if (target.width === size && target.height === size) return result;
  const { left, top } = target;
  const [right, bottom] = [size - left - target.width, size - top - target.height];
  return result.extend({ left, top, right, bottom, background: "#000000" });
}

interface OpenImage {
  /** After orientation. */
  readonly width: number;
  readonly height: number;
  readonly pipeline: Sharp;
}

async function openEncoded(bytes: Uint8Array, name: string): Promise<OpenImage> {
  const { width, height, autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata();
  refuseTooManyPixels(width, height, name);
  // "error" also refuses what is truncated, but not the harmless warnings that many cameras' files give.
  const pipeline = sharp(bytes, { failOn: "error", limitInputPixels: maxPixels, autoOrient: true });
  return { width: autoOrient.width, height: autoOrient.height, pipeline };
}

async function openBmp(bytes: Uint8Array, name: string): Promise<OpenImage> {
  const { width, height } = bmpSize(bytes);
  refuseTooManyPixels(width, height, name);
  const { channels, data }: RawImage = decodeBmp(bytes);
  return { width, height, pipeline: sharp(data, { raw: { width, height, channels }, limitInputPixels: maxPixels }) };
}

function refuseTooManyPixels(width: number, height: number, name: string): void {
  if (width * height <= maxPixels) return;
  const millions = (pixels: number): string => `${Math.round(pixels / 1e6)} million`;
  const reason = `${width} x ${height} is ${millions(width * height)} pixels, above the limit of ${millions(maxPixels)}`;
  throw new ImageError(name, reason, "save it at a lower resolution");
}
