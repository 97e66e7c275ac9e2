/** The reference engine's gradients against central finite differences in float64, for every conformance case. */
import { describe, expect, test } from "vitest";
import { buildGraph } from "../../network/graph.ts";
import { Random } from "../../random.ts";
import { elements, type Tensor } from "../../tensor.ts";
import { trainingLoss } from "../loss.ts";
import { sgd } from "../optimizer.ts";
import { conformanceCases, exampleFor } from "../testing/conformance-cases.ts";
import { Execution } from "./execution.ts";
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

/** (above - below) / (2 step) where one value is moved up and down. */
function slopeOf(value: () => number, values: Float32Array | Float64Array, i: number, step: number): number {
  const kept = values[i]!;
  values[i] = kept + step;
  const above = value();
  values[i] = kept - step;
  const below = value();
  values[i] = kept;
  return (above - below) / (2 * step);
}

for (const { name, input: size, layers, frozen, batch, targets: kind, options } of conformanceCases) {
  test(name, () => {
    const graph = buildGraph({ name, input: size, layers, frozen });
    const example = exampleFor(graph, batch, kind, { seed: 11 });
    const { targets } = example;
    const input =
      example.input instanceof Float32Array ? distinctValues(example.input.length, Random.of(5)) : example.input;
    const parameters = new Map<string, Tensor<Float64Array>>();
    for (const [key, { shape, data }] of example.parameters)
      parameters.set(key, { shape, data: Float64Array.from(data) });
    const inputGradient = graph.inputType === "float32";
    const plan = referenceEngine().trainingPlan(graph, { batch, optimizer: sgd(), inputGradient, ...options });
    plan.setParameters(parameters);
    const { loss } = plan.computeGradients(input, targets);
    // The same forward pass, without a backward one for each loss.
    const execution = new Execution(graph, batch);
    const unread = new Float64Array(batch * graph.classes);
    const lossAt = () => {
      execution.setParameters(parameters);
      const logits = execution.forward(input, [options?.seed ?? 0, 0]);
      return trainingLoss(logits, targets, graph.classes, options, unread);
    };

    expect(loss).toBeGreaterThan(0);
    expect(lossAt()).toBe(loss);
    const gradients = new Map([...plan.gradients()].map(([key, { data }]) => [key, data]));
    const checks: (readonly [string, Float32Array | Float64Array, ArrayLike<number>])[] = [...gradients].map(
      ([key, gradient]) => [key, parameters.get(key)!.data, gradient] as const,
    );
    if (input instanceof Float32Array) checks.push(["input", input, plan.inputGradient()]);
    for (const [key, values, gradient] of checks) {
      const largest = Math.max(1e-3, ...Array.from(gradient, Math.abs));
      const step = values === input ? INPUT_STEP : PARAMETER_STEP;
      for (const i of sampled(values.length)) {
        expect(Math.abs(slopeOf(lossAt, values, i, step) - gradient[i]!) / largest, `${key}[${i}]`).toBeLessThan(
          TOLERANCE,
        );
      }
    }
  });
}

describe("in evaluation mode", () => {
  for (const { name, input: size, layers, frozen, batch, targets: kind } of conformanceCases) {
    const graph = buildGraph({ name, input: size, layers, frozen });
    if (graph.inputType === "uint8") continue;
    test(`${name}: the gradient of weighted logits with respect to the input`, () => {
      const { parameters } = exampleFor(graph, batch, kind, { seed: 12 });
      const random = Random.of(6);
      const input = distinctValues(batch * elements(graph.inputShape), random);
      const plan = referenceEngine().inferencePlan(graph, { batch, inputGradient: true });
      plan.setParameters(parameters);
      const weights = Float32Array.from({ length: batch * graph.classes }, () => random.normal());
      plan.infer(input);
      const gradient = plan.inputGradient(weights);
      // A plan gives its logits in float32, too coarse for a difference of two of them.
      const execution = new Execution(graph, batch);
      execution.setParameters(parameters);
      const value = () => execution.forward(input).reduce((sum, logit, i) => sum + logit * weights[i]!, 0);
      const largest = Math.max(1e-3, ...gradient.map(Math.abs));
      for (const i of sampled(input.length)) {
        const slope = slopeOf(value, input, i, INPUT_STEP);
        expect(Math.abs(slope - gradient[i]!) / largest, `input[${i}]`).toBeLessThan(TOLERANCE);
      }
    });
  }
});
