/** Linear changes of colour, by which all colour augmentations of an image become one 3x4 matrix. */

/**
 * Three rows, for red, green and blue of the result: the weights of red, green and blue and an offset, on values from 0 to 255.
 * Brightness, contrast, saturation and hue are those of the W3C's Filter Effects Module Level 1.
 */
export type ColourMatrix = readonly number[];

/** Multiplies all channels by `factor`. */
export const brightness = (factor: number): ColourMatrix => [factor, 0, 0, 0, 0, factor, 0, 0, 0, 0, factor, 0];

/** Moves all channels away from mid-grey, 127.5, by `factor`. */
export function contrast(factor: number): ColourMatrix {
  const offset = 127.5 * (1 - factor);
  return [factor, 0, 0, offset, 0, factor, 0, offset, 0, 0, factor, offset];
}

/** Moves colours away from their grey of equal luminance; 0 leaves greys alone. */
export function saturation(s: number): ColourMatrix {
  const t = 1 - s;
  return [
    0.213 * t + s,
    0.715 * t,
    0.072 * t,
    0,
    0.213 * t,
    0.715 * t + s,
    0.072 * t,
    0,
    0.213 * t,
    0.715 * t,
    0.072 * t + s,
    0,
  ];
}

/** Turns the hue of all colours at nearly constant luminance. */
export function hueRotation(degrees: number): ColourMatrix {
  const cosine = Math.cos((degrees * Math.PI) / 180);
  const sine = Math.sin((degrees * Math.PI) / 180);
  const row = (red: number, green: number, blue: number, byCosine: readonly number[], bySine: readonly number[]) =>
    [red, green, blue].map((weight, i) => weight + cosine * byCosine[i]! + sine * bySine[i]!);
  return [
    ...row(0.213, 0.715, 0.072, [0.787, -0.715, -0.072], [-0.213, -0.715, 0.928]),
    0,
    ...row(0.213, 0.715, 0.072, [-0.213, 0.285, -0.072], [0.143, 0.14, -0.283]),
    0,
    ...row(0.213, 0.715, 0.072, [-0.213, -0.715, 0.928], [-0.787, 0.715, 0.072]),
    0,
  ];
}

/** The matrix that applies `first` and then `second`. */
export function composeColour(second: ColourMatrix, first: ColourMatrix): ColourMatrix {
  return Array.from({ length: 12 }, (_, i) => {
    const [row, column] = [i - (i % 4), i % 4];
    let sum = column === 3 ? second[row + 3]! : 0;
    for (let k = 0; k < 3; k++) sum += second[row + k]! * first[k * 4 + column]!;
    return sum;
  });
}
