/** The file that a network is written as: its structure, its metadata, and the refusal of what does not fit. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { conformanceCases, exampleFor } from "../engine/testing/conformance-cases.ts";
import { ModelError, NetworkError } from "../errors.ts";
import { bytesField, intField, message, readFields, stringField } from "../formats/protobuf.ts";
import { buildGraph } from "../network/graph.ts";
import {
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePool,
  maxPool,
  type Network,
  normalize,
  residual,
} from "../network/layer.ts";
import { smallNetworks } from "../network/small-networks.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { readMetadata } from "./model-metadata.ts";
import { type ModelMetadata, onnxModel } from "./onnx-model.ts";

const network: Network = {
  name: "small",
  input: { channels: 3, height: 6, width: 6 },
  layers: [normalize(), conv2d(4, 3), maxPool(2), globalAveragePool(), dense(2), dropout(0.5)],
};

const metadata: ModelMetadata = {
  classes: ["naevus", "mélanome"],
  network: "small",
  dataFingerprint: "0123abcd",
  version: "1.2.3",
};

const graph = buildGraph(network);
const { parameters } = exampleFor(graph, 1, "hard");
const bytes = onnxModel(graph, parameters, metadata);

/** Name, operator, inputs and outputs of the nodes of a model, one line each. */
function nodeLines(model: Uint8Array): string[] {
  const all = (from: Uint8Array, wanted: number): Uint8Array[] =>
    [...readFields(from)].filter(({ field }) => field === wanted).map(({ value }) => value as Uint8Array);
  const texts = (from: Uint8Array, wanted: number) => all(from, wanted).map((value) => new TextDecoder().decode(value));
  return all(all(model, 7)[0]!, 1).map(
    (node) => `${texts(node, 3)}: ${texts(node, 4)}(${texts(node, 1).join(", ")}) -> ${texts(node, 2).join(", ")}`,
  );
}

describe("structure", () => {
  it("names nodes after layers, and leaves dropout out", () => {
    expect(nodeLines(bytes)).toEqual([
      "0/cast: Cast(images) -> 0/cast",
      "0/transpose: Transpose(0/cast) -> 0/transpose",
      "0/scaled: Mul(0/transpose, 0/scale) -> 0/scaled",
      "0: Add(0/scaled, 0/shift) -> 0",
      "1: Conv(0, 1.weight, 1.bias) -> 1",
      "2: MaxPool(1) -> 2",
      "3/pooled: GlobalAveragePool(2) -> 3/pooled",
      "3: Flatten(3/pooled) -> 3",
      "4: Gemm(3, 4.weight, 4.bias) -> 4",
      "logits: Identity(4) -> logits",
      "probabilities: Softmax(logits) -> probabilities",
    ]);
  });

  it("computes without stochastic depth, which its description tells", () => {
    const withDepth = (stochasticDepth: number) =>
      buildGraph({
        ...network,
        layers: [normalize(), residual([conv2d(3, 3)], [], { stochasticDepth }), globalAveragePool(), dense(2)],
      });
    const weights = exampleFor(withDepth(0), 1, "hard").parameters;
    const model = onnxModel(withDepth(0.5), weights, metadata);
    expect(nodeLines(model)).toEqual(nodeLines(onnxModel(withDepth(0), weights, metadata)));
    expect(nodeLines(model).join()).toContain("1: Add(1.body.0, 0) -> 1");
    expect(readMetadata(model).architecture).toEqual(withDepth(0.5).network);
  });

  it("gives the same bytes for the same model", () => {
    const again = onnxModel(buildGraph(network), new Map([...parameters].reverse()), { ...metadata });
    expect(Buffer.compare(bytes, again)).toBe(0);
  });

  it("changes with every weight", () => {
    for (const [name, tensor] of parameters) {
      const data = tensor.data.slice();
      data[data.length - 1]! += 1;
      const changed = onnxModel(graph, new Map([...parameters, [name, { ...tensor, data }]]), metadata);
      expect(Buffer.compare(bytes, changed), name).not.toBe(0);
    }
  });

  const folder = temporaryFolder();
  const python = "/usr/bin/python3";
  const missing = spawnSync(python, ["-c", "import onnx"]).status !== 0;

  it(missing ? "onnx.checker: needs Debian's python3-onnx" : "passes onnx.checker with shape inference", ({ skip }) => {
    if (missing) skip("no onnx for /usr/bin/python3");
    const graphs = [
      graph,
      ...smallNetworks.map((small) => buildGraph(small)),
      ...conformanceCases.map(({ name, input, layers }) => buildGraph({ name, input, layers })),
    ];
    const files = graphs.map((checked, index) => {
      const file = join(folder, `${index}.onnx`);
      const classes = Array.from({ length: checked.classes }, (_, label) => `class ${label}`);
      const example = exampleFor(checked, 1, "hard");
      writeFileSync(
        file,
        onnxModel(checked, example.parameters, { ...metadata, network: checked.network.name, classes }),
      );
      return file;
    });
    const script = [
      "import onnx, sys",
      "for file in sys.argv[1:]:",
      "    model = onnx.load(file)",
      "    onnx.checker.check_model(model, full_check=True)",
      "    assert model.opset_import[0].version == 17 and model.ir_version == 8",
      "print(len(sys.argv) - 1)",
    ].join("\n");
    expect(execFileSync(python, ["-c", script, ...files], { encoding: "utf8" }).trim()).toBe(String(graphs.length));
  });
});

describe("metadata", () => {
  const entry = (key: string, value: string) => bytesField(14, message(stringField(1, key), stringField(2, value)));
  const producer = stringField(2, "naevus");
  const body = bytesField(7, stringField(2, "graph"));

  it("can be read back", () => {
    const intendedUse = "research only, not a medical device";
    const stored = {
      ...metadata,
      geometry: "squash",
      resampling: "cubic",
      temperature: 1,
      imageHeight: 6,
      imageWidth: 6,
      intendedUse,
      architecture: network,
    };
    expect(readMetadata(bytes)).toEqual(stored);
    expect(readMetadata(onnxModel(graph, parameters, { ...metadata, origin: "phantom" }))).toEqual({
      ...stored,
      origin: "phantom",
    });
    expect(readMetadata(onnxModel(graph, parameters, { ...metadata, geometry: "fit" }))).toMatchObject({
      geometry: "fit",
    });
    expect(readMetadata(onnxModel(graph, parameters, { ...metadata, resampling: "linear" }))).toMatchObject({
      resampling: "linear",
    });
  });

  it("of a file from before there was a choice of resampling says cubic", () => {
    const size = [entry("imageHeight", "6"), entry("imageWidth", "6")];
    const before = message(body, producer, entry("classes", '["a"]'), ...size, entry("geometry", "fit"));
    expect(readMetadata(before)).toMatchObject({ geometry: "fit", resampling: "cubic" });
  });

  it("is refused where the file is cut off anywhere", () => {
    for (let length = 0; length < bytes.length; length += 13) {
      expect(() => readMetadata(bytes.subarray(0, length)), `${length} bytes`).toThrow(ModelError);
    }
  });

  it.each([
    ["text", new TextEncoder().encode("not a model"), /^no ONNX file/],
    ["no bytes", new Uint8Array(), /^no ONNX file: it holds no graph/],
    ["another message", message(intField(1, 8)), /^no ONNX file: it holds no graph/],
    ["a number as metadata", message(body, producer, intField(14, 1)), /^no ONNX file/],
    ["another producer", message(body, stringField(2, "pytorch")), /written by pytorch, not by naevus/],
    ["no producer", body, /written by an unknown program/],
    ["no class names", message(body, producer), /without class names/],
    ["class names that are no list", message(body, producer, entry("classes", '{"a":1}')), /without class names/],
    ["class names that are no JSON", message(body, producer, entry("classes", "a, b")), /without class names/],
    [
      "a resampling that is unknown",
      message(
        body,
        producer,
        entry("classes", '["a"]'),
        entry("imageHeight", "6"),
        entry("imageWidth", "6"),
        entry("resampling", "area"),
      ),
      /of resampling "area", which is unknown here/,
    ],
    ["no image size", message(body, producer, entry("classes", '["a"]')), /without the size of its images/],
  ])("refuses %s", (_, file, reason) => {
    expect(() => readMetadata(file)).toThrow(ModelError);
    expect(() => readMetadata(file)).toThrow(reason);
  });
});

describe("bad input", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses weights that are no finite numbers: %s", (value) => {
    const { shape } = parameters.get("4.bias")!;
    const bad = new Map([...parameters, ["4.bias", { shape, data: Float32Array.of(0, value) }]]);
    expect(() => onnxModel(graph, bad, metadata)).toThrow(
      new NetworkError("model.onnx: the parameter 4.bias holds what is no finite number; train again"),
    );
  });

  it("names the parameter that is missing", () => {
    const some = new Map([...parameters].filter(([name]) => name !== "4.bias"));
    expect(() => onnxModel(graph, some, metadata)).toThrow(
      new NetworkError("model.onnx: the parameter 4.bias is missing"),
    );
  });

  it("names the parameter of another shape", () => {
    const other = new Map([...parameters, ["4.bias", { shape: [3], data: new Float32Array(3) }]]);
    expect(() => onnxModel(graph, other, metadata)).toThrow(
      new NetworkError("model.onnx: parameter 4.bias: expected shape 2, got 3 with 3 values"),
    );
  });

  it("names the number of classes that was expected", () => {
    expect(() => onnxModel(graph, parameters, { ...metadata, classes: ["a", "b", "c"] })).toThrow(
      new NetworkError("model.onnx: expected 2 class names, got 3"),
    );
  });

  it("writes float64 parameters as float32", () => {
    const flat = buildGraph({
      name: "flat",
      input: { channels: 1, height: 1, width: 1 },
      layers: [flatten(), dense(1)],
    });
    const tensors = (data: Float32Array | Float64Array) =>
      new Map([
        ["1.weight", { shape: [1, 1], data }],
        ["1.bias", { shape: [1], data }],
      ]);
    const one = { ...metadata, classes: ["only"] };
    const fromDouble = onnxModel(flat, tensors(Float64Array.of(0.1)), one);
    expect(Buffer.compare(fromDouble, onnxModel(flat, tensors(Float32Array.of(0.1)), one))).toBe(0);
  });
});
