/** Decodes one image file to uint8 RGB at working resolution, the same way for training, evaluation and prediction. */

import { readFile } from "node:fs/promises";
import { bytesInMemory, type ImageSource } from "../../dataset/image-source.ts";
import { regularFile } from "../../disk/files.ts";
import { readTrouble } from "../../disk/system-errors.ts";
import { firstLine, ImageError, InstallationError } from "../../errors.ts";
import { lacksMemory, memoryError, needingMemory } from "../../memory.ts";
import { fillFrame, type Geometry } from "../geometry.ts";
import type { ImageSize } from "../image-size.ts";
import type { ResamplingFilter } from "../resampling.ts";
import type { RgbImage } from "../rgb-image.ts";
import { importSharp } from "../sharp.ts";
import { bmpSize, decodeBmp } from "./bmp.ts";
import { readEncoded } from "./encoded-image.ts";
import { type ImageFormat, imageFormat, unreadFormat } from "./image-format.ts";
import { readJpeg } from "./jpeg.ts";
import { admitPixels, decodingOne } from "./pixels-at-once.ts";
import { onWhite, type RawImage } from "./raw-image.ts";
import { readTiff } from "./tiff.ts";
import { UnreadVariant } from "./unread-variant.ts";
import { readWebp } from "./webp.ts";

export type { RgbImage } from "../rgb-image.ts";

/** The largest file that is read. */
export const maxFileBytes = 2 ** 29;

/** Names all that decides which pixels come out of a file; stored pixels of another version are decoded anew. */
export async function decoderVersion(): Promise<string> {
  const { sharp, vips } = (await importSharp()).versions;
  return `3 (sharp ${sharp}, libvips ${vips})`;
}

/**
 * Decodes an image file (JPEG, PNG, WebP, BMP or TIFF by its content, whatever its suffix) to uint8 RGB, (height, width, 3), of `size`:
 * height and width, or one number for both. EXIF orientation is applied, colours are converted to sRGB (from an embedded profile, CMYK, grey, 16 bits),
 * transparency is laid on white, and of several pages or frames the first is taken. `geometry` says how the image comes to fill that
 * frame, `filter` how larger and smaller images are resampled; one that has the size already keeps its pixels.
 *
 * @throws ImageError where the file cannot be read, is no such image, is of a variant that is not read, is truncated or damaged, or
 *   has more pixels than the limit, 100 million unless another is set; MemoryError where memory could not be had;
 *   InstallationError where sharp is missing or does not load
 */
export async function decodeImage(
  file: string,
  size: ImageSize,
  geometry: Geometry = "squash",
  filter: ResamplingFilter = "cubic",
): Promise<Uint8Array> {
  return decodeBytes(await readImageFile(file), size, file, geometry, filter);
}

/** The whole content of an image; throws an {@link ImageError}, which calls it `name`, where it cannot be read or is too large. */
export async function readImage(source: ImageSource, name: string): Promise<Uint8Array> {
  if (typeof source === "string") return readImageFile(source);
  const bytes = await bytesInMemory(source);
  refuseLargeFile(name, bytes.length);
  return bytes;
}

/** The whole content of an image file; throws an {@link ImageError} where it cannot be read or is too large. */
export async function readImageFile(file: string): Promise<Uint8Array> {
  try {
    const stats = await regularFile(file);
    refuseLargeFile(file, stats.size);
    return await readFile(file);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    if (lacksMemory(error)) throw memoryError(file, lessPixels, error);
    const { reason, cure } = readTrouble(error, "give an image file");
    throw new ImageError(file, reason, cure, { cause: error });
  }
}

function refuseLargeFile(name: string, bytes: number): void {
  if (bytes <= maxFileBytes) return;
  const megabytes = (count: number): string => `${Math.round(count / 2 ** 20)} MiB`;
  const reason = `a file of ${megabytes(bytes)}, above the limit of ${megabytes(maxFileBytes)}`;
  throw new ImageError(name, reason, "save it at a lower resolution");
}

/** As {@link decodeImage}, from a file's content; `name` is what its errors call it. */
export async function decodeBytes(
  bytes: Uint8Array,
  size: ImageSize,
  name: string,
  geometry: Geometry = "squash",
  filter: ResamplingFilter = "cubic",
): Promise<Uint8Array> {
  return withDecoded(bytes, name, (image) => fillFrame(image, size, geometry, filter));
}

/** The whole image at its own resolution, from a file's content: formats, colours, orientation and errors as in {@link decodeImage}. */
export const decodeFull = (bytes: Uint8Array, name: string): Promise<RgbImage> =>
  withDecoded(bytes, name, (image) => image);

/**
 * What `use` makes of the whole image as {@link decodeFull} gives it. The image's pixels count as decoded at the same time as others until `use` is done, so it keeps none of them.
 */
export const withDecoded = <T>(bytes: Uint8Array, name: string, use: (image: RgbImage) => T): Promise<T> =>
  decodingOne(async () => {
    const image = await readPixels(bytes, name);
    return needingMemory(`${name}: ${image.width} x ${image.height} pixels`, lessPixels, () => use(image));
  });

/** As libvips says it of memory whose size follows from the image's. */
const forWholeImage = /vips_(tracked|malloc|image_write_to_memory): out of memory/;

const lessPixels =
  "save it at a lower resolution, leave it out by a lower --max-pixels, or raise the process's memory limit";

async function readPixels(bytes: Uint8Array, name: string): Promise<RgbImage> {
  if (bytes.length === 0) throw new ImageError(name, "empty file (0 bytes)", "give a whole copy of the image");
  const format = imageFormat(bytes);
  const unread = unreadFormat(bytes);
  if (format === undefined || unread !== undefined) {
    const reason = unread === undefined ? "not an image" : `${unread}, which is not read`;
    const cure = unread === undefined ? "give a JPEG, PNG, WebP, BMP or TIFF file" : "save it as PNG, TIFF or JPEG";
    throw new ImageError(name, reason, cure);
  }
  try {
    return onWhite(await readers[format.name](bytes), format.name);
  } catch (error) {
    if (error instanceof ImageError || error instanceof InstallationError) throw error;
    if (error instanceof UnreadVariant) throw new ImageError(name, error.message, error.cure, { cause: error });
    // Not the file's fault, so it is not left out: what damaged files ask a codec for is another matter.
    if (lacksMemory(error) && (error instanceof RangeError || forWholeImage.test(error.message))) {
      throw memoryError(name, lessPixels, error);
    }
    const message = firstLine(error);
    const truncated = format.truncated(bytes) || /premature end|truncated|got \d+ bytes, expected/i.test(message);
    const reason = truncated ? `truncated ${format.name}` : `damaged ${format.name} (${message})`;
    throw new ImageError(name, reason, "give a whole copy of the image", { cause: error });
  }
}

const readers: { readonly [K in ImageFormat["name"]]: (bytes: Uint8Array) => Promise<RawImage> } = {
  JPEG: readJpeg,
  PNG: (bytes) => readEncoded(bytes),
  WebP: readWebp,
  BMP: async (bytes) => {
    await admitPixels(bmpSize(bytes));
    return decodeBmp(bytes);
  },
  TIFF: readTiff,
};
