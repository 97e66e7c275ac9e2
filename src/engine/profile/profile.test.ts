/** Profiles: every primitive has its row, rows add up, and the arithmetic is that of the network. */
import { describe, expect, test } from "vitest";
import { forwardFlops } from "../../network/flops.ts";
import { buildGraph } from "../../network/graph.ts";
import { batchNorm, conv2d, dense, flatten, type Layer, maxPool, normalize, relu } from "../../network/layer.ts";
import { networkFlops } from "../../network/testing/network-flops.ts";
import { type OnednnEngine, onednnEngine } from "../onednn/onednn-engine.ts";
import { drawnCase } from "../testing/drawn-networks.ts";
import { onednnEngines, onednnMissing } from "../testing/engines-under-test.ts";
import { kernels } from "../testing/kernels-under-test.ts";
import { profileRows, profileTraining } from "./profile.ts";
import { bandwidthFor, limitSeconds, type Roofline } from "./roofline.ts";
import type { TimedInstruction } from "./timing.ts";

const roofline: Roofline = {
  precision: "f32",
  flopsPerSecond: 100e9,
  bandwidths: [
    { bytes: 1000, bytesPerSecond: 20e9 },
    { bytes: 2000, bytesPerSecond: 50e9 },
    { bytes: 4000, bytesPerSecond: 10e9 },
  ],
};

const graphOf = (layers: readonly Layer[]) =>
  buildGraph({ name: "small", input: { channels: 3, height: 12, width: 12 }, layers });

describe("limits", () => {
  test("no pass is faster than the best from the next smaller size on", () => {
    expect([10, 1500, 2000, 3999, 4000, 1e9].map((bytes) => bandwidthFor(roofline, bytes) / 1e9)).toEqual([
      50, 50, 50, 50, 10, 10,
    ]);
  });

  test("arithmetic or memory, whichever takes longer; Winograd's algorithm multiplies a quarter", () => {
    const limit = (flops: number, bytes: number, implementation = "jit:avx2") =>
      limitSeconds(roofline, { flops, bytes, implementation });
    expect(limit(0, 10e9)).toBe(1);
    expect(limit(200e9, 10e9)).toBe(2);
    expect(limit(200e9, 1, "jit_wino_4x3:avx512_core")).toBe(0.5);
  });
});

test("instructions of the same layer and primitive become one row", () => {
  const graph = graphOf([conv2d(4, 3), flatten(), dense(2)]);
  const instruction = (layer: string, primitive: string, seconds: number): TimedInstruction => ({
    pass: "forward",
    layer,
    primitive,
    implementation: `jit ${seconds}`,
    seconds,
    flops: 100e9,
    bytes: 4000,
  });
  const rows = profileRows(
    graph,
    [instruction("0", "forward", 2), instruction("logits", "reorder", 1), instruction("0", "forward", 3)],
    10,
    roofline,
  );
  expect(rows).toMatchObject([
    { layer: "0", kind: "conv2d", runs: 2, seconds: 5, share: 0.5, flops: 200e9, bytes: 8000, limitSeconds: 2 },
    { layer: "logits", kind: null, runs: 1, seconds: 1, share: 0.1 },
  ]);
  expect(rows[0]!.implementations).toEqual(["jit 2", "jit 3"]);
});

describe.skipIf(onednnEngines.length === 0)(`a training step on oneDNN${onednnMissing}`, () => {
  const graph = graphOf([normalize(), conv2d(16, 3), relu(), maxPool(2), conv2d(8, 3), flatten(), dense(2)]);
  const [first] = graph.nodes.filter(({ operation }) => operation.kind === "conv2d");

  test.each(["whole", "in parts"])("the batch %s: rows add up, and so does their arithmetic", (how) => {
    const engine = onednnEngine(how === "whole" ? {} : { cacheBytes: 2 * 16 * 12 * 12 * 4 });
    const profile = profileTraining(engine, graph, { batch: 6, rounds: 2, roofline });
    const { rows, primitiveSeconds, primitiveOverStep, stepSeconds } = profile;
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    expect(stepSeconds).toBeGreaterThan(0);
    expect(sum(rows.map(({ seconds }) => seconds))).toBeCloseTo(primitiveSeconds, 9);
    expect(sum(rows.map(({ share }) => share))).toBeCloseTo(primitiveOverStep, 9);

    const flopsOf = (pass: string) => sum(rows.filter((row) => row.pass === pass).map(({ flops }) => flops));
    expect(flopsOf("forward")).toBeCloseTo(6 * networkFlops(graph));
    // The gradient of the image is not computed.
    expect(flopsOf("backward")).toBeCloseTo(6 * (2 * networkFlops(graph) - forwardFlops(first!)));
    expect(flopsOf("update")).toBe(0);

    const forward = rows.find(({ layer, primitive }) => layer === "1" && primitive === "forward")!;
    expect(forward).toMatchObject({ kind: "conv2d", runs: how === "whole" ? 1 : 3 });
    const keys = rows.map(({ pass, layer, primitive }) => `${pass} ${layer} ${primitive}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { bytes, implementations } of rows) {
      expect(bytes).toBeGreaterThan(0);
      expect(implementations).not.toContain("");
    }
  });

  test("a tensor that is changed in place counts as read and as written", () => {
    const graph = graphOf([conv2d(16, 3), batchNorm(), flatten(), dense(2)]);
    const updateOf = (engine: OnednnEngine) => {
      const { rows } = profileTraining(engine, graph, { batch: 4, rounds: 1, roofline });
      return (step: string) => rows.find(({ layer, primitive }) => layer === "optimizer" && primitive === step)!.bytes;
    };
    const bytesOf = updateOf(onednnEngine({ kernels: false }));
    const parameters = (16 * 27 + 16 + 2 * 16 + 2 * 16 * 144 + 2) * 4;
    // Gradients are read, mean squares written; for the weights it is means, roots and the weights themselves.
    expect(bytesOf("mean square")).toBeGreaterThanOrEqual(2 * parameters);
    expect(bytesOf("mean square") / bytesOf("weights")).toBeCloseTo(2 / 3, 3);
    if (kernels === undefined) return;
    // Gradients are read, weights, means and mean squares read and written.
    expect(updateOf(onednnEngine())("update") / bytesOf("mean square")).toBeCloseTo(7 / 2, 1);
  });
});

test.skipIf(onednnEngines.length === 0)(
  `drawn networks, frozen layers and all, can be profiled${onednnMissing}`,
  () => {
    const engine = onednnEngine();
    for (const seed of Array.from({ length: 15 }, (_, index) => index + 1)) {
      const { name, input, layers, frozen } = drawnCase(seed);
      const graph = buildGraph({ name, input, layers, frozen });
      const { rows } = profileTraining(engine, graph, { batch: 4, rounds: 1, roofline });
      const numbers = rows.flatMap((row) => [row.seconds, row.share, row.flops, row.bytes, row.limitSeconds]);
      expect(numbers.every(Number.isFinite), name).toBe(true);
      // Nothing before the first layer that trains has a backward pass.
      const backward = rows.filter(({ pass, kind }) => pass === "backward" && kind !== null);
      expect(backward.filter(({ layer }) => Number.parseInt(layer, 10) < frozen)).toEqual([]);
    }
  },
);
