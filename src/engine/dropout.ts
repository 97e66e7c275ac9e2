/** Masks of dropout and stochastic depth: a function of (seed, update, node), so that engines and resumed runs agree on them. */
import { Random } from "../random.ts";

/** Fills `mask` with 0 (with probability `rate`) or 1 / (1 - rate). */
export function dropoutMask(
  mask: Float32Array | Float64Array,
  rate: number,
  path: readonly [seed: number, update: number, node: number],
): void {
  const random = Random.of(...path);
  const kept = 1 / (1 - rate);
  const threshold = rate * 2 ** 32;
  for (let i = 0; i < mask.length; i++) mask[i] = random.uint32() < threshold ? 0 : kept;
}
