/** A model file read back: the same network and weights, and a sentence for every file that is none. */
import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { bytesField, intField, message, readFields, stringField } from "../formats/protobuf.ts";
import { networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { dense, flatten, type Network, normalize } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import type { Tensor } from "../tensor.ts";
import { withChecksum } from "./checksum.ts";
import { readMetadata } from "./model-metadata.ts";
import { type ModelMetadata, onnxModel } from "./onnx-model.ts";
import { readStoredModel } from "./stored-model.ts";

const network = networks.notebook({ classes: 2, imageSize: 8 });
const graph = buildGraph(network);
const parameters = initialParameters(graph.parameters, Random.of(3));
const metadata: ModelMetadata = {
  classes: ["naevus", "melanoma"],
  network: network.name,
  dataFingerprint: "0123abcd",
  version: "1.2.3",
  temperature: 2,
};
const bytes = onnxModel(graph, parameters, metadata);

/** The file with one field of its graph rewritten, and a checksum that fits. */
function changed(rewrite: (field: number, value: Uint8Array) => Uint8Array): Uint8Array {
  const fields = [...readFields(bytes)].slice(0, -1);
  return withChecksum(
    message(
      ...fields.map(({ field, value }) => {
        if (typeof value === "bigint") return intField(field, value);
        if (field !== 7) return bytesField(field, value);
        const inside = [...readFields(value)].map((one) => rewrite(one.field, one.value as Uint8Array));
        return bytesField(7, message(...inside));
      }),
    ),
  );
}

/** The file as versions wrote it that did not store the network, or with another text in its place. */
function withArchitecture(file: Uint8Array, json?: string): Uint8Array {
  const entry = (key: string, value: string) => bytesField(14, message(stringField(1, key), stringField(2, value)));
  const fields = [...readFields(file)].slice(0, -1).flatMap(({ field, value }) => {
    if (typeof value === "bigint") return [intField(field, value)];
    const isOwn = field === 14 && new TextDecoder().decode(value).includes("architecture");
    if (!isOwn) return [bytesField(field, value)];
    return json === undefined ? [] : [entry("architecture", json)];
  });
  return withChecksum(message(...fields));
}

const tensor = (name: string, shape: readonly number[], raw: Uint8Array, type = 1) =>
  bytesField(
    5,
    message(...shape.map((size) => intField(1, size)), intField(2, type), stringField(8, name), bytesField(9, raw)),
  );

const nameOf = (initializer: Uint8Array): string =>
  new TextDecoder().decode([...readFields(initializer)].find(({ field }) => field === 8)!.value as Uint8Array);

/** In place of the last layer's bias. */
const instead = (...fields: readonly Uint8Array[]) =>
  changed((field, value) =>
    field === 5 && nameOf(value) === "13.bias" ? message(...fields) : bytesField(field, value),
  );

it("gives the network and the weights that were written, bit for bit", () => {
  const stored = readStoredModel(bytes);
  expect(stored.network).toEqual(network);
  expect(stored.metadata.classes).toEqual(metadata.classes);
  const plain = (tensors: ReadonlyMap<string, Tensor>) =>
    [...tensors].map(([name, { shape, data }]) => [name, shape, data]);
  expect(plain(stored.parameters)).toEqual(plain(parameters));
});

it("gives a network of one's own, which the file describes, whole", () => {
  const own: Network = { ...network, name: "mine", frozen: 1, layers: [normalize(), flatten(), dense(2)] };
  const ofOwn = buildGraph(own);
  const file = onnxModel(ofOwn, initialParameters(ofOwn.parameters, Random.of(0)), { ...metadata, network: "mine" });
  expect(readStoredModel(file).network).toEqual(own);
  expect(readMetadata(file).architecture).toEqual(own);
});

it("reads a file that does not describe its network by the network's name", () => {
  const older = withArchitecture(bytes);
  expect(readMetadata(older)).not.toHaveProperty("architecture");
  expect(readStoredModel(older).network).toEqual(network);
});

it("does not describe a network that reads no images, and writes it as before", () => {
  const input = { channels: 2, height: 2, width: 2 };
  const maps = buildGraph({ name: "maps", input, layers: [flatten(), dense(2)] });
  const file = onnxModel(maps, initialParameters(maps.parameters, Random.of(0)), metadata);
  expect(readMetadata(file)).not.toHaveProperty("architecture");
});

describe("refuses", () => {
  it("a file that is cut off or has another byte anywhere", () => {
    for (let length = 0; length < bytes.length; length += 65_537) {
      expect(() => readStoredModel(bytes.subarray(0, length)), `${length} bytes`).toThrow(ModelError);
    }
    const one = bytes.slice();
    one[bytes.length >> 1]! ^= 1;
    expect(() => readStoredModel(one)).toThrow("its checksum does not fit its content");
  });

  it("a network that is neither described nor known", () => {
    for (const name of ["vgg", "__proto__", "constructor"]) {
      const other = withArchitecture(onnxModel(graph, parameters, { ...metadata, network: name }));
      expect(() => readStoredModel(other)).toThrow(`a model of a network "${name}" that the file does not describe`);
    }
  });

  it("weights of another network", () => {
    const other = withArchitecture(onnxModel(graph, parameters, { ...metadata, network: "resnet18-w32" }));
    expect(() => readStoredModel(other)).toThrow(
      'weights are not those of its network "resnet18-w32": expected 1.weight of shape 32x3x3x3, got 16x3x3x3',
    );
  });

  it("a network that cannot be built", () => {
    const small = buildGraph({
      ...network,
      input: { channels: 3, height: 4, width: 4 },
      layers: [normalize(), flatten(), dense(2)],
    });
    const other = withArchitecture(onnxModel(small, initialParameters(small.parameters, Random.of(0)), metadata));
    expect(() => readStoredModel(other)).toThrow(
      'a model whose network cannot be built: network "notebook": layers[9]',
    );
  });

  it.each([
    ["", "no valid JSON: line 1, column 1: expected a value, got the end"],
    ['{"layers": [{"kind": "mystery"}]}', 'layers[0]: unknown layer "mystery"'],
    [`{"layers": ${"[".repeat(10_000)}`, "no valid JSON"],
  ])("a network's JSON that is none: %.30s", (json, reason) => {
    const other = withArchitecture(bytes, json);
    expect(() => readMetadata(other)).toThrow(ModelError);
    expect(() => readMetadata(other)).toThrow(
      `an ONNX file whose network cannot be read, damaged or of a later version of naevus: ${reason}`,
    );
  });

  it.each([
    ["a weight that is missing", instead(), "expected 13.bias of shape 2, got none"],
    ["a weight of another shape", instead(tensor("13.bias", [1], new Uint8Array(4))), "13.bias of shape 2, got 1"],
    ["a weight twice", instead(...Array(2).fill(tensor("13.bias", [2], new Uint8Array(8)))), 'two tensors "13.bias"'],
    [
      "a weight too many",
      instead(tensor("13.bias", [2], new Uint8Array(8)), tensor("14.bias", [2], new Uint8Array(8))),
      "it has no parameter 14.bias",
    ],
    ["too few bytes", instead(tensor("13.bias", [2], new Uint8Array(4))), "of shape 2 has 4 bytes of values"],
    ["absurd sizes", instead(tensor("13.bias", [2 ** 40, 2 ** 40], new Uint8Array(8))), "has 8 bytes of values"],
    ["another type", instead(tensor("13.bias", [2], new Uint8Array(8), 2)), '"13.bias" is not float32'],
    [
      "no finite number",
      instead(tensor("13.bias", [2], new Uint8Array(Float32Array.of(0, Number.NaN).buffer))),
      "13.bias holds what is no finite number",
    ],
    ["a number for a tensor", instead(intField(5, 1)), "fields that naevus does not write"],
  ])("%s", (_, file, reason) => {
    expect(() => readStoredModel(file)).toThrow(ModelError);
    expect(() => readStoredModel(file)).toThrow(reason);
  });
});
