/** Stochastic depth in every engine: an image has the whole body or nothing of it, by turns, and outside of training always the body. */
import { describe, expect, test } from "vitest";
import { buildGraph } from "../network/graph.ts";
import { conv2d, flatten, residual } from "../network/layer.ts";
import { dropoutMask } from "./dropout.ts";
import { sgd } from "./optimizer.ts";
import { exampleFor } from "./testing/conformance-cases.ts";
import { enginesUnderTest } from "./testing/engines-under-test.ts";

const batch = 40;
const rate = 0.3;
const seed = 9;
const graphWith = (stochasticDepth: number) =>
  buildGraph({
    name: "one block",
    input: { channels: 2, height: 3, width: 3 },
    layers: [residual([conv2d(2, 3)], [], { stochasticDepth }), flatten()],
  });
const graph = graphWith(rate);
const values = 18;
const { parameters, input, targets } = exampleFor(graph, batch, "hard", { seed: 2 });

describe.each(enginesUnderTest)("$title", ({ engine, precision }) => {
  const bf16 = precision === "bf16";

  function evaluate(stochasticDepth: number): Float32Array {
    const plan = engine.inferencePlan(graphWith(stochasticDepth), { batch, precision });
    plan.setParameters(parameters);
    const logits = plan.infer(input).slice();
    plan.dispose();
    return logits;
  }

  test("keeps or drops the body image by image, as the mask of (seed, update, layer) says", () => {
    const whole = evaluate(0);
    const plan = engine.trainingPlan(graph, { batch, precision, optimizer: sgd(), seed });
    plan.setParameters(parameters);
    const node = graph.nodes.findIndex(({ name }) => name === "0.depth");
    const masks = [0, 1].map((update) => {
      const mask = new Float64Array(batch);
      dropoutMask(mask, rate, [seed, update, node]);
      const { logits } = plan.computeGradients(input, targets);
      for (let i = 0; i < batch * values; i++) {
        // whole = input + body
        const expected = input[i]! + (whole[i]! - input[i]!) * mask[Math.floor(i / values)]!;
        expect(Math.abs(logits[i]! - expected)).toBeLessThan((bf16 ? 3e-2 : 1e-5) * (1 + Math.abs(expected)));
      }
      plan.update(0);
      return mask;
    });
    plan.dispose();
    for (const mask of masks) expect(new Set(mask)).toEqual(new Set([0, 1 / (1 - rate)]));
    expect(masks[0]).not.toEqual(masks[1]);
  });

  test("does nothing outside of training", () => {
    expect(evaluate(rate)).toEqual(evaluate(0));
  });
});
