/** The reference engine's gradients against central finite differences in float64, for every conformance case. */
import { expect, test } from "vitest";
import { buildGraph } from "../../network/graph.ts";
import { Random } from "../../random.ts";
import type { Tensor } from "../../tensor.ts";
import { sgd } from "../optimizer.ts";
import { conformanceCases, exampleFor } from "../testing/conformance-cases.ts";
import { referenceEngine } from "./reference-engine.ts";

const TOLERANCE = 1e-6;
/** Entries tried per parameter, spread over it. */
const SAMPLES = 8;

const PARAMETER_STEP = 2 ** -18;

/** On both sides of values that are odd multiples of 2^-12: exact in float32, and no two values of a window meet. */
const INPUT_STEP = 2 ** -14;

/** Values in (-2, 2) in random order, all different where there are fewer than 8192 of them. */
function distinctValues(length: number, random: Random): Float32Array {
  const order = random.shuffle(Float64Array.from({ length }, (_, i) => i));
  return Float32Array.from(order, (rank) => (2 * Math.floor(((rank + 0.5) / length - 0.5) * 8192) + 1) * 2 ** -12);
}

const sampled = (length: number): number[] => [
  ...new Set(Array.from({ length: SAMPLES }, (_, i) => Math.floor(((i + 0.37) * length) / SAMPLES))),
];

for (const { name, input: size, layers, batch, targets: kind, options } of conformanceCases) {
  test(name, () => {
    const graph = buildGraph({ name, input: size, layers });
    const example = exampleFor(graph, batch, kind, { seed: 11 });
    const { targets } = example;
    const input =
      example.input instanceof Float32Array ? distinctValues(example.input.length, Random.of(5)) : example.input;
    const parameters = new Map<string, Tensor<Float64Array>>();
    for (const [key, { shape, data }] of example.parameters)
      parameters.set(key, { shape, data: Float64Array.from(data) });
    const inputGradient = graph.inputType === "float32";
    const plan = referenceEngine().trainingPlan(graph, { batch, optimizer: sgd(), inputGradient, ...options });
    const lossAt = () => {
      plan.setParameters(parameters);
      return plan.computeGradients(input, targets).loss;
    };
    const slope = (values: Float32Array | Float64Array, i: number, step: number): number => {
      const kept = values[i]!;
      values[i] = kept + step;
      const above = lossAt();
      values[i] = kept - step;
      const below = lossAt();
      values[i] = kept;
      return (above - below) / (2 * step);
    };

    expect(lossAt()).toBeGreaterThan(0);
    const gradients = new Map([...plan.gradients()].map(([key, { data }]) => [key, data]));
    const checks: (readonly [string, Float32Array | Float64Array, ArrayLike<number>])[] = [...gradients].map(
      ([key, gradient]) => [key, parameters.get(key)!.data, gradient] as const,
    );
    if (input instanceof Float32Array) checks.push(["input", input, plan.inputGradient()]);
    for (const [key, values, gradient] of checks) {
      const largest = Math.max(1e-3, ...Array.from(gradient, Math.abs));
      const step = values === input ? INPUT_STEP : PARAMETER_STEP;
      for (const i of sampled(values.length)) {
        expect(Math.abs(slope(values, i, step) - gradient[i]!) / largest, `${key}[${i}]`).toBeLessThan(TOLERANCE);
      }
    }
  });
}
