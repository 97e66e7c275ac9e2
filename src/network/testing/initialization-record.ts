/** What PyTorch's initialisers draw, as scripts/references/initializations.py records it, and the comparison with ours. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { formulaUniform } from "../../engine/reference-numbers/formula.ts";
import { Random } from "../../random.ts";
import { elements } from "../../tensor.ts";
import { drawWeight, type Initialization, type InitializationName } from "../initialization.ts";

interface InitializationRecord {
  readonly drawn: readonly {
    readonly shape: readonly number[];
    /** Mean and deviation, or the two bounds. */
    readonly from: Readonly<
      Record<InitializationName, { readonly normal?: [number, number]; readonly uniform?: [number, number] }>
    >;
  }[];
  readonly orthogonal: readonly {
    readonly shape: readonly number[];
    readonly salt: number;
    readonly gain: number;
    readonly weight: readonly number[];
  }[];
}

/** The recorded numbers. */
export const recordedInitializations = (): InitializationRecord =>
  JSON.parse(
    readFileSync(new URL("../../engine/reference-numbers/initializations.json", import.meta.url), "utf8"),
  ) as InitializationRecord;

/** A generator whose numbers are these, over and over. */
const generatorOf = (numbers: ArrayLike<number>): Random => {
  let next = 0;
  const draw = () => numbers[next++ % numbers.length]!;
  return Object.assign(Object.create(Random.prototype) as Random, { normal: draw, uniform: draw });
};

function drawnBy(shape: readonly number[], initialization: Initialization, random: Random): Float32Array {
  const data = new Float32Array(elements(shape));
  drawWeight(data, { shape, fanIn: elements(shape.slice(1)) }, initialization, random);
  return data;
}

/** Compares what weights are drawn from, and an orthogonal matrix entry by entry; the tolerance is float32's rounding. */
export function compareInitializations({ drawn, orthogonal }: InitializationRecord): void {
  for (const { shape, from } of drawn) {
    for (const [name, { normal, uniform }] of Object.entries(from)) {
      // A standard number of 1, or the upper end of [0, 1), shows the deviation, or the bound.
      const [weight] = drawnBy(shape, name as InitializationName, generatorOf([1]));
      const expected = normal?.[1] ?? uniform![1];
      expect(Math.abs(weight! / expected - 1), `${name} [${shape.join(", ")}]`).toBeLessThan(2 ** -23);
      expect(normal?.[0] ?? uniform![0] + uniform![1]).toBe(0);
    }
  }
  for (const { shape, salt, gain, weight } of orthogonal) {
    const numbers = formulaUniform(elements(shape), salt, 0, 1);
    const own = drawnBy(shape, { scheme: "orthogonal", gain }, generatorOf(numbers));
    expect(own).toHaveLength(weight.length);
    for (const [i, value] of own.entries()) expect(Math.abs(value - weight[i]!)).toBeLessThan(2 ** -22);
  }
}
