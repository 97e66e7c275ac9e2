/** Networks written out: names, order, sources, parameters, and the sizes of the named architectures. */
import { describe, expect, test } from "vitest";
import { NetworkError } from "../errors.ts";
import { Random } from "../random.ts";
import { networkNames, networks } from "./architectures.ts";
import { buildGraph, INPUT, printGraph } from "./graph.ts";
import {
  batchNorm,
  concatenate,
  conv2d,
  dense,
  flatten,
  globalAveragePool,
  normalize,
  relu,
  residual,
  squeezeExcite,
} from "./layer.ts";
import { layerNorm, layerScale } from "./normalization.ts";
import { countTrainable, initialParameters } from "./parameters.ts";

const nested = buildGraph({
  name: "nested",
  input: { channels: 4, height: 6, width: 6 },
  layers: [
    conv2d(8, 3),
    residual([relu(), residual([conv2d(8, 3, { groups: 2, bias: false })]), batchNorm()], [conv2d(8, 1)]),
    globalAveragePool(),
    dense(3),
  ],
});

describe("a residual network written out", () => {
  test("runs body, shortcut and sum, in this order, from the right sources", () => {
    expect(nested.nodes.map(({ name, operation, inputs }) => [name, operation.kind, inputs])).toEqual([
      ["0", "conv2d", [INPUT]],
      ["1.body.0", "relu", [0]],
      ["1.body.1.body.0", "conv2d", [1]],
      ["1.body.1", "add", [2, 1]],
      ["1.body.2", "batchNorm", [3]],
      ["1.shortcut.0", "conv2d", [0]],
      ["1", "add", [4, 5]],
      ["2", "globalAveragePool", [6]],
      ["3", "dense", [7]],
    ]);
    expect(nested.classes).toBe(3);
    expect(nested.inputType).toBe("float32");
  });

  test("names its parameters after the layers' paths", () => {
    expect(nested.parameters.map(({ name, shape, trainable, fanIn }) => [name, shape, trainable, fanIn])).toEqual([
      ["0.weight", [8, 4, 3, 3], true, 36],
      ["0.bias", [8], true, 0],
      ["1.body.1.body.0.weight", [8, 4, 3, 3], true, 36],
      ["1.body.2.scale", [8], true, 0],
      ["1.body.2.shift", [8], true, 0],
      ["1.body.2.runningMean", [8], false, 0],
      ["1.body.2.runningVariance", [8], false, 0],
      ["1.shortcut.0.weight", [8, 8, 1, 1], true, 8],
      ["1.shortcut.0.bias", [8], true, 0],
      ["3.weight", [3, 8], true, 8],
      ["3.bias", [3], true, 0],
    ]);
  });

  test("prints one line per operation", () => {
    const lines = printGraph(nested).split("\n");
    expect(lines).toHaveLength(nested.nodes.length);
    expect(lines[0]!.split(/ +/)).toEqual(["0", "conv2d", "8x6x6", "296"]);
  });
});

test("a gate's body comes before the product, and its parameters are named after it", () => {
  const { nodes, parameters } = buildGraph({
    name: "gated",
    input: { channels: 8, height: 6, width: 6 },
    layers: [relu(), squeezeExcite(8, 2), globalAveragePool()],
  });
  expect(nodes.map(({ name, operation, inputs }) => [name, operation.kind, inputs])).toEqual([
    ["0", "relu", [INPUT]],
    ["1.body.0", "globalAveragePool", [0]],
    ["1.body.1", "dense", [1]],
    ["1.body.2", "relu", [2]],
    ["1.body.3", "dense", [3]],
    ["1.body.4", "sigmoid", [4]],
    ["1", "multiply", [0, 5]],
    ["2", "globalAveragePool", [6]],
  ]);
  expect(nodes[6]!.shape).toEqual([8, 6, 6]);
  expect(parameters.map(({ name, shape }) => [name, shape])).toEqual([
    ["1.body.1.weight", [2, 8]],
    ["1.body.1.bias", [2]],
    ["1.body.3.weight", [8, 2]],
    ["1.body.3.bias", [8]],
  ]);
});

test("branches come one after the other before they are joined, and parameters are named after them", () => {
  const { nodes, parameters } = buildGraph({
    name: "joined",
    input: { channels: 3, height: 6, width: 5 },
    layers: [relu(), concatenate([[], [conv2d(4, 3), concatenate([[conv2d(2, 1)], []])]]), globalAveragePool()],
  });
  expect(nodes.map(({ name, operation, inputs, shape }) => [name, operation.kind, inputs, shape.join("x")])).toEqual([
    ["0", "relu", [INPUT], "3x6x5"],
    ["1.branches.1.0", "conv2d", [0], "4x6x5"],
    ["1.branches.1.1.branches.0.0", "conv2d", [1], "2x6x5"],
    ["1.branches.1.1", "join", [2, 1], "6x6x5"],
    ["1", "join", [0, 3], "9x6x5"],
    ["2", "globalAveragePool", [4], "9"],
  ]);
  expect(parameters.map(({ name }) => name).slice(2)).toEqual([
    "1.branches.1.1.branches.0.0.weight",
    "1.branches.1.1.branches.0.0.bias",
  ]);
});

test("a network that starts with normalize reads bytes", () => {
  const network = { name: "bytes", input: { channels: 3, height: 2, width: 2 }, layers: [normalize(), flatten()] };
  expect(buildGraph(network).inputType).toBe("uint8");
});

describe("the named architectures", () => {
  test.each([
    ["notebook", 9, 3_989_801],
    ["resnet18-w32", 9, 2_797_353],
    ["efficientnetv2-mini", 9, 2_299_253],
  ] as const)("%s with %d classes has %d trainable numbers", (name, classes, count) => {
    const graph = buildGraph(networks[name]({ classes }));
    expect(countTrainable(graph.parameters)).toBe(count);
    expect(graph.classes).toBe(classes);
  });

  test.each(networkNames)("%s takes another image size and another number of classes", (name) => {
    const graph = buildGraph(networks[name]({ classes: 2, imageSize: 64 }));
    expect(graph.inputShape).toEqual([3, 64, 64]);
    expect(graph.inputType).toBe("uint8");
    expect(graph.classes).toBe(2);
    expect(graph.network.name).toBe(name);
  });
});

describe("fresh parameters", () => {
  const { parameters } = buildGraph(networks["resnet18-w32"]({ classes: 9 }));
  const fresh = initialParameters(parameters, Random.of(1));

  test("weights have mean 0 and variance 2 / fanIn", () => {
    for (const { name, role, fanIn } of parameters) {
      if (role !== "weight") continue;
      const { data } = fresh.get(name)!;
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
      const deviation = Math.sqrt(2 / fanIn);
      expect(Math.abs(mean), name).toBeLessThan((4.5 * deviation) / Math.sqrt(data.length));
      expect(Math.abs(variance / deviation ** 2 - 1), name).toBeLessThan(4.5 * Math.sqrt(2 / data.length));
    }
  });

  test("all others start as the identity", () => {
    const starts = { bias: 0, scale: 1, shift: 0, power: 3, runningMean: 0, runningVariance: 1 };
    for (const { name, role } of parameters) {
      if (role !== "weight") expect(new Set(fresh.get(name)!.data), name).toEqual(new Set([starts[role]]));
    }
  });

  test("but for the factors of layerScale, which say how", () => {
    const input = { channels: 3, height: 4, width: 4 };
    const layers = [layerScale(), layerNorm(), layerScale({ initial: 0.25 }), globalAveragePool()];
    const own = initialParameters(buildGraph({ name: "scaled", input, layers }).parameters, Random.of(1));
    expect([...own].map(([name, { data }]) => [name, ...data])).toEqual([
      ["0.scale", ...new Array(3).fill(Math.fround(1e-6))],
      ["1.scale", 1, 1, 1],
      ["1.shift", 0, 0, 0],
      ["2.scale", 0.25, 0.25, 0.25],
    ]);
  });

  test("the same random state gives the same values, another one others", () => {
    const weights = (seed: number) => [...initialParameters(parameters, Random.of(seed)).get("21.weight")!.data];
    expect(weights(1)).toEqual([...fresh.get("21.weight")!.data]);
    expect(weights(2)).not.toEqual(weights(1));
  });
});

describe("frozen layers", () => {
  const trunk = [conv2d(4, 3), batchNorm(), residual([conv2d(4, 3)]), relu()];
  const network = {
    name: "frozen",
    input: { channels: 3, height: 6, width: 6 },
    layers: [...trunk, globalAveragePool(), dense(2)],
  };
  const frozenNames = (frozen: number) =>
    buildGraph({ ...network, frozen }).nodes.flatMap((node) => (node.frozen ? [node.name] : []));

  test("are the first of the network's own layers, with all that they hold, and have nothing to train", () => {
    expect(frozenNames(0)).toEqual([]);
    expect(frozenNames(3)).toEqual(["0", "1", "2.body.0", "2"]);
    expect(frozenNames(5)).toEqual(["0", "1", "2.body.0", "2", "3", "4"]);
    const { parameters } = buildGraph({ ...network, frozen: 3 });
    expect(parameters.filter(({ trainable }) => trainable).map(({ name }) => name)).toEqual(["5.weight", "5.bias"]);
    expect(countTrainable(parameters)).toBe(10);
    expect(parameters.map(({ name }) => name)).toEqual(buildGraph(network).parameters.map(({ name }) => name));
  });

  test("are told in print", () => {
    const lines = printGraph(buildGraph({ ...network, frozen: 4 })).split("\n");
    expect(lines.map((line) => line.endsWith(" frozen"))).toEqual([true, true, true, true, true, false, false]);
  });

  test.each([7, -1, 1.5, Number.NaN, "2" as unknown as number])("can't be %s of six", (frozen) => {
    const message = `network "frozen": frozen: expected a whole number of layers from 0 to 6, got ${frozen}`;
    expect(() => buildGraph({ ...network, frozen })).toThrow(new NetworkError(message));
  });

  test("can't be all that have parameters", () => {
    const message = 'network "frozen": frozen: 6 leaves nothing to train; take fewer';
    expect(() => buildGraph({ ...network, frozen: 6 })).toThrow(new NetworkError(message));
    const layers = [...trunk, globalAveragePool()];
    expect(() => buildGraph({ ...network, layers, frozen: 4 })).toThrow(/frozen: 4 leaves nothing to train/);
  });
});

test("only a network's first layer normalizes, not the first one in a branch", () => {
  const input = { channels: 3, height: 4, width: 4 };
  const network = { name: "branch", input, layers: [residual([normalize()]), globalAveragePool()] };
  expect(() => buildGraph(network)).toThrow(
    'network "branch": layers[0].body[0]: normalize: only the first layer of a network can normalize',
  );
});
