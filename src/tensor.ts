/** Numbers with a shape: parameters, gradients and optimizer state, wherever they go. */

/** Numbers of a tensor: float32, or float64 in the reference engine. */
export type FloatArray = Float32Array | Float64Array;

/** Numbers with a shape, in row-major order. */
export interface Tensor<A extends FloatArray = FloatArray> {
  readonly shape: readonly number[];
  readonly data: A;
}

/** Parameters, gradients or optimizer state by name, in canonical layout (row-major, filters first). */
export type Tensors = ReadonlyMap<string, Tensor>;

/** Whether all numbers are finite: times 0, one that is not gives NaN. */
export function isFiniteTensor({ data }: Tensor): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  return sum === 0;
}

/** How many numbers a shape holds. */
export const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
