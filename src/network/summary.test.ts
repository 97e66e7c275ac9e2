/** The summary of a network: what stands in it, and sums that agree with those counted elsewhere. */
import { describe, expect, it } from "vitest";
import { onnxModel } from "../onnx/onnx-model.ts";
import { Random } from "../random.ts";

import { describeLayer } from "./describe-layer.ts";
import { buildGraph } from "./graph.ts";
import {
  averagePool,
  batchNorm,
  conv2d,
  dense,
  dropout,
  globalAveragePool,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
  residual,
  squeezeExcite,
} from "./layer.ts";
import { countTrainable, initialParameters } from "./parameters.ts";
import { smallNetworks } from "./small-networks.ts";
import { type LayerSummary, summarize } from "./summary.ts";
import { networkFlops } from "./testing/network-flops.ts";

const network: Network = {
  name: "small",
  input: { channels: 3, height: 8, width: 10 },
  layers: [
    normalize(),
    conv2d(4, 3, { stride: 2, bias: false }),
    batchNorm(),
    residual([conv2d(4, 1), squeezeExcite(4, 2)]),
    globalAveragePool(),
    dense(2),
  ],
};

const everyLayer = (layers: readonly LayerSummary[]): readonly LayerSummary[] =>
  layers.flatMap((layer) => [layer, ...layer.branches.flatMap((branch) => everyLayer(branch.layers))]);

it("gives each layer its path, words, shape, parameters, arithmetic and field", () => {
  const { layers, totals, ...about } = summarize(buildGraph(network));
  expect(about).toEqual({ name: "small", input: [3, 8, 10], classes: 2 });
  expect(
    everyLayer(layers).map((layer) => [
      layer.path,
      layer.description,
      layer.shape.join("x"),
      layer.trainable,
      layer.otherParameters,
      layer.flops,
      layer.field.size.join("x"),
    ]),
  ).toEqual([
    ["0", "normalize", "3x8x10", 0, 0, 0, "1x1"],
    ["1", "conv2d 4 filters 3x3 /2", "4x4x5", 108, 0, 4320, "3x3"],
    ["2", "batchNorm", "4x4x5", 8, 8, 0, "3x3"],
    ["3", "residual", "4x4x5", 42, 0, 672, "8x10"],
    ["3.body.0", "conv2d 4 filters 1x1", "4x4x5", 20, 0, 640, "3x3"],
    ["3.body.1", "gate", "4x4x5", 22, 0, 32, "8x10"],
    ["3.body.1.body.0", "globalAveragePool", "4", 0, 0, 0, "8x10"],
    ["3.body.1.body.1", "dense 2 units", "2", 10, 0, 16, "8x10"],
    ["3.body.1.body.2", "relu", "2", 0, 0, 0, "8x10"],
    ["3.body.1.body.3", "dense 4 units", "4", 12, 0, 16, "8x10"],
    ["3.body.1.body.4", "sigmoid", "4", 0, 0, 0, "8x10"],
    ["4", "globalAveragePool", "4", 0, 0, 0, "8x10"],
    ["5", "dense 2 units", "2", 10, 0, 16, "8x10"],
  ]);
  // No gradient of the image is computed: the first convolution counts twice, all else three times.
  expect(totals).toEqual({
    trainable: 168,
    otherParameters: 8,
    flops: 5008,
    trainingFlops: 3 * 5008 - 4320,
    modelBytes: 704,
  });
  expect(layers[3]!.branches.map(({ name, layers: inner }) => [name, inner.length])).toEqual([
    ["body", 2],
    ["shortcut", 0],
  ]);
});

it.each(smallNetworks)("adds up to the whole of $name, and to the weights in its model file", (small) => {
  const graph = buildGraph(small);
  const { totals } = summarize(graph);
  expect(totals.trainable).toBe(countTrainable(graph.parameters));
  expect(totals.flops).toBe(networkFlops(graph));
  const classes = Array.from({ length: graph.classes }, (_, i) => String(i));
  const parameters = initialParameters(graph.parameters, Random.of(1));
  const file = onnxModel(graph, parameters, { network: small.name, classes, version: "0", dataFingerprint: "" });
  expect(file.byteLength - totals.modelBytes).toBeGreaterThan(0);
  expect(file.byteLength - totals.modelBytes).toBeLessThan(64 * 1024);
});

it("tells frozen layers, whose parameters and gradients do not count as trained", () => {
  const { layers, totals } = summarize(buildGraph({ ...network, frozen: 4 }));
  expect(layers.map(({ frozen }) => frozen)).toEqual([true, true, true, true, false, false]);
  // Of the last layer the gradient of its weights, of what lies before it none.
  expect(totals).toMatchObject({ trainable: 10, otherParameters: 166, flops: 5008, trainingFlops: 5008 + 16 });
});

describe("a layer in words", () => {
  it.each<readonly [Layer, string]>([
    [conv2d(1, [1, 3]), "conv2d 1 filter 1x3"],
    [conv2d(8, 3, { stride: [1, 2], padding: 0 }), "conv2d 8 filters 3x3 /1x2, padding 0"],
    [conv2d(8, 3, { groups: 8 }), "conv2d 8 filters 3x3, depthwise"],
    [conv2d(8, 3, { groups: 2, padding: [0, 1] }), "conv2d 8 filters 3x3, 2 groups, padding 0x1"],
    [maxPool(2), "maxPool 2x2"],
    [averagePool(3, { stride: 2, padding: 1 }), "averagePool 3x3 /2, padding 1"],
    [dense(1), "dense 1 unit"],
    [dropout(0.25), "dropout 0.25"],
    [residual([relu()], [], { stochasticDepth: 0.1 }), "residual stochastic depth 0.1"],
  ])("%j", (layer, words) => {
    expect(describeLayer(layer)).toBe(words);
  });
});
