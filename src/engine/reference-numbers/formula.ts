/** Numbers that TypeScript and Python make alike, so that weights need not be recorded (see scripts/references/formula.py). */
import type { Graph } from "../../network/graph.ts";
import type { ParameterRole } from "../../network/parameters.ts";
import type { Tensor } from "../../tensor.ts";
import { elements } from "../../tensor.ts";

/** SplitMix32's finaliser. */
function mix(value: number): number {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return (word ^ (word >>> 15)) >>> 0;
}

/** centre + spread x [-1, 1), computed in float64 and rounded to float32. */
export function formulaUniform(length: number, salt: number, centre: number, spread: number): Float32Array {
  const key = mix(salt);
  return Float32Array.from({ length }, (_, i) => centre + spread * (mix(i ^ key) / 2 ** 31 - 1));
}

export function formulaBytes(length: number, salt: number): Uint8Array {
  const key = mix(salt);
  return Uint8Array.from({ length }, (_, i) => mix(i ^ key) >>> 24);
}

/** Centre and spread by role; a weight's spread is He's uniform one. */
const distributions: { readonly [R in ParameterRole]: (fanIn: number) => readonly [centre: number, spread: number] } = {
  weight: (fanIn) => [0, Math.sqrt(6 / fanIn)],
  bias: () => [0, 0.1],
  scale: () => [1, 0.25],
  shift: () => [0, 0.1],
  runningMean: () => [0, 0.1],
  power: () => [3, 0.25],
  runningVariance: () => [1, 0.25],
};

/** Parameters of a whole graph: the salt is the parameter's number, from 1. */
export const formulaParameters = (graph: Graph): Map<string, Tensor<Float32Array>> =>
  new Map(
    graph.parameters.map(({ name, role, shape, fanIn }, index) => {
      const data = formulaUniform(elements(shape), index + 1, ...distributions[role](fanIn));
      return [name, { shape, data }];
    }),
  );
