/** How large an image may be. */
import { AsyncLocalStorage } from "node:async_hooks";
import { maxPixelsDefault, maxPixelsMost } from "./pixel-limit-range.ts";
import { UnreadVariant } from "./unread-variant.ts";

/** The most pixels of one side, sixteen times what JPEG can have. Beyond it, a single row may take more memory than there is. */
const maxSide = 2 ** 20;

const million = 1e6;
const limits = new AsyncLocalStorage<number>();

/**
 * Does work in which images of up to so many millions of pixels are decoded, whatever functions it passes through; undefined leaves
 * the limit as it is. Memory is the process's, so a limit is not an argument of every function that may open an image.
 *
 * @throws RangeError where it is no number above 0, or above 269
 */
export function withPixelLimit<T>(maxPixels: number | undefined, work: () => T): T {
  if (maxPixels === undefined) return work();
  if (!(maxPixels > 0 && maxPixels <= maxPixelsMost)) {
    throw new RangeError(`maxPixels is ${maxPixels}; give millions of pixels above 0, at most ${maxPixelsMost}`);
  }
  return limits.run(maxPixels, work);
}

/** The limit at hand, in millions of pixels. */
export const pixelLimit = (): number => limits.getStore() ?? maxPixelsDefault;

/** The same in whole pixels; 2.01 millions are a fraction less than 2,010,000 of them in floating point. */
export const mostPixels = (): number => Math.max(1, Math.floor(pixelLimit() * million + 1e-3));

/** What caches of decoded images are kept apart by: nothing for the default limit. */
export const pixelLimitKey = (): readonly number[] => (pixelLimit() === maxPixelsDefault ? [] : [pixelLimit()]);

/** @throws UnreadVariant where there are more pixels than the limit at hand, or than {@link maxSide} in a row or column */
export function refuseTooManyPixels({ width, height }: { readonly width: number; readonly height: number }): void {
  if (width * height > mostPixels()) {
    throw new UnreadVariant(
      `${width} x ${height} is ${(width * height) / million} million pixels, above the limit of ${pixelLimit()} million`,
      pixelLimit() < maxPixelsMost
        ? "save it at a lower resolution, or raise --max-pixels"
        : "save it at a lower resolution",
    );
  }
  if (Math.max(width, height) > maxSide) {
    const what = `${width} x ${height} is above the limit of ${maxSide} pixels a side`;
    throw new UnreadVariant(what, "save it at a lower resolution");
  }
}
