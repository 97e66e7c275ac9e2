/** How an image of any shape comes to fill a square of working resolution: one setting, the same in training and in use. */

import { type ResamplingFilter, resample } from "./resampling.ts";
import type { Rectangle, RgbImage } from "./rgb-image.ts";

/** The names of the ways, for {@link Geometry}. */
export const geometryNames = ["squash", "fit", "fill", "crop"] as const;

/**
 * `squash` scales width and height each to the square, whatever the aspect. `fit` keeps the aspect and shows the whole image, with black
 * bars beside it. `fill` keeps the aspect and covers the square, from the centre; what overhangs is cut off. `crop` takes the
 * centre at the image's own resolution, unscaled, so that a pixel keeps its size on the skin; black surrounds an image that is smaller.
 */
export type Geometry = (typeof geometryNames)[number];

/** Which part of an image is scaled to which part of the square; all else of the square is black. */
export interface Placement {
  readonly source: Rectangle;
  readonly target: Rectangle;
}

const centred = (width: number, height: number, { within }: { readonly within: readonly [number, number] }) => ({
  left: Math.floor((within[0] - width) / 2),
  top: Math.floor((within[1] - height) / 2),
  width,
  height,
});

/** Where an image of `width` x `height` pixels, its orientation applied, goes in a square of `size` pixels. */
export function placeImage(width: number, height: number, size: number, geometry: Geometry): Placement {
  const image = [width, height] as const;
  const square = [size, size] as const;
  const whole = { left: 0, top: 0, width, height };
  const all = { left: 0, top: 0, width: size, height: size };
  switch (geometry) {
    case "squash":
      return { source: whole, target: all };
    case "fit": {
      const scale = size / Math.max(width, height);
      const scaled = (length: number): number => Math.max(1, Math.round(length * scale));
      return { source: whole, target: centred(scaled(width), scaled(height), { within: square }) };
    }
    case "fill": {
      const side = Math.min(width, height);
      return { source: centred(side, side, { within: image }), target: all };
    }
    case "crop": {
      const [cutWidth, cutHeight] = [Math.min(width, size), Math.min(height, size)];
      return {
        source: centred(cutWidth, cutHeight, { within: image }),
        target: centred(cutWidth, cutHeight, { within: square }),
      };
    }
  }
}

/** An image within `maxSide` x `maxSide` pixels, its aspect kept; never enlarged. */
export function reduced(image: RgbImage, maxSide: number): RgbImage {
  const { width, height } = image;
  const scale = Math.min(1, maxSide / Math.max(width, height));
  const to = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  return { ...to, data: resample(image, { left: 0, top: 0, width, height }, to, "cubic") };
}

/**
 * An image in a square of `size` pixels, (size, size, 3) bytes: placed as the geometry says, what is scaled is resampled, all else keeps
 * its pixels.
 */
export function fillSquare(image: RgbImage, size: number, geometry: Geometry, filter: ResamplingFilter): Uint8Array {
  const { source, target } = placeImage(image.width, image.height, size, geometry);
  const scaled = resample(image, source, target, filter);
  if (target.width === size && target.height === size) return scaled;
  const square = new Uint8Array(size * size * 3);
  const length = target.width * 3;
  for (let y = 0; y < target.height; y++) {
    square.set(scaled.subarray(y * length, (y + 1) * length), ((target.top + y) * size + target.left) * 3);
  }
  return square;
}
