/** Computing a batch in parts changes when things are computed, not what. */
import { describe, expect, test } from "vitest";
import { networks } from "../../../network/architectures.ts";
import { buildGraph, type Graph } from "../../../network/graph.ts";
import {
  averagePool,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAveragePool,
  type Layer,
  maxPool,
  relu,
  residual,
} from "../../../network/layer.ts";
import { sgd } from "../../optimizer.ts";
import { exampleFor, relativeError } from "../../testing/conformance-cases.ts";
import { onednnEngines, onednnMissing } from "../../testing/engines-under-test.ts";
import { onednnEngine } from "../onednn-engine.ts";
import { planBatchParts } from "./batch-parts.ts";
import { planFusion } from "./fusion.ts";

const input = { channels: 3, height: 10, width: 10 };
const graphOf = (...layers: Layer[]): Graph => buildGraph({ name: "parts", input, layers });

const partsOf = (graph: Graph, batch: number, cacheBytes: number) =>
  planBatchParts(graph, planFusion(graph), { batch, bytesPerValue: 4, cacheBytes });

describe("what is computed in parts", () => {
  const chain = graphOf(conv2d(4, 3), relu(), maxPool(2), flatten(), dense(8), relu(), dense(3));

  test("the part before the first dense layer, in parts that fit", () => {
    // The largest activation of an image has 4 x 10 x 10 values of 4 bytes.
    expect(partsOf(chain, 7, 3 * 1600)).toEqual({
      end: 4,
      parts: [
        { from: 0, images: 2 },
        { from: 2, images: 3 },
        { from: 5, images: 2 },
      ],
    });
    expect(partsOf(chain, 3, 1).parts).toEqual([0, 1, 2].map((from) => ({ from, images: 1 })));
  });

  test("nothing where the whole batch fits, or where statistics need it whole", () => {
    expect(partsOf(chain, 7, 7 * 1600).parts).toEqual([]);
    const normalised = graphOf(conv2d(4, 3), batchNorm(), conv2d(4, 3), globalAveragePool(), dense(3));
    expect(partsOf(normalised, 7, 1).parts).toEqual([]);
    expect(partsOf(graphOf(conv2d(4, 3), globalAveragePool()), 7, 1).parts).toEqual([]);
  });

  test("nothing where a residual layer reaches over the boundary", () => {
    const graph = graphOf(flatten(), relu(), residual([dense(300), relu()]), dense(3));
    expect(partsOf(graph, 4, 1)).toMatchObject({ end: 2 });
    expect(partsOf(graphOf(conv2d(4, 3), flatten(), residual([dense(400)])), 4, 1).end).toBe(2);
    expect(partsOf(graphOf(flatten(), residual([relu(), dense(300)])), 4, 1).end).toBe(0);
  });
});

describe.skipIf(onednnEngines.length === 0)(`parts give what the whole batch gives${onednnMissing}`, () => {
  const cases: readonly (readonly [string, Graph])[] = [
    ["the notebook's network on bytes", buildGraph(networks.notebook({ classes: 3, imageSize: 16 }))],
    [
      "a float input with residual, groups and average pooling",
      graphOf(
        conv2d(6, 3, { stride: 2, groups: 3 }),
        relu(),
        residual([conv2d(6, 3), relu(), conv2d(6, 1)]),
        relu(),
        averagePool(2, { padding: 1 }),
        flatten(),
        dense(5),
      ),
    ],
    ["global pooling before the dense layer", graphOf(conv2d(6, 3), maxPool(2), globalAveragePool(), dense(4))],
  ];

  test.each(cases)("%s", (_, graph) => {
    const example = exampleFor(graph, 5, "hard");
    const results = [1 << 30, 1, 3000].map((cacheBytes) => {
      const engine = onednnEngine({ cacheBytes });
      const inputGradient = graph.inputType === "float32";
      const plan = engine.trainingPlan(graph, { batch: 5, optimizer: sgd(), inputGradient });
      plan.setParameters(example.parameters);
      const { loss } = plan.computeGradients(example.input, example.targets);
      const gradients = new Map([...plan.gradients()].map(([name, { data }]) => [name, data] as const));
      if (inputGradient) gradients.set("input", plan.inputGradient());
      const inference = engine.inferencePlan(graph, { batch: 5 });
      inference.setParameters(example.parameters);
      gradients.set("logits", inference.infer(example.input).slice());
      inference.dispose();
      plan.dispose();
      return { loss, gradients };
    });
    const [whole, ...divided] = results;
    for (const { loss, gradients } of divided) {
      expect(loss).toBeCloseTo(whole!.loss, 5);
      for (const [name, data] of gradients) {
        expect(relativeError(data, whole!.gradients.get(name)!), name).toBeLessThan(1e-5);
      }
    }
  });
});
