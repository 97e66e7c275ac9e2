/** The cosine filters that a harmonic convolution's weights are sums of, and the way between weights and coefficients. */
import { NetworkError } from "../errors.ts";
import type { HeightWidth } from "./windows.ts";

/** Which filters: all of a kernel's with row frequency + column frequency below `frequencies`. */
export interface Harmonics {
  readonly kernel: HeightWidth;
  readonly frequencies: number;
}

/** All filters of a kernel together have the square of it. */
const mostPlaces = 1024;

/** How many frequencies keep all filters of a kernel. */
export const allFrequencies = ([height, width]: HeightWidth): number => height + width - 1;

/** sqrt(2 / length) cos(π / length (place + 1/2) frequency), and sqrt(1 / length) for the frequency 0: orthonormal. */
const cosine = (length: number, frequency: number, place: number): number =>
  Math.sqrt((frequency === 0 ? 1 : 2) / length) * Math.cos((Math.PI / length) * (place + 0.5) * frequency);

/**
 * The filters of the two-dimensional discrete cosine transform (DCT-II) that are kept, in the order of the row's frequency, then the
 * column's: [filters, height x width], row-major.
 */
export function cosineFilters({ kernel: [height, width], frequencies }: Harmonics): readonly Float64Array[] {
  const filters: Float64Array[] = [];
  for (let u = 0; u < height; u++) {
    for (let v = 0; v < width && u + v < frequencies; v++) {
      const value = (i: number) => cosine(height, u, Math.floor(i / width)) * cosine(width, v, i % width);
      filters.push(Float64Array.from({ length: height * width }, (_, i) => value(i)));
    }
  }
  return filters;
}

/** How many filters are kept. */
export const countFilters = ({ kernel: [height, width], frequencies }: Harmonics): number =>
  Array.from({ length: height }, (_, u) => Math.min(width, Math.max(0, frequencies - u))).reduce((a, b) => a + b, 0);

/** Each row of `values`, of `from.length` numbers, as the sum of so many times the vectors. */
function combined<A extends Float32Array | Float64Array>(
  values: ArrayLike<number>,
  from: readonly ArrayLike<number>[],
  into: A,
): A {
  const length = into.length / (values.length / from.length);
  for (let i = 0; i < into.length; i++) {
    const start = Math.floor(i / length) * from.length;
    let sum = 0;
    for (let k = 0; k < from.length; k++) sum += values[start + k]! * from[k]![i % length]!;
    into[i] = into[i]! + sum;
  }
  return into;
}

const transposed = (vectors: readonly Float64Array[]): readonly Float64Array[] =>
  Array.from(vectors[0]!, (_, i) => Float64Array.from(vectors, (vector) => vector[i]!));

/** Adds the weights [filters, channels, height, width] that belong to coefficients [filters, channels, cosine filters]. */
export const addWeights = <A extends Float32Array | Float64Array>(
  harmonics: Harmonics,
  coefficients: ArrayLike<number>,
  into: A,
): A => combined(coefficients, cosineFilters(harmonics), into);

/** Adds the coefficients of weights, or of their gradient: the filters are orthonormal. */
export const addCoefficients = <A extends Float32Array | Float64Array>(
  harmonics: Harmonics,
  weights: ArrayLike<number>,
  into: A,
): A => combined(weights, transposed(cosineFilters(harmonics)), into);

/** The shape of the weights that belong to coefficients of a shape. */
export const weightShape = ({ kernel }: Harmonics, [filters, channels]: readonly number[]): readonly number[] => [
  filters!,
  channels!,
  ...kernel,
];

/** Refuses frequencies that a kernel has not. */
export function checkFrequencies({ kernel, frequencies }: Harmonics): void {
  if (kernel[0] * kernel[1] > mostPlaces) {
    throw new NetworkError(
      `conv2d: frequencies: expected a kernel of at most ${mostPlaces} places, got ${kernel.join("x")}`,
    );
  }
  const most = allFrequencies(kernel);
  if (Number.isInteger(frequencies) && frequencies >= 1 && frequencies <= most) return;
  throw new NetworkError(
    `conv2d: frequencies: expected a whole number from 1 to ${most}, which keeps all of a ${kernel.join("x")} kernel, got ${frequencies}`,
  );
}
