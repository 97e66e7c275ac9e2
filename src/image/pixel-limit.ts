/** How large an image may be. */
import { UnreadVariant } from "./unread-variant.ts";

/** The most pixels an image may have: 2^28, some 16,384 x 16,384. Beyond it, decoding may take gigabytes. */
export const maxPixels = 2 ** 28;

/** The most pixels of one side, sixteen times what JPEG can have. Beyond it, a single row may take more memory than there is. */
export const maxSide = 2 ** 20;

/** @throws UnreadVariant where there are more pixels than {@link maxPixels}, or than {@link maxSide} in a row or column */
export function refuseTooManyPixels({ width, height }: { readonly width: number; readonly height: number }): void {
  const millions = (pixels: number): string => `${Math.round(pixels / 1e6)} million`;
  const cure = "save it at a lower resolution";
  if (width * height > maxPixels) {
    const count = `${width} x ${height} is ${millions(width * height)} pixels`;
    throw new UnreadVariant(`${count}, above the limit of ${millions(maxPixels)}`, cure);
  }
  if (Math.max(width, height) > maxSide) {
    throw new UnreadVariant(`${width} x ${height} is above the limit of ${maxSide} pixels a side`, cure);
  }
}
