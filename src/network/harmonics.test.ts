/** Cosine filters: an orthonormal basis, counted, and the way to weights and back. */
import { expect, it } from "vitest";
import { NetworkError } from "../errors.ts";
import { onnxModel } from "../onnx/onnx-model.ts";
import { readStoredModel } from "../onnx/stored-model.ts";
import { Random } from "../random.ts";
import { buildGraph } from "./graph.ts";
import { harmonicConv2d } from "./harmonic-conv2d.ts";
import { addCoefficients, addWeights, allFrequencies, cosineFilters, countFilters } from "./harmonics.ts";
import { conv2d, flatten, normalize, pair } from "./layer.ts";
import { initialParameters } from "./parameters.ts";
import { summarize } from "./summary.ts";

it.each([[[3, 3]], [[5, 2]], [[1, 4]], [[1, 1]]] as const)("are orthonormal and complete for %j", (kernel) => {
  const filters = cosineFilters({ kernel, frequencies: allFrequencies(kernel) });
  expect(filters).toHaveLength(kernel[0] * kernel[1]);
  for (const [i, one] of filters.entries()) {
    for (const [j, other] of filters.entries()) {
      const product = one.reduce((sum, value, place) => sum + value * other[place]!, 0);
      expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  }
});

it("begin with the mean, then change along the columns, and are as many as the paper says", () => {
  const filters = cosineFilters({ kernel: [3, 3], frequencies: 2 });
  const root = Math.sqrt(1 / 6);
  expect(Array.from(filters[0]!)).toEqual(new Array(9).fill(expect.closeTo(1 / 3, 12)));
  expect(Array.from(filters[1]!, (value) => value / root)).toEqual(
    [1, 0, -1, 1, 0, -1, 1, 0, -1].map((value) => expect.closeTo(value, 12)),
  );
  expect([1, 2, 3, 4, 5].map((frequencies) => countFilters({ kernel: [3, 3], frequencies }))).toEqual([1, 3, 6, 8, 9]);
});

it("give weights of which the factors are found again", () => {
  const harmonics = { kernel: [3, 5], frequencies: 4 } as const;
  const count = countFilters(harmonics);
  const factors = Float64Array.from({ length: 6 * count }, (_, i) => Math.sin(i + 1));
  const weights = addWeights(harmonics, factors, new Float64Array(6 * 15));
  const again = addCoefficients(harmonics, weights, new Float64Array(factors.length));
  for (const [i, value] of again.entries()) expect(value).toBeCloseTo(factors[i]!, 12);
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  expect(squares(weights)).toBeCloseTo(squares(factors), 10);
});

const network = {
  name: "harmonic",
  input: { channels: 3, height: 4, width: 4 },
  layers: [normalize(), harmonicConv2d(4, 3, { frequencies: 3 }), flatten()],
};

it("has fewer parameters, and the model file of a plain convolution, from which the factors are read back", () => {
  const graph = buildGraph(network);
  expect(graph.parameters.map(({ shape }) => shape)).toEqual([[4, 3, 6], [4]]);
  expect(summarize(graph).totals).toMatchObject({ trainable: 4 * 3 * 6 + 4, modelBytes: 4 * (4 * 3 * 9 + 4) });
  const parameters = initialParameters(graph.parameters, Random.of(1));
  const classes = Array.from({ length: graph.classes }, (_, i) => `class ${i}`);
  const bytes = onnxModel(graph, parameters, { classes, network: "harmonic", dataFingerprint: "", version: "0.0.0" });
  const stored = readStoredModel(bytes);
  expect(stored.network).toEqual(network);
  for (const [name, { shape, data }] of stored.parameters) {
    expect(shape).toEqual(parameters.get(name)!.shape);
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(parameters.get(name)!.data[i]!, 6);
  }
});

it.each([
  [0, 3, "frequencies: expected a whole number from 1 to 5, which keeps all of a 3x3 kernel, got 0"],
  [6, 3, "from 1 to 5, which keeps all of a 3x3 kernel, got 6"],
  [1.5, [2, 3], "from 1 to 4, which keeps all of a 2x3 kernel, got 1.5"],
  [3, 99, "frequencies: expected a kernel of at most 1024 places, got 99x99"],
] as const)("refuses %j frequencies of a kernel of %j", (frequencies, kernel, message) => {
  const size = pair(kernel);
  const layers = [conv2d(4, size, { frequencies, padding: size })];
  expect(() => buildGraph({ ...network, layers })).toThrow(NetworkError);
  expect(() => buildGraph({ ...network, layers })).toThrow(message);
});
