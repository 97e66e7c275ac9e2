/** A network's JSON: what may be left out, what is refused, and how each refusal says where and what. */
import { describe, expect, it } from "vitest";
import { NetworkError } from "../../errors.ts";
import { networkNames, networks } from "../architectures.ts";
import { buildGraph } from "../graph.ts";
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePool,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
  residual,
} from "../layer.ts";
import { everyLayer } from "../testing/every-layer.ts";
import { layerKinds } from "./layer-forms.ts";
import { parseNetwork } from "./parse-network.ts";

const refusal = (json: unknown): string => {
  try {
    parseNetwork(json, { classes: 9, imageSize: 8 });
  } catch (error) {
    expect(error).toBeInstanceOf(NetworkError);
    return (error as Error).message;
  }
  throw new Error("was not refused");
};
const ofLayer = (layer: unknown): string => refusal({ layers: [layer] });

describe("parseNetwork", () => {
  it("fills in what builders have a default for, and the number of classes", () => {
    const text = `{
      "$schema": "anything", "name": "mine", "input": { "height": 6, "width": 8 },
      "layers": [
        { "kind": "normalize" }, { "kind": "conv2d", "filters": 4, "kernel": 3 }, { "kind": "batchNorm" }, { "kind": "relu" },
        { "kind": "maxPool", "kernel": 2 }, { "kind": "residual", "body": [{ "kind": "conv2d", "filters": 4, "kernel": [3, 1] }] },
        { "kind": "globalAveragePool" }, { "kind": "dropout", "rate": 0.5 }, { "kind": "dense", "units": "classes" }
      ]
    }`;
    const expected: Network = {
      name: "mine",
      input: { channels: 3, height: 6, width: 8 },
      layers: [
        ...[normalize(), conv2d(4, 3), batchNorm(), relu(), maxPool(2), residual([conv2d(4, [3, 1])])],
        ...[globalAveragePool(), dropout(0.5), dense(5)],
      ],
    };
    expect(parseNetwork(text, { classes: 5 })).toEqual(expected);
    expect(parseNetwork(`\uFEFF${text}`, { classes: 5 })).toEqual(expected);
    expect(parseNetwork(text, { classes: 5, imageSize: [96, 128] }).input).toEqual({
      channels: 3,
      height: 96,
      width: 128,
    });
  });

  it("gives every network that is whole back as it is, keys in one order", () => {
    const made = networkNames.map((name) => networks[name]({ classes: 3, imageSize: 64 }));
    const every: Network = {
      name: "every",
      input: { channels: 1, height: 9, width: 7 },
      frozen: 2,
      layers: everyLayer,
    };
    for (const network of [...made, every]) {
      expect(JSON.stringify(parseNetwork(network))).toBe(JSON.stringify(network));
      const { name, ...others } = network;
      const turned = { ...others, name };
      expect(JSON.stringify(parseNetwork(JSON.stringify(turned)))).toBe(JSON.stringify(network));
    }
    expect(layerKinds.filter((kind) => !JSON.stringify(everyLayer).includes(`"${kind}"`))).toEqual([]);
    expect(parseNetwork(every)).not.toBe(every);
  });

  it.each([
    ['{"layers": [{"kind": "relu"},]}', 'no valid JSON: line 1, column 30: expected a value, got "]"'],
    ["", "no valid JSON: line 1, column 1: expected a value, got the end"],
    ['{\n  "name": "a', "no valid JSON: line 2, column 13: expected a closing double quote, got the end"],
    [
      "{\n  name: 1}",
      'no valid JSON: line 2, column 3: expected a key in double quotes, such as "name", or }, got "n"',
    ],
    ["NaN", 'no valid JSON: line 1, column 1: expected a value, got "N"'],
    [[], 'expected a network, such as {"layers": [...]}, got []'],
    [undefined, 'expected a network, such as {"layers": [...]}, got nothing'],
    [{ layers: [] }, "layers: expected a list of at least one layer, got []"],
    [{ layers: [{ kind: "relu" }], layer: 1 }, 'unknown field "layer"; did you mean layers?'],
    [
      { layers: [{ kind: "relu" }], input: { channels: 4 } },
      "input.channels: expected 3 (RGB) or 1 (luminance), got 4",
    ],
    [
      { layers: [{ kind: "relu" }], input: [32, 32, 3] },
      'input: expected an object with height and width in pixels, got [32,32,3]; write {"height": 96, "width": 128}',
    ],
    [
      { layers: [{ kind: "relu" }], input: { size: 4 } },
      'input: unknown field "size"; it takes channels, height, width',
    ],
    [
      { layers: [{ kind: "relu" }], name: "\u001b[31m" },
      'name: expected a name of 1 to 100 characters that can be seen, got "\\u001b[31m"',
    ],
    ['{"__proto__": {"layers": []}, "layers": [{"kind": "relu"}]}', "the key __proto__ is not allowed"],
    ['{"layers": [{"kind": "relu", "constructor": 1}]}', "layers[0]: the key constructor is not allowed"],
  ])("refuses %j", (json, message) => expect(refusal(json)).toBe(message));

  it.each([
    [3, 'expected a layer, such as {"kind": "relu"}, got 3'],
    [{ kind: "conv2D", filters: 3 }, 'unknown layer "conv2D"; did you mean conv2d?'],
    [{ kind: "Linear" }, 'unknown layer "Linear"; did you mean dense?'],
    [{ kind: "lstm" }, /^layers\[0\]: unknown layer "lstm"; expected one of normalize, conv2d, .*, concatenate$/],
    [{ kind: "softmax" }, /unknown layer "softmax"; leave it out, as the last layer gives logits/],
    [
      { kind: "InputLayer", shape: [8, 8, 3] },
      /unknown layer "InputLayer"; leave it out: the network's own field input/,
    ],
    [{ kind: "MaxPooling2D", pool_size: 2 }, 'unknown layer "MaxPooling2D"; did you mean maxPool?'],
    [{ kind: "activation" }, /"activation"; an activation is a layer of its own kind, such as {"kind": "relu"}$/],
    [{ kind: "constructor" }, /unknown layer "constructor"; expected one of/],
    [{ kind: "dense", units: 3, activation: "softmax" }, /"activation"; an activation is a layer of its own: put relu/],
    [{ kind: "maxPool", kernel: 2, pool_size: 2 }, 'maxPool: unknown field "pool_size"; did you mean kernel?'],
    [{ kind: "conv2d", filters: 3, kernel: 3, padding: "valid" }, /got "valid"; write 0 for no padding$/],
    [
      { kind: "maxPool", kernel: 3, padding: "same" },
      /^layers\[0\]: maxPool: padding: expected "sameUpper", a whole number .*got "same"; "sameUpper" is what TensorFlow and Keras call "same"$/,
    ],
    [
      { kind: "averagePool", kernel: 3, padding: [1, 1, 1] },
      /^layers\[0\]: averagePool: padding: expected .*\[height, width\] or \[top, left, bottom, right\], got \[1,1,1\]$/,
    ],
    [{ kind: "conv2d", filters: 3, kernel: 3, padding: "SAME_UPPER" }, /got "SAME_UPPER"; write "sameUpper"$/],
    [
      { kind: "conv2d", filters: 3, kernel: 3, dilation: 0 },
      /^layers\[0\]: conv2d: dilation: expected a whole number from 1/,
    ],
    [{ kind: "conv2d", filters: 3, kernel: 4, dilation: 3 }, /^layers\[0\]: conv2d: padding "same" needs odd kernels/],
    [{ kind: "conv2d", filters: 3, kernel: 2 }, /^layers\[0\]: conv2d: padding "same" needs odd kernels/],
    [
      Object.fromEntries(["kind", "a", "b", "c", "d", "e", "f", "g"].map((key) => [key, "relu"])),
      /"e"; it takes none; 2 more like these$/,
    ],
    [{}, /^layers\[0\]: expected a layer with its kind, one of normalize, .*; got nothing$/],
    [
      { kind: "conv2d", filters: "many", kernel: 3 },
      'conv2d: filters: expected a whole number from 1 to 2147483647, got "many"',
    ],
    [
      { kind: "conv2d", filters: 3, kernel: [3, 3, 3] },
      "conv2d: kernel: expected a whole number from 1 to 2147483647, or two of them: [height, width], got [3,3,3]",
    ],
    [{ kind: "conv2d", filters: 3, kernel: 3, strides: 2 }, 'conv2d: unknown field "strides"; did you mean stride?'],
    [{ kind: "relu", slope: 2 }, 'relu: unknown field "slope"; it takes none'],
    [{ kind: "dropout", rate: Number.NaN }, "dropout: rate: expected a number of at least 0 and below 1, got NaN"],
    [
      { kind: "batchNorm", epsilon: Number.POSITIVE_INFINITY },
      "batchNorm: epsilon: expected a number above 0 and at most 1, got Infinity",
    ],
    [{ kind: "residual" }, "residual: body: expected a list of layers, got nothing"],
    [{ kind: "concatenate" }, "concatenate: branches: expected a list of branches, each a list of layers, got nothing"],
    [
      { kind: "concatenate", branches: [{ kind: "relu" }] },
      'concatenate: branches: expected a list of branches, each a list of layers, got [{"kind":"relu"}]',
    ],
    [
      { kind: "concatenate", branches: [] },
      "concatenate: branches: expected a list of branches, each a list of layers, got []",
    ],
    [{ kind: "Concat" }, 'unknown layer "Concat"; did you mean concatenate?'],
    [
      conv2d(4, 2),
      'conv2d: padding "same" needs odd kernels, as it is the same on both sides, and the kernel is 2x2; take an odd kernel, ' +
        'or "sameUpper", which pads one more below and at the right, or give the padding as a number, such as 0',
    ],
  ])("refuses the layer %j", (layer, message) => {
    if (typeof message === "string") expect(ofLayer(layer)).toBe(`layers[0]: ${message}`);
    else expect(ofLayer(layer)).toMatch(message);
    const inside = { kind: "residual", body: [{ kind: "relu" }], shortcut: [{ kind: "gate", body: [layer] }] };
    expect(ofLayer(inside)).toBe(`layers[0].shortcut[0].body${ofLayer(layer).slice("layers".length)}`);
    const joined = { kind: "concatenate", branches: [[], [layer]] };
    expect(ofLayer(joined)).toBe(`layers[0].branches[1]${ofLayer(layer).slice("layers".length)}`);
  });

  it("refuses what is no data without running its code", () => {
    const getter = {
      kind: "dense",
      get units() {
        throw new Error("ran");
      },
    };
    class Conv2d {
      kind = "conv2d";
    }
    expect(ofLayer(getter)).toBe("layers[0].units: expected data, got a getter");
    expect(ofLayer(new Conv2d())).toBe("layers[0]: expected data, got an instance of a class");
    const hidden = () => {
      throw new Error("hidden");
    };
    expect(ofLayer(new Proxy({}, { ownKeys: hidden }))).toBe("expected data, got a Proxy that cannot be read");
    expect(ofLayer({ kind: "dense", units: () => 3 })).toBe("layers[0].units: expected data, got a function");
    expect(ofLayer({ kind: "dense", units: 3n })).toBe("layers[0].units: expected data, got a bigint");
    expect(refusal({ layers: new Array(2 ** 32 - 1) })).toMatch(/^layers: too much: more than \d+ values in all$/);
  });

  it("refuses depth and size beyond all networks at once", () => {
    const circle: { kind: string; body: unknown[] } = { kind: "gate", body: [] };
    circle.body.push(circle);
    const wide = { kind: "gate", body: [] as unknown[] };
    let shared: unknown = wide;
    for (let i = 0; i < 30; i++) shared = { kind: "gate", body: [shared, shared] };
    const nested = (depth: number) =>
      `{"layers":${'[{"kind":"gate","body":'.repeat(depth)}[{"kind":"relu"}]${"}]".repeat(depth)}}`;
    const deep = /^layers\[0\]\.body\[0\].*…: nested too deeply; layers can be nested 32 deep$/;
    expect(refusal({ layers: [circle] })).toMatch(deep);
    expect(refusal(nested(10_000))).toMatch(deep);
    expect(refusal("[".repeat(1_000_000))).toMatch(/^no valid JSON: line 1, column 1000001: /);
    expect(refusal({ layers: [shared] })).toMatch(/: too much: more than \d+ values in all$/);
    expect(refusal({ layers: Array.from({ length: 10_000 }, () => ({ kind: "relu" })) })).toBe(
      "layers: more than 5000 of them, which is the most that a network can have",
    );
    expect(refusal(nested(32))).toMatch(/layers can be nested 32 deep$/);
    const deepest = parseNetwork(nested(31), { imageSize: 8 });
    expect(JSON.stringify(deepest).match(/gate/g)).toHaveLength(31);
    const joined = `{"layers":${'[{"kind":"concatenate","branches":['.repeat(32)}[{"kind":"relu"}]${"]}]".repeat(32)}}`;
    expect(refusal(joined)).toMatch(/layers can be nested 32 deep$/);
    expect(refusal({ layers: [{ kind: "concatenate", branches: Array.from({ length: 5001 }, () => []) }] })).toBe(
      "layers: more than 5000 of them, which is the most that a network can have",
    );
  });

  it("tells the first five problems and counts the others, each after its source", () => {
    const layers = Array.from({ length: 7 }, () => ({ kind: "dropout", rate: 2 }));
    const problem = (index: number) =>
      `a.json: layers[${index}]: dropout: rate: expected a number of at least 0 and below 1, got 2`;
    expect(() => parseNetwork({ layers }, { source: "a.json" })).toThrow(
      new NetworkError([...[0, 1, 2, 3, 4].map(problem), "a.json: 2 more like these"].join("\n")),
    );
  });

  it("says what is not known: classes and the size of the images", () => {
    const layers = [{ kind: "residual", body: [{ kind: "dense", units: "classes" }] }];
    expect(() => parseNetwork({ layers })).toThrow(
      new NetworkError(
        'layers[0].body[0]: dense: units: "classes" stands for the number of classes, which is not known here; give a number\n' +
          "input: expected height and width in pixels; give both, or an image size",
      ),
    );
  });
});

describe("a network beyond the bounds", () => {
  const input = { channels: 3, height: 64, width: 64 };
  const build = (...layers: Layer[]) =>
    buildGraph({ name: "large", input, layers: [...layers, globalAveragePool(), dense(2)] });
  it.each<[string, Layer[]]>([
    [
      "layers[0]: conv2d: a map of 1000000000x64x64 has 4096000000000 values, and the most is 2147483647",
      [conv2d(1e9, 3)],
    ],
    [
      "layers[0]: conv2d: weight of 100000000x3x9x9 has 24300000000 values, and the most is 2147483647",
      [conv2d(1e8, 9, { stride: 64, padding: 4 })],
    ],
    ["1208254466 parameters, and the most is 1073741824", [flatten(), dense(98304), dense(2)]],
    [
      "layers[0].body[0]: conv2d: expected a positive whole number of filters, got Infinity",
      [residual([conv2d(Number.POSITIVE_INFINITY, 3)])],
    ],
  ])("%s", (message, layers) => {
    const last = layers.some(({ kind }) => kind === "flatten");
    const make = () => (last ? buildGraph({ name: "large", input, layers }) : build(...layers));
    expect(make).toThrow(NetworkError);
    expect(make).toThrow(`network "large": ${message}`);
  });

  it("is refused before its tree is walked", () => {
    let layer: Layer = relu();
    for (let i = 0; i < 100_000; i++) layer = residual([layer]);
    expect(() => build(layer)).toThrow(/^network "large": layers\[0\]\.body.*…: layers can be nested 32 deep$/);
  });
});
