/** Values and slopes of the activations: against an independent program's, far from zero, and where they cannot be. */
import { describe, expect, it } from "vitest";
import { NetworkError } from "../errors.ts";
import { activationSlope, activationValue } from "./activations.ts";
import { describeLayer } from "./describe-layer.ts";
import { errorFunction } from "./error-function.ts";
import { buildGraph } from "./graph.ts";
import { parseNetwork } from "./json/parse-network.ts";
import {
  type Activation,
  dense,
  elu,
  flatten,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  relu,
  relu6,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "./layer.ts";

it.each([
  [0, 0],
  [0.3, 0.3286267594591274],
  [-1.5, -0.9661051464753108],
  [2.5, 0.999593047982555],
  [4, 0.9999999845827421],
  [7, 1],
  [Number.NEGATIVE_INFINITY, -1],
])("erf(%d) is %d, as in C's library", (x, expected) => {
  expect(errorFunction(x)).toBeCloseTo(expected, 14);
});

const every: readonly Activation[] = [
  relu(),
  sigmoid(),
  leakyRelu({ slope: 0.2 }),
  relu6(),
  elu({ alpha: 0.7 }),
  silu(),
  gelu(),
  gelu({ approximate: "tanh" }),
  hardSwish(),
  hardSigmoid(),
  tanh(),
  softplus(),
];

describe.each(every)("$kind", (layer) => {
  it("has a value and a slope wherever float32 has numbers, and goes to the end of its range", () => {
    for (const x of [-3e38, -1e4, -89, -20, 0, 20, 89, 1e4, 3e38]) {
      expect(Number.isFinite(activationValue(layer, x)), `f(${x})`).toBe(true);
      expect(Number.isFinite(activationSlope(layer, x)), `f'(${x})`).toBe(true);
    }
    const leaks = layer.kind === "leakyRelu" ? 0.2 : 0;
    expect(activationSlope(layer, -1e4)).toBeCloseTo(leaks, 12);
    const bounded = ["sigmoid", "relu6", "hardSigmoid", "tanh"].includes(layer.kind);
    expect(activationSlope(layer, 1e4)).toBeCloseTo(bounded ? 0 : 1, 12);
  });

  it("is no number where its input is none", () => {
    expect(activationValue(layer, Number.NaN)).toBeNaN();
  });
});

describe("options", () => {
  const withLayer = (layer: unknown) => ({
    name: "n",
    input: { channels: 1, height: 2, width: 2 },
    layers: [flatten(), layer as Activation, dense(2)],
  });
  it.each([
    [leakyRelu({ slope: -0.1 }), "layers[1]: leakyRelu: slope: expected a number of at least 0, got -0.1"],
    [elu({ alpha: Number.NaN }), "layers[1]: elu: alpha: expected a number of at least 0, got NaN"],
    [{ kind: "leakyRelu" }, "layers[1]: leakyRelu: slope: expected a number of at least 0, got undefined"],
    [gelu({ approximate: "none" as never }), 'layers[1]: gelu: approximate: expected "tanh", got none'],
  ])("are refused in a sentence, as %#", (layer, message) => {
    expect(() => buildGraph(withLayer(layer))).toThrow(NetworkError);
    expect(() => buildGraph(withLayer(layer))).toThrow(message);
  });

  it.each([
    [{ kind: "swish" }, "did you mean silu?"],
    [{ kind: "LeakyReLU" }, "did you mean leakyRelu?"],
    [{ kind: "hard_sigmoid" }, "did you mean hardSigmoid?"],
    [{ kind: "leakyRelu", alpha: 0.1 }, "did you mean slope?"],
    [{ kind: "PReLU" }, "take leakyRelu"],
    [{ kind: "elu", alpha: -1 }, "elu: alpha: expected a number of at least 0, got -1"],
    [{ kind: "gelu", approximate: true }, 'gelu: approximate: expected "tanh", got true'],
  ])("in JSON: %j gets a helpful word", (layer, message) => {
    expect(() => parseNetwork({ input: { height: 2, width: 2 }, layers: [layer] })).toThrow(message);
  });

  it("are said where they are not the usual ones", () => {
    expect([leakyRelu(), leakyRelu({ slope: 0.3 }), gelu({ approximate: "tanh" }), elu()].map(describeLayer)).toEqual([
      "leakyRelu",
      "leakyRelu slope 0.3",
      "gelu approximate tanh",
      "elu",
    ]);
  });
});
