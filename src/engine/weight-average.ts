/** The average of weights that engines keep. */
import type { FloatArray } from "../tensor.ts";

/** average = keep average + (1 - keep) values, in double precision and rounded to single: the same bits in every engine. */
export function moveAverage(average: Float32Array, values: FloatArray, keep: number): void {
  for (let i = 0; i < average.length; i++) average[i] = keep * average[i]! + (1 - keep) * values[i]!;
}
