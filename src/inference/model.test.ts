/** Loading a model file, judging images with it, and the errors of both. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exampleFor } from "../engine/testing/conformance-cases.ts";
import { ModelError } from "../errors.ts";
import { bytesField, intField, message, stringField } from "../formats/protobuf.ts";
import { buildGraph } from "../network/graph.ts";
import { conv2d, dense, flatten, type Layer, maxPool, normalize, relu } from "../network/layer.ts";
import { withChecksum } from "../onnx/checksum.ts";
import { onnxModel } from "../onnx/onnx-model.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { loadModel } from "./model.ts";

const folder = temporaryFolder();

const SIZE = 8;
const classes = ["a", "b", "c"];

function modelBytes(
  layers: readonly Layer[],
  input = { channels: 3, height: SIZE, width: SIZE },
  scale = 1,
): Uint8Array {
  const graph = buildGraph({ name: "small", input, layers });
  const { parameters } = exampleFor(graph, 1, "hard");
  for (const { data } of parameters.values()) for (let i = 0; i < data.length; i++) data[i]! *= scale;
  return onnxModel(graph, parameters, { classes, network: "small", dataFingerprint: "0123", version: "1.2.3" });
}

const head = [flatten(), dense(classes.length)];
const small = [normalize(), conv2d(4, 3), relu(), maxPool(2), ...head];

function write(name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const modelFile = write("model.onnx", modelBytes(small));

const randomImages = (count: number): Uint8Array =>
  exampleFor(buildGraph({ name: "x", input: { channels: 3, height: SIZE, width: SIZE }, layers: small }), count, "hard")
    .input as Uint8Array;

it("refuses to judge where finite weights give probabilities that are none", async () => {
  const model = await loadModel(write("astray.onnx", modelBytes(small, undefined, 1e25)), { threads: 1 });
  await expect(model.probabilities(randomImages(3), 3)).rejects.toThrow(/probabilities that are no numbers/);
  await model.dispose();
});

describe("loadModel", () => {
  it("tells what the model says about itself", async () => {
    const model = await loadModel(modelFile, { threads: 1 });
    expect(model.classes).toEqual(classes);
    expect(model.imageSize).toEqual([SIZE, SIZE]);
    expect(model.metadata).toMatchObject({ network: "small", dataFingerprint: "0123", version: "1.2.3" });
    expect(model.metadata.intendedUse).toBe("research only, not a medical device");
    await model.dispose();
  });

  it("says so where there is no such file", async () => {
    const file = join(folder, "missing.onnx");
    await expect(loadModel(file)).rejects.toThrow(
      new ModelError(`${file}: no such file; expected the model.onnx of a run`),
    );
  });

  it("says so where the path is a folder", async () => {
    await expect(loadModel(folder)).rejects.toThrow(/: a folder, not a file; expected the model.onnx of a run/);
  });

  const damaged = modelBytes(small);
  // Within the graph, where only the runtime reads: the first operator's name.
  damaged.set(new TextEncoder().encode("Cost"), Buffer.from(damaged).indexOf("Cast"));
  const otherWeight = modelBytes(small);
  const name = Buffer.from(otherWeight).lastIndexOf("1.weight");
  otherWeight[name + 100]! ^= 0x40;
  // Fields of a message may come in parts: this one adds a tensor to the graph, whose values stand in a file of the working folder.
  const [dataType, tensorName, external, location] = [2, 8, 13, 14];
  const entry = (key: string, value: string) =>
    bytesField(external, message(stringField(1, key), stringField(2, value)));
  const tensor = message(
    ...[intField(1, 1), intField(dataType, 1), stringField(tensorName, "w")],
    ...[entry("location", "package.json"), entry("length", "4"), intField(location, 1)],
  );
  const naming = message(modelBytes(small), bytesField(7, bytesField(5, tensor)));
  it.each([
    ["text", new TextEncoder().encode("not a model at all"), /no ONNX file/],
    ["an empty file", new Uint8Array(), /no ONNX file/],
    ["half a file", modelBytes(small).subarray(0, 500), /no ONNX file, or one that is cut off/],
    ["another weight", otherWeight, /a damaged model, .*: its checksum does not fit its content/],
    ["a tensor in another file", withChecksum(naming), /fields that naevus does not write, such as tensors kept/],
    [
      "an unknown operator",
      withChecksum(damaged),
      /a damaged model, or one that ONNX Runtime [\d.]+ is too old for: .*Cost/,
    ],
    ["a model for floats", modelBytes([conv2d(4, 3), ...head]), /a model that reads float32, not images of bytes/],
    [
      "a model for images of two channels",
      modelBytes([normalize([0, 0]), ...head], { channels: 2, height: SIZE, width: SIZE }),
      /a model for 8x8x2 bytes whose metadata say 8x8 pixels of 3/,
    ],
  ])("refuses %s and names the file", async (_, bytes, reason) => {
    const file = write("other.onnx", bytes);
    const loading = loadModel(file, { threads: 1 });
    await expect(loading).rejects.toThrow(ModelError);
    await expect(loading).rejects.toThrow(reason);
    await expect(loading).rejects.toThrow(file);
  });
});

describe("probabilities", () => {
  it("are those of images that are no squares", async () => {
    const model = await loadModel(write("oblong.onnx", modelBytes(small, { channels: 3, height: SIZE, width: 6 })));
    expect(model.imageSize).toEqual([SIZE, 6]);
    const images = randomImages(2).subarray(0, 2 * SIZE * 6 * 3);
    const together = await model.probabilities(images, 2);
    const alone = await model.probabilities(images.subarray(SIZE * 6 * 3), 1);
    expect([...alone]).toEqual([...together.subarray(classes.length)]);
    await expect(model.probabilities(images, 1)).rejects.toThrow(/expected 1 images of 8x6x3 bytes = 144, got 288/);
    await model.dispose();
  });

  it("gives every image what it gives it alone, over several batches", async () => {
    const model = await loadModel(modelFile, { threads: 1 });
    const count = 71;
    const images = randomImages(count);
    const together = await model.probabilities(images, count);
    expect(together).toHaveLength(count * classes.length);
    const imageBytes = images.length / count;
    for (const image of [0, 31, 32, 63, 64, 70]) {
      const alone = await model.probabilities(images.subarray(image * imageBytes, (image + 1) * imageBytes), 1);
      alone.forEach((value, label) => {
        expect(together[image * classes.length + label]).toBeCloseTo(value, 6);
      });
      expect(alone.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
    const different = new Set(Array.from(together, (value) => value.toFixed(5)));
    expect(different.size).toBeGreaterThan(count);
    await model.dispose();
  });

  it("are those of logits divided by the temperature", async () => {
    const at = async (temperature: number) => {
      const graph = buildGraph({ name: "tempered", input: { channels: 3, height: SIZE, width: SIZE }, layers: small });
      const { parameters } = exampleFor(graph, 1, "hard");
      const bytes = onnxModel(graph, parameters, {
        classes,
        network: "tempered",
        dataFingerprint: "",
        version: "1",
        temperature,
      });
      const model = await loadModel(write(`tempered-${temperature}.onnx`, bytes), { threads: 1 });
      expect(model.metadata.temperature).toBe(temperature);
      const row = await model.probabilities(randomImages(1), 1);
      await model.dispose();
      return row;
    };
    const [plain, tempered] = [await at(1), await at(2.5)];
    const ratio = (row: Float32Array) => Math.log(row[0]! / row[1]!);
    expect(Math.abs(ratio(plain))).toBeGreaterThan(1e-4);
    expect(ratio(tempered)).toBeCloseTo(ratio(plain) / 2.5, 5);
  });

  it("gives nothing for no images", async () => {
    const model = await loadModel(modelFile, { threads: 1 });
    expect(await model.probabilities(new Uint8Array(), 0)).toHaveLength(0);
    await model.dispose();
  });

  it("refuses bytes that are not that many images", async () => {
    const model = await loadModel(modelFile, { threads: 1 });
    await expect(model.probabilities(new Uint8Array(100), 1)).rejects.toThrow(
      new ModelError("expected 1 images of 8x8x3 bytes = 192, got 100"),
    );
    await expect(model.probabilities(new Uint8Array(96), 0.5)).rejects.toThrow(ModelError);
    await model.dispose();
  });
});

describe("dispose", () => {
  it("can be called twice, and ends the use of the model", async () => {
    const model = await loadModel(modelFile, { threads: 1 });
    await model.dispose();
    await model.dispose();
    await expect(model.probabilities(randomImages(1), 1)).rejects.toThrow(/was disposed of; load it again/);
  });

  it("lets the batch that is under way finish", async () => {
    const model = await loadModel(modelFile, { threads: 1 });
    const running = model.probabilities(randomImages(2), 2);
    await model.dispose();
    expect(await running).toHaveLength(2 * classes.length);
  });
});
