/** How an image of any shape comes to fill the frame that a network reads: one setting, the same in training and in use. */

import { heightAndWidth, type ImageSize } from "./image-size.ts";
import { type ResamplingFilter, resample } from "./resampling.ts";
import type { Rectangle, RgbImage } from "./rgb-image.ts";

/** The names of the ways, for {@link Geometry}. */
export const geometryNames = ["squash", "fit", "fill", "crop"] as const;

/**
 * `squash` scales width and height each to the frame, whatever the aspect. `fit` keeps the aspect and shows the whole image, with black
 * bars beside it. `fill` takes the largest part around the centre that has the frame's aspect, to the pixel, and cuts off the rest. `crop` takes
 * the centre at the image's own resolution, unscaled, so that a pixel keeps its size on the skin; black surrounds an image that is smaller.
 */
export type Geometry = (typeof geometryNames)[number];

/** Which part of an image is scaled to which part of the frame; all else of the frame is black. */
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

/** Where an image of `width` x `height` pixels, its orientation applied, goes in a frame of the given size. */
export function placeImage(width: number, height: number, size: ImageSize, geometry: Geometry): Placement {
  const [frameHeight, frameWidth] = heightAndWidth(size);
  const image = [width, height] as const;
  const frame = [frameWidth, frameHeight] as const;
  const whole = { left: 0, top: 0, width, height };
  const all = { left: 0, top: 0, width: frameWidth, height: frameHeight };
  switch (geometry) {
    case "squash":
      return { source: whole, target: all };
    case "fit": {
      const scale = Math.min(frameWidth / width, frameHeight / height);
      const scaled = (length: number): number => Math.max(1, Math.round(length * scale));
      return { source: whole, target: centred(scaled(width), scaled(height), { within: frame }) };
    }
    case "fill": {
      const partWidth = Math.max(1, Math.min(width, Math.round((height * frameWidth) / frameHeight)));
      const partHeight = Math.max(1, Math.min(height, Math.round((width * frameHeight) / frameWidth)));
      return { source: centred(partWidth, partHeight, { within: image }), target: all };
    }
    case "crop": {
      const [cutWidth, cutHeight] = [Math.min(width, frameWidth), Math.min(height, frameHeight)];
      return {
        source: centred(cutWidth, cutHeight, { within: image }),
        target: centred(cutWidth, cutHeight, { within: frame }),
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
 * An image in a frame of the given size, (height, width, 3) bytes: placed as the geometry says, what is scaled is resampled, all else keeps
 * its pixels.
 */
export function fillFrame(image: RgbImage, size: ImageSize, geometry: Geometry, filter: ResamplingFilter): Uint8Array {
  const [height, width] = heightAndWidth(size);
  const { source, target } = placeImage(image.width, image.height, size, geometry);
  const scaled = resample(image, source, target, filter);
  if (target.width === width && target.height === height) return scaled;
  const frame = new Uint8Array(height * width * 3);
  const length = target.width * 3;
  for (let y = 0; y < target.height; y++) {
    frame.set(scaled.subarray(y * length, (y + 1) * length), ((target.top + y) * width + target.left) * 3);
  }
  return frame;
}
