/** Refuses images whose samples use so little of their range that what counts as white must be something else. */
import { UnreadVariant } from "./unread-variant.ts";

/** The part of the range below which no photograph stays: numbers of 12 bits in 16 reach a sixteenth of it, those of 8 bits less. */
export const leastRange = 1 / 16;

/**
 * @param most the largest sample of a colour; 0 is an image that is black indeed
 * @param white the sample that is white by the format's definition
 * @param what names the file's kind in the error, such as "16-bit image"
 */
export function refuseLittleRange(most: number, white: number, what: string): void {
  if (most <= 0 || most >= leastRange * white) return;
  const reached = String(Number(most.toPrecision(5)));
  throw new UnreadVariant(
    `${what} with samples up to ${reached}, nearly black where ${white} is white`,
    white === 1
      ? "scale its samples to 0 (black) to 1 (white)"
      : "save it with 8 bits, or scale its samples to the full range",
  );
}
