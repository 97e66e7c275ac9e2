/** An update says at once that a weight, a running statistic or the optimizer's state is no finite number, though the loss may hide it. */
import { describe, expect, test } from "vitest";
import { buildGraph } from "../network/graph.ts";
import { batchNorm, conv2d, dense, flatten, maxPool, normalize, relu } from "../network/layer.ts";
import type { Tensors } from "../tensor.ts";
import { elements } from "../tensor.ts";
import type { OptimizerState } from "./engine.ts";
import { onednnEngine } from "./onednn/onednn-engine.ts";
import { adam, adamW, lion, type Optimizer, optimizerSlots, rmsProp, sgd } from "./optimizer.ts";
import { exampleFor } from "./testing/conformance-cases.ts";
import { enginesUnderTest, onednnEngines } from "./testing/engines-under-test.ts";

const BATCH = 4;
const graph = buildGraph({
  name: "hides what is no number",
  input: { channels: 3, height: 8, width: 8 },
  layers: [normalize(), conv2d(6, 3), batchNorm(), relu(), maxPool(2), flatten(), dense(300), relu(), dense(4)],
});
const { input, targets, parameters } = exampleFor(graph, BATCH, "hard");

const engines = [
  ...enginesUnderTest,
  ...onednnEngines.map(({ title, precision }) => ({
    title: `${title} without kernels`,
    engine: onednnEngine({ kernels: false }),
    precision,
  })),
];
const optimizers: readonly (readonly [name: string, Optimizer])[] = [
  ["sgd", sgd()],
  ["adam", adam()],
  ["adamW", adamW()],
  ["rmsProp", rmsProp()],
  ["lion", lion({ weightDecay: 0.01 })],
  ["sgd, clipped by norm", sgd({ clipNorm: 1 })],
  ["sgd, clipped by value", sgd({ clipValue: 1 })],
  ["adam, centralised", adam({ centralize: true })],
];

/** `parameters` with one value in place of the first one of a tensor. */
const spoilt = (name: string, value: number) => {
  const { shape, data } = parameters.get(name)!;
  return new Map(parameters).set(name, { shape, data: Float32Array.from(data, (own, i) => (i === 0 ? value : own)) });
};

const areFinite = (tensors: Tensors) =>
  [...tensors.values()].every(({ data }) => Array.from(data).every((value) => Number.isFinite(Math.fround(value))));

describe.each(engines)("$title", ({ title, engine, precision }) => {
  const planWith = (optimizer: Optimizer) => engine.trainingPlan(graph, { batch: BATCH, optimizer, precision });

  test.each(optimizers)(
    "%s: at the update after which a weight is not finite, no earlier and no later",
    (_, optimizer) => {
      const plan = planWith(optimizer);
      plan.setParameters(parameters);
      let updates = 0;
      for (let finite = true; finite && updates < 200; updates++) {
        plan.computeGradients(input, targets);
        // Adam's steps are about as long as the rate: its weights leave the range of float32 in the fifth update.
        finite = plan.update(optimizer.kind === "sgd" ? 100 * 10 ** updates : 10 ** (10 * updates - 1));
        const areWeightsFinite = areFinite(plan.parameters());
        const isStateFinite = areFinite(plan.optimizerState().tensors);
        // Without kernels a mean square may be noticed some updates later.
        if (isStateFinite || !areWeightsFinite || !title.endsWith("without kernels")) {
          expect(finite, `update ${updates}`).toBe(areWeightsFinite && isStateFinite);
        }
      }
      expect(updates).toBeGreaterThan(1);
      expect(updates).toBeLessThan(200);
      plan.dispose();
    },
  );

  test.each(optimizers)("%s: where a gradient is no number", (_, optimizer) => {
    const plan = planWith(optimizer);
    plan.setParameters(parameters);
    plan.computeGradients(
      input,
      Float32Array.from(targets, (value, i) => (i === 0 ? Number.NaN : value)),
    );
    expect(plan.update(1e-3)).toBe(false);
    plan.dispose();
  });

  test.each([
    ["1.weight", Number.NaN],
    ["1.weight", Number.POSITIVE_INFINITY],
    ["6.weight", Number.NaN],
    ["2.runningVariance", Number.POSITIVE_INFINITY],
  ])("where %s is %d, though the loss is finite", (name, value) => {
    const plan = planWith(sgd());
    plan.setParameters(spoilt(name, value));
    const { loss } = plan.computeGradients(input, targets);
    if (title.startsWith("onednn")) expect(Number.isFinite(loss)).toBe(true);
    expect(plan.update(1e-3)).toBe(false);
    plan.dispose();
  });

  test("where a mean square is not, which makes its weight stand still", () => {
    const plan = planWith(adam());
    plan.setParameters(parameters);
    const state: OptimizerState = {
      updates: 3,
      tensors: new Map(
        graph.parameters.flatMap(({ name, shape }) =>
          optimizerSlots.adam.map((slot) => [`${slot}.${name}`, { shape, data: new Float32Array(elements(shape)) }]),
        ),
      ),
    };
    state.tensors.get("meanSquare.6.weight")!.data[7] = Number.POSITIVE_INFINITY;
    plan.setOptimizerState(state);
    plan.computeGradients(input, targets);
    let updates = 1;
    while (plan.update(1e-3)) updates++;
    expect(updates).toBeLessThanOrEqual(title.endsWith("without kernels") ? 64 : 1);
    expect(areFinite(plan.parameters())).toBe(true);
    plan.dispose();
  });
});
