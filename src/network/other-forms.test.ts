import { expect, it } from "vitest";
import { NetworkError } from "../errors.ts";
import { buildGraph } from "./graph.ts";
import { conv2d, dense, flatten, normalize, relu } from "./layer.ts";

const input = { channels: 3, height: 8, width: 8 };
const layers = [normalize(), conv2d(2, 3), flatten(), dense(2)];

it.each([
  [layers, "expected a network { name, input"],
  [{ name: "n", layers }, 'network "n": input: expected { channels, height, width }, got nothing'],
  [{ name: "n", input: [8, 8, 3], layers }, 'network "n": input: expected { channels, height, width }, got a list'],
  [
    { name: "n", input, layers: [normalize(), relu] },
    "layers[1]: expected a layer, such as relu(), got a function; call",
  ],
  [{ name: "n", input, layers: [normalize(), "relu"] }, 'layers[1]: expected a layer, such as relu(), got "relu"'],
  [
    { name: "n", input, layers: [normalize(), { kind: "softmax" }] },
    'layers[1]: expected a layer of a known kind, got "softmax"',
  ],
  [
    { name: "n", input, layers: [{ kind: "normalize" }] },
    "layers[0]: normalize: mean: expected a list of numbers, got nothing",
  ],
  [
    { name: "n", input, layers: [normalize(), { ...conv2d(2, 3), kernel: 3 }] },
    "layers[1]: conv2d: kernel: expected [height, width], got 3; write the layer by conv2d(...)",
  ],
])("a network of another form is refused in a sentence, as %#", (network, message) => {
  expect(() => buildGraph(network as never)).toThrow(NetworkError);
  expect(() => buildGraph(network as never)).toThrow(message);
});

it("conv2d says what valid padding is here", () => {
  expect(() => conv2d(2, 3, { padding: "valid" as never })).toThrow('got "valid"; write 0 for "valid"');
});
