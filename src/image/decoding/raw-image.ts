/** Decoded pixels on their way to RGB: any number of channels, and transparency laid on white. */
import type { RgbImage } from "../rgb-image.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** Rows from the top, 8 bits a channel: 1 grey, 2 grey and opacity, 3 RGB, 4 RGB and opacity. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/**
 * RGB of an image, on white where it is transparent. Of four channels the result is made where the data lie, which spares memory
 * but spoils them.
 *
 * @param format for the error's text
 * @throws UnreadVariant where nothing of the image can be seen
 */
export function onWhite({ width, height, channels, data }: RawImage, format: string): RgbImage {
  if (channels === 3) return { width, height, data };
  const length = width * height * 3;
  const out = channels === 4 ? data.subarray(0, length) : new Uint8Array(length);
  const hasOpacity = channels % 2 === 0;
  const step = channels > 2 ? 1 : 0;
  let mostOpacity = 0;
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    const opacity = hasOpacity ? data[from + channels - 1]! : 255;
    if (opacity > mostOpacity) mostOpacity = opacity;
    for (let c = 0; c < 3; c++) {
      const level = data[from + c * step]!;
      out[to + c] = opacity === 255 ? level : Math.round((level * opacity + 255 * (255 - opacity)) / 255);
    }
  }
  if (mostOpacity === 0) {
    throw new UnreadVariant(`${format} that is transparent throughout`, "save it without transparency");
  }
  return { width, height, data: out };
}
