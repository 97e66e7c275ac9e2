/** Decoded images as all of naevus hands them on. */

/** An image at its own resolution: (height, width, 3) bytes of sRGB, upright. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle of whole pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}
