/** Numbers about the picture itself: light, colour, sharpness, and what its border looks like. */
import { lookedAtSize, lumaOf } from "./look.ts";

/** The measures of a picture, in this order; levels are those of 8 bits. */
export const measureNames = [
  /** Mean lightness. */
  "brightness",
  /** Standard deviation of lightness. */
  "contrast",
  "red",
  "green",
  "blue",
  "red spread",
  "green spread",
  "blue spread",
  /** Mean difference of the largest and smallest of red, green and blue. */
  "colourfulness",
  /** Decimal logarithm of the mean square of the Laplacian of lightness. */
  "sharpness",
  /** Means and standard deviation of lightness in the outermost 6 percent. */
  "border red",
  "border green",
  "border blue",
  "border spread",
  /** Part of the four corners that is nearly black, as the edge of a dermatoscope makes it. */
  "dark corners",
] as const;

/** The names of what is measured of a picture. */
export type MeasureName = (typeof measureNames)[number];

const size = lookedAtSize;
const border = Math.round(size * 0.06);
/** Pixels nearer than this to a corner, along both sides together, are in it. */
const corner = Math.round(size * 0.2);
const nearlyBlack = 32;

/** The measures of an image of (128, 128, 3) bytes. */
export function measure(image: Uint8Array): Float32Array {
  const luma = new Float32Array(size * size);
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let colourfulness = 0;
  const edge = { count: 0, colours: [0, 0, 0], light: 0, square: 0 };
  const corners = { count: 0, dark: 0 };
  let [light, lightSquare] = [0, 0];
  for (let y = 0, pixel = 0; y < size; y++) {
    const fromTop = Math.min(y, size - 1 - y);
    for (let x = 0; x < size; x++, pixel++) {
      const [red, green, blue] = [image[3 * pixel]!, image[3 * pixel + 1]!, image[3 * pixel + 2]!];
      const value = lumaOf(red, green, blue);
      luma[pixel] = value;
      light += value;
      lightSquare += value * value;
      sums[0]! += red;
      sums[1]! += green;
      sums[2]! += blue;
      squares[0]! += red * red;
      squares[1]! += green * green;
      squares[2]! += blue * blue;
      colourfulness += Math.max(red, green, blue) - Math.min(red, green, blue);
      const fromSide = Math.min(x, size - 1 - x);
      if (fromSide < border || fromTop < border) {
        edge.count++;
        edge.colours[0]! += red;
        edge.colours[1]! += green;
        edge.colours[2]! += blue;
        edge.light += value;
        edge.square += value * value;
      }
      if (fromSide + fromTop < corner) {
        corners.count++;
        if (value < nearlyBlack) corners.dark++;
      }
    }
  }
  const count = size * size;
  const spread = (sum: number, square: number, n: number): number =>
    Math.sqrt(Math.max(0, square / n - (sum / n) ** 2));
  return Float32Array.of(
    light / count,
    spread(light, lightSquare, count),
    ...sums.map((sum) => sum / count),
    ...sums.map((sum, channel) => spread(sum, squares[channel]!, count)),
    colourfulness / count,
    Math.log10(laplacianEnergy(luma) + 0.01),
    ...edge.colours.map((sum) => sum / edge.count),
    spread(edge.light, edge.square, edge.count),
    corners.dark / corners.count,
  );
}

function laplacianEnergy(luma: Float32Array): number {
  let sum = 0;
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const at = y * size + x;
      const value = luma[at - 1]! + luma[at + 1]! + luma[at - size]! + luma[at + size]! - 4 * luma[at]!;
      sum += value * value;
    }
  }
  return sum / (size - 2) ** 2;
}
