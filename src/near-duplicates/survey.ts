/** Opens every image of a data set once and notes what its file and its picture are; the pictures themselves are not kept. */

import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Dataset, Problem } from "../dataset/dataset.ts";
import { type ImageSource, sourceOf } from "../dataset/image-source.ts";
import { forEachBounded } from "../disk/bounded.ts";
import { ImageError } from "../errors.ts";
import { bmpSize } from "../image/decoding/bmp.ts";
import { decodeBytes, readImage } from "../image/decoding/decode.ts";
import { readHeader } from "../image/decoding/encoded-image.ts";
import { type ImageFormat, imageFormat } from "../image/decoding/image-format.ts";
import { jpegQuality } from "../image/decoding/jpeg-quality.ts";
import { libvipsReads } from "../image/decoding/tiff.ts";
import { readTiffHeader } from "../image/decoding/tiff-header.ts";
import { lookBytes, lookedAtSize, lumaOf, writeLook } from "./look.ts";
import { measure } from "./measures.ts";
import type { Plane } from "./registration.ts";

/** What is known of one content, however many files hold it. */
export interface ContentFacts {
  readonly sha256: string;
  readonly bytes: number;
  readonly format: ImageFormat["name"];
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** EXIF orientation, 1 to 8; 1 is upright. */
  readonly orientation: number;
  /** As stored: `srgb`, `b-w`, `cmyk`, `rgb16` … */
  readonly colourSpace: string;
  readonly transparent: boolean;
  /** Frames or pages. */
  readonly pages: number;
  /** Quality of a JPEG file, 1 to 100. */
  readonly quality: number | undefined;
  /** In the order of `measureNames`. */
  readonly measures: Float32Array;
}

/** The images of a data set, opened. */
export interface Survey {
  readonly contents: readonly ContentFacts[];
  /** For each image, in their order, its content's number; undefined where it cannot be decoded. */
  readonly contentOf: readonly (number | undefined)[];
  /** For each image its file's SHA-256; undefined where the file cannot be read. */
  readonly sha256: readonly (string | undefined)[];
  /** By content: what it looks like, for `findNearDuplicates`. */
  readonly looks: Uint8Array;
  /** Images that cannot be decoded, in their order. */
  readonly unreadable: readonly Problem[];
}

/** How the images of a data set are opened. */
export interface SurveyOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens all images. Memory grows by about two kilobytes an image. Throws only the signal's reason, where it aborts. */
export async function surveyImages(
  dataset: Pick<Dataset, "root" | "sources" | "images">,
  { onProgress, signal }: SurveyOptions = {},
): Promise<Survey> {
  const { images } = dataset;
  const sha256 = new Array<string | undefined>(images.length).fill(undefined);
  const reasons = new Map<number, string>();
  const opened = new Map<string, Promise<{ facts: ContentFacts; look: Uint8Array } | string>>();
  let done = 0;
  await forEachBounded(images, availableParallelism() + 1, async ({ path }, index) => {
    signal?.throwIfAborted();
    try {
      const bytes = await readImage(sourceOf(dataset, path), path);
      const hash = createHash("sha256").update(bytes).digest("hex");
      sha256[index] = hash;
      let opening = opened.get(hash);
      if (opening === undefined) {
        opening = open(bytes, hash).catch((error: unknown) => {
          if (error instanceof ImageError) return error.reason;
          throw error;
        });
        opened.set(hash, opening);
      }
      const result = await opening;
      if (typeof result === "string") reasons.set(index, result);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      reasons.set(index, error.reason);
    }
    onProgress?.(++done, images.length);
  });

  // Numbered in the order of the images, whichever was opened first.
  const numbers = new Map<string, number>();
  const contents: ContentFacts[] = [];
  const looks = new Uint8Array(opened.size * lookBytes);
  const contentOf: (number | undefined)[] = [];
  for (const hash of sha256) {
    const result = hash === undefined ? undefined : await opened.get(hash);
    if (hash === undefined || result === undefined || typeof result === "string") {
      contentOf.push(undefined);
      continue;
    }
    let number = numbers.get(hash);
    if (number === undefined) {
      number = contents.length;
      numbers.set(hash, number);
      looks.set(result.look, number * lookBytes);
      contents.push(result.facts);
    }
    contentOf.push(number);
  }
  const unreadable = [...reasons]
    .sort(([a], [b]) => a - b)
    .map(([index, message]) => ({ path: images[index]!.path, message }));
  return { contents, contentOf, sha256, looks: looks.subarray(0, contents.length * lookBytes), unreadable };
}

async function open(bytes: Uint8Array, sha256: string): Promise<{ facts: ContentFacts; look: Uint8Array }> {
  const picture = await decodeBytes(bytes, lookedAtSize, sha256);
  const format = imageFormat(bytes)!.name;
  const look = new Uint8Array(lookBytes);
  writeLook(picture, look);
  const facts = { sha256, bytes: bytes.length, format, ...(await stored(bytes, format)), measures: measure(picture) };
  return { facts, look };
}

type Stored = Pick<
  ContentFacts,
  "width" | "height" | "orientation" | "colourSpace" | "transparent" | "pages" | "quality"
>;

async function stored(bytes: Uint8Array, format: ImageFormat["name"]): Promise<Stored> {
  if (format === "BMP") {
    const plain = { orientation: 1, colourSpace: "srgb", transparent: false, pages: 1, quality: undefined };
    return { ...bmpSize(bytes), ...plain };
  }
  const header = format === "TIFF" ? readTiffHeader(bytes) : undefined;
  if (header !== undefined && !libvipsReads(header)) {
    const { width, height, photometric, samplesPerPixel, orientation } = header;
    return {
      width: orientation > 4 ? height : width,
      height: orientation > 4 ? width : height,
      orientation,
      colourSpace: photometric === 2 ? "srgb" : "b-w",
      transparent: samplesPerPixel % 2 === 0,
      pages: 1,
      quality: undefined,
    };
  }
  const metadata = await readHeader(bytes);
  return {
    width: metadata.autoOrient.width,
    height: metadata.autoOrient.height,
    orientation: metadata.orientation ?? 1,
    colourSpace: metadata.space,
    transparent: metadata.hasAlpha,
    pages: metadata.pages ?? 1,
    quality: format === "JPEG" ? jpegQuality(bytes) : undefined,
  };
}

/** Lightness of an image at 128 x 128, for `findNearDuplicates`; undefined where it cannot be decoded. */
export async function readPlane(source: ImageSource): Promise<Plane | undefined> {
  try {
    const picture = await decodeBytes(await readImage(source, "image"), lookedAtSize, "image");
    const values = Float32Array.from({ length: lookedAtSize ** 2 }, (_, i) =>
      lumaOf(picture[3 * i]!, picture[3 * i + 1]!, picture[3 * i + 2]!),
    );
    return { size: lookedAtSize, values };
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}
