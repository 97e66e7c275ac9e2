/** Affine maps of the plane, by which all geometric augmentations of an image become one. */

/**
 * (x, y) to (a x + b y + c, d x + e y + f), in pixels from the image's centre, x to the right and y down. As a change of an image
 * it says, for each pixel of the result, where in the image its colour is found.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** The map that changes nothing. */
export const identity: Affine = [1, 0, 0, 0, 1, 0];

/** The map that applies `inner` and then `outer`. An image changed by A and then by B is changed by `compose(A, B)`. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];
}

/** The map back; the determinant must not be 0. */
export function invert([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  const [g, h, i, j] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [g, h, -(g * c + h * f), i, j, -(i * c + j * f)];
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** What happens to an image's content, in this order. */
export interface AffineParts {
  /** Above 1 enlarges the content. */
  readonly scale?: number;
  /** Degrees by which upright edges lean to the left. */
  readonly shear?: number;
  /** Degrees, clockwise. */
  readonly rotation?: number;
  /** Pixels to the right and down. */
  readonly translation?: readonly [x: number, y: number];
}

/** The change of an image that scales, shears, rotates and shifts its content about its centre. */
export function affineMap({ scale = 1, shear = 0, rotation = 0, translation = [0, 0] }: AffineParts): Affine {
  const [cosine, sine, slope] = [Math.cos(radians(rotation)), Math.sin(radians(rotation)), Math.tan(radians(shear))];
  const turned: Affine = [cosine, -sine, translation[0], sine, cosine, translation[1]];
  return invert(compose(turned, [scale, scale * slope, 0, 0, scale, 0]));
}

/** The eight symmetries of a square: quarter turns clockwise, the last four of the mirror image. */
export const dihedralMaps: readonly Affine[] = [
  [1, 0, 0, 0, 1, 0],
  [0, 1, 0, -1, 0, 0],
  [-1, 0, 0, 0, -1, 0],
  [0, -1, 0, 1, 0, 0],
  [-1, 0, 0, 0, 1, 0],
  [0, -1, 0, -1, 0, 0],
  [1, 0, 0, 0, -1, 0],
  [0, 1, 0, 1, 0, 0],
];
