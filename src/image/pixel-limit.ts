/** How large an image may be. */
import { UnreadVariant } from "./unread-variant.ts";

/** The most pixels an image may have: 2^28, some 16,384 x 16,384. Beyond it, decoding may take gigabytes. */
export const maxPixels = 2 ** 28;

/** @throws UnreadVariant where there are more pixels than {@link maxPixels} */
export function refuseTooManyPixels({ width, height }: { readonly width: number; readonly height: number }): void {
  if (width * height <= maxPixels) return;
  const millions = (pixels: number): string => `${Math.round(pixels / 1e6)} million`;
  const reason = `${width} x ${height} is ${millions(width * height)} pixels, above the limit of ${millions(maxPixels)}`;
  throw new UnreadVariant(reason, "save it at a lower resolution");
}
