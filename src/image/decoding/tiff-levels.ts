/** Scales the samples of floating-point and 32-bit TIFFs to 8 bits, and refuses those whose scale cannot be known. */
import type { RawImage } from "./raw-image.ts";
import { refuseLittleRange } from "./sample-range.ts";
import type { TiffReading } from "./tiff-variant.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** The sample that is white: as in scikit-image and ImageMagick for floating point, as in TIFF 6.0 for integers. */
const whites = { float: 1, uint32: 2 ** 32 - 1 } as const;

/** Half a level of 8 bits, by which rounding alone may leave the range. */
const halfLevel = 0.5 / 255;

/** Takes the samples of an image one by one, so that they need not all be in memory, and gives their levels. */
export interface Levels {
  /** Sets the sample at an index into (height, width, channels). Throws UnreadVariant where it is no number. */
  set(index: number, sample: number): void;
  /** The image; throws UnreadVariant where samples lie outside of black and white, or are so small that all would be nearly black. */
  finish(): RawImage;
}

/** Levels from 0 to 255 of samples between black (0) and white (1, or the largest integer). */
export function levelsOf(kind: Exclude<TiffReading["samples"], "stored">, image: Omit<RawImage, "data">): Levels {
  const white = whites[kind];
  const data = new Uint8Array(image.width * image.height * image.channels);
  const { channels } = image;
  const colours = channels > 2 ? 3 : 1;
  let [least, most, mostColour] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const text = (value: number): string => String(Number(value.toPrecision(4)));
  return {
    set(index, value) {
      if (!Number.isFinite(value)) throw new UnreadVariant("floating-point TIFF with samples that are no numbers");
      if (value < least) least = value;
      if (value > most) most = value;
      if (value > mostColour && index % channels < colours) mostColour = value;
      data[index] = Math.min(255, Math.max(0, Math.round((value / white) * 255)));
    },
    finish() {
      if (least < -halfLevel * white || most > (1 + halfLevel) * white) {
        throw new UnreadVariant(
          `floating-point TIFF with samples from ${text(least)} to ${text(most)}`,
          "scale them to 0 (black) to 1 (white)",
        );
      }
      refuseLittleRange(mostColour, white, kind === "float" ? "floating-point TIFF" : "32-bit TIFF");
      return { ...image, data };
    },
  };
}
