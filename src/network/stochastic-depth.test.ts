/** Stochastic depth over a network: the linear rule, and what it leaves as it is. */
import { expect, test } from "vitest";
import { networks } from "./architectures.ts";
import { buildGraph } from "./graph.ts";
import { concatenate, conv2d, dense, flatten, gate, globalAveragePool, type Network, relu, residual } from "./layer.ts";
import { residualLayers, withStochasticDepth } from "./stochastic-depth.ts";

const ratesOf = (network: Network) =>
  buildGraph(network).nodes.flatMap(({ name, operation }) =>
    operation.kind === "dropout" && operation.per === "image" ? [[name, operation.rate] as const] : [],
  );

test("grows linearly up to the last residual block", () => {
  const network = networks["resnet18-w32"]({ classes: 9, imageSize: 32 });
  expect(residualLayers(network)).toBe(8);
  expect(ratesOf(network)).toEqual([]);
  const rates = ratesOf(withStochasticDepth(network, 0.4)).map(([, rate]) => rate);
  expect(rates).toHaveLength(8);
  rates.forEach((rate, i) => {
    expect(rate).toBeCloseTo((0.4 * (i + 1)) / 8, 12);
  });
});

test("changes no parameter, nor a network without residual layers", () => {
  const network = networks["resnet18-w32"]({ classes: 9, imageSize: 32 });
  expect(buildGraph(withStochasticDepth(network, 0.4)).parameters).toEqual(buildGraph(network).parameters);
  const plain = networks.notebook({ classes: 9, imageSize: 32 });
  expect(withStochasticDepth(plain, 0.4)).toEqual(plain);
});

test("counts residual layers within others, in the order in which they end, and within gates and concatenations", () => {
  const network: Network = {
    name: "nested",
    input: { channels: 2, height: 4, width: 4 },
    layers: [
      residual([residual([conv2d(2, 3)]), relu()], [residual([relu()])]),
      gate([globalAveragePool(), residual([])]),
      concatenate([[], [residual([])]]),
      flatten(),
      dense(2),
    ],
  };
  expect(Object.fromEntries(ratesOf(withStochasticDepth(network, 0.75)))).toEqual({
    "0.body.0.depth": expect.closeTo(0.15, 12),
    "0.shortcut.0.depth": expect.closeTo(0.3, 12),
    "0.depth": expect.closeTo(0.45, 12),
    "1.body.1.depth": expect.closeTo(0.6, 12),
    "2.branches.1.0.depth": 0.75,
  });
});
