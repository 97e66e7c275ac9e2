/** Initialisations: their moments, orthogonality, names and errors. */
import { expect, it } from "vitest";
import { Random } from "../random.ts";
import { buildGraph } from "./graph.ts";
import {
  checkedInitialization,
  defaultInitialization,
  drawWeight,
  type Initialization,
  initializationNames,
} from "./initialization.ts";
import { batchNorm, conv2d, dense, flatten, type Network } from "./layer.ts";
import { initialParameters } from "./parameters.ts";
import { compareInitializations, recordedInitializations } from "./testing/initialization-record.ts";

const drawn = (shape: readonly number[], fanIn: number, initialization: Initialization, seed = 0): Float32Array => {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  drawWeight(data, { shape, fanIn }, initialization, Random.of(seed));
  return data;
};

const mean = (values: ArrayLike<number>, of = (value: number) => value): number =>
  Array.from(values, of).reduce((sum, value) => sum + value, 0) / values.length;

// A convolution of 32 filters over 16 channels in 2 groups: 72 inputs, 288 outputs.
const shape = [32, 8, 3, 3];
const fanIn = 72;

const variances = { he: 2 / 72, glorot: 2 / (72 + 288), leCun: 1 / 72 };
/** Fourth moment by squared variance. */
const kurtosis = { Normal: 3, Uniform: 9 / 5, TruncatedNormal: 2.3652 };

it("draws independent weights with the variance of their scheme", () => {
  const large = [400, 8, 3, 3]; // 28,800 weights
  for (const [scheme, fans] of Object.entries({ he: 2 / 72, glorot: 2 / (72 + 3600), leCun: 1 / 72 })) {
    for (const [distribution, fourth] of Object.entries(kurtosis)) {
      const weights = drawn(large, fanIn, `${scheme}${distribution}` as Initialization);
      const n = weights.length;
      // Of correct code each of the 18 figures lies beyond 5 standard errors in one of 1.7 million seeds.
      expect(Math.abs(mean(weights)), scheme + distribution).toBeLessThan(5 * Math.sqrt(fans / n));
      expect(Math.abs(mean(weights, (x) => x * x) / fans - 1)).toBeLessThan(5 * Math.sqrt((fourth - 1) / n));
    }
  }
});

it("bounds uniform and truncated weights where PyTorch and Keras do", () => {
  for (const [scheme, variance] of Object.entries(variances)) {
    const limits = {
      Uniform: Math.sqrt(3 * variance),
      TruncatedNormal: (2 * Math.sqrt(variance)) / 0.87962566103423978,
    };
    for (const [distribution, limit] of Object.entries(limits)) {
      const weights = drawn(shape, fanIn, `${scheme}${distribution}` as Initialization);
      const largest = Math.max(...weights.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(limit * (1 + 2 ** -23));
      expect(largest).toBeGreaterThan(0.97 * limit);
    }
  }
});

it("draws from what PyTorch draws from, and makes the same orthogonal matrices", () => {
  compareInitializations(recordedInitializations());
});

it("makes up for what is cut off a normal number, by Keras's figure", () => {
  // The variance of a standard normal number that lies within two deviations, by Simpson's rule.
  const density = (x: number) => Math.exp((-x * x) / 2);
  const integral = (f: (x: number) => number): number => {
    const steps = 2000;
    const values = Array.from(
      { length: steps + 1 },
      (_, i) => f(-2 + (4 * i) / steps) * (i % steps === 0 ? 1 : i % 2 ? 4 : 2),
    );
    return values.reduce((sum, value) => sum + value, 0);
  };
  const variance = integral((x) => x * x * density(x)) / integral(density);
  expect(Math.sqrt(variance)).toBeCloseTo(0.87962566103423978, 10);
});

it("draws orthonormal rows, or columns where there are more rows, times the gain", () => {
  for (const [rows, columns] of [
    [6, 20],
    [20, 6],
    [9, 9],
  ] as const) {
    const q = drawn([rows, columns], columns, { scheme: "orthogonal", gain: 3 });
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const at = (i: number, k: number) => (rows <= columns ? q[i * columns + k]! : q[k * columns + i]!);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        let product = 0;
        for (let k = 0; k < length; k++) product += at(i, k) * at(j, k);
        expect(product).toBeCloseTo(i === j ? 9 : 0, 5);
      }
    }
  }
});

it("draws orthogonal matrices without a preferred direction", () => {
  // Without the positive diagonal of R the mean of a first entry would be far from 0: its sign would always be the same.
  const first = Array.from({ length: 400 }, (_, seed) => drawn([3, 3], 3, "orthogonal", seed)[0]!);
  // An entry of such a matrix has the variance 1 / 3; 5 standard errors.
  expect(Math.abs(mean(first))).toBeLessThan(5 * Math.sqrt(1 / 3 / 400));
  expect(Math.abs(mean(first, (x) => x * x) - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / 400));
});

const network = (initialization?: Initialization, own?: Initialization): Network => ({
  name: "small",
  input: { channels: 3, height: 4, width: 4 },
  layers: [conv2d(4, 3, own === undefined ? {} : { initialization: own }), flatten(), dense(2)],
  ...(initialization && { initialization }),
});

const weightsOf = (net: Network, name: string) => [
  ...initialParameters(buildGraph(net).parameters, Random.of(1)).get(name)!.data,
];

it("takes the layer's own initialisation, then the network's, then He's normal one", () => {
  const plain = network();
  expect(weightsOf(plain, "0.weight")).toEqual(weightsOf(network(defaultInitialization), "0.weight"));
  expect(weightsOf(network("glorotUniform"), "0.weight")).not.toEqual(weightsOf(plain, "0.weight"));
  const mixed = network("orthogonal", "heNormal");
  expect(weightsOf(mixed, "0.weight")).toEqual(weightsOf(plain, "0.weight"));
  expect(weightsOf(mixed, "2.weight")).not.toEqual(weightsOf(plain, "2.weight"));
  expect(weightsOf(mixed, "2.bias")).toEqual([0, 0]);
  // Repeated, the same bits; and a network that says nothing holds nothing.
  expect(weightsOf(mixed, "2.weight")).toEqual(weightsOf(mixed, "2.weight"));
  expect(Object.keys(plain.layers[0]!)).not.toContain("initialization");
});

it("begins the scales of a batch normalisation as they are said to", () => {
  const layers = [conv2d(2, 3), batchNorm(), batchNorm({ initialScale: 0 }), flatten(), dense(2)];
  const scales = initialParameters(buildGraph({ ...network(), layers }).parameters, Random.of(1));
  expect([...scales.get("1.scale")!.data, ...scales.get("2.scale")!.data]).toEqual([1, 1, 0, 0]);
  expect(batchNorm({ initialScale: 1 })).toEqual(batchNorm());
});

it("has one form for each initialisation", () => {
  for (const name of initializationNames) expect(checkedInitialization(name)).toBe(name);
  expect(checkedInitialization({ scheme: "glorot", distribution: "uniform" })).toBe("glorotUniform");
  expect(checkedInitialization({ scheme: "orthogonal", gain: 1 })).toBe("orthogonal");
  const scaled = { scheme: "he", distribution: "truncatedNormal", gain: 0.5 } as const;
  expect(checkedInitialization(scaled)).toEqual(scaled);
});

it("says what there is", () => {
  const given = (initialization: unknown) => () =>
    buildGraph(network(undefined, "heNormal") && { ...network(), initialization: initialization as Initialization });
  expect(given("glorot_uniform")).toThrow(/network "small": initialization: expected .*did you mean glorotUniform\?$/);
  expect(given(3)).toThrow("initialization: expected a name");
  expect(given({ scheme: "xavier", distribution: "normal" })).toThrow(
    /scheme: expected one of he, glorot, leCun, orth/,
  );
  expect(given({ scheme: "he" })).toThrow(
    "distribution: expected one of normal, uniform, truncatedNormal, got nothing",
  );
  expect(given({ scheme: "orthogonal", distribution: "normal" })).toThrow("orthogonal has none; leave it out");
  expect(given({ scheme: "orthogonal", gain: 0 })).toThrow("gain: expected a number above 0, got 0");
  expect(given({ scheme: "orthogonal", a: 0 })).toThrow('unknown field "a"');
  expect(() => conv2d(4, 3, { initialization: "zeros" as Initialization })).toThrow("conv2d: initialization: expected");
  const layers = [{ ...conv2d(4, 3), initialization: "zeros" as Initialization }, flatten(), dense(2)];
  expect(() => buildGraph({ ...network(), layers })).toThrow("layers[0]: initialization: expected heNormal");
});
