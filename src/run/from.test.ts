/** A training that goes on from another model: which weights it begins with, that it never needs that model again, and what it refuses. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { ModelError, NaevusError, NetworkError, RunError, SettingsError } from "../errors.ts";
import { readDataset } from "../image/read-dataset.ts";
import { networks } from "../network/architectures.ts";
import { buildGraph } from "../network/graph.ts";
import { conv2d, dense, globalAveragePool, normalize, relu } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { readMetadata } from "../onnx/model-metadata.ts";
import { readStoredModel } from "../onnx/stored-model.ts";
import { Random } from "../random.ts";
import type { Tensors } from "../tensor.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { readInitialWeights } from "./folder/initial-weights.ts";
import { readConfig } from "./folder/run-config.ts";
import { resume } from "./resume.ts";
import type { RunEvent } from "./run-events.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
/** The network's last layer. */
const head = "13";
let others: Dataset;
let parentRun: string;
let settings: TrainSettings;
/** Four classes of other images. */
let dataset: Dataset;
let run: string;
let runs = 0;

beforeAll(async () => {
  const data = join(folder, "parent-data");
  await writePhantomDataset(data, { images: 48, size: 8, seed: 1 });
  others = await readDataset(data);
  const own = join(folder, "data");
  await writePhantomDataset(own, { images: 90, size: 8, seed: 2 });
  for (const part of ["Train", "Test"]) {
    for (const name of others.classes.slice(4)) await rm(join(own, part, name), { recursive: true, force: true });
  }
  dataset = await readDataset(own);
  settings = { engine: "reference", batch: 4, epochs: 2, seed: 5, cache: join(folder, "cache") };
  parentRun = join(folder, "parent");
  await train(others, { ...settings, imageSize: 8, resampling: "linear", epochs: 1, out: parentRun });
});
beforeEach(() => {
  run = join(folder, `run${++runs}`);
});

const weightsOf = async (at: string) => readStoredModel(await readFile(join(at, "model.onnx"))).parameters;
const plain = (tensors: Tensors, ...names: readonly string[]) =>
  [...tensors]
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([name, { data }]) => [name, [...data]]);
/** The weights with which a training began. */
async function beginning(data: Dataset, more: TrainSettings): Promise<Tensors> {
  const { run: made } = await train(data, { ...settings, epochs: 1, out: run, from: parentRun, ...more });
  return readInitialWeights(made, (await readConfig(made)).from!);
}
const headNames = [`${head}.weight`, `${head}.bias`];

async function trainUntil(step: number, more: TrainSettings): Promise<void> {
  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === "step" && ++steps === step) stop.abort();
  };
  const { finished } = await train(dataset, { ...settings, out: run, ...more }, { signal: stop.signal, onEvent });
  expect(finished).toBe(false);
}

it("goes on with every layer where the classes are the same, with the model's network, image size and resampling", async () => {
  expect(plain(await beginning(others, {}))).toEqual(plain(await weightsOf(parentRun)));
  const { settings: own, from, resolved } = await readConfig(run);
  expect(own).toMatchObject({ network: "notebook", imageSize: 8, resampling: "linear", freeze: 0 });
  expect(resolved.imageSize).toBe(8);
  expect(from).toMatchObject({ ancestors: [{ network: "notebook", classes: others.classes }] });
  expect(from!.newLayer).toBeUndefined();
});

it("begins the last layer anew, by the seed, where the classes are others or in another order", async () => {
  const begun = await beginning(dataset, {});
  const graph = buildGraph(networks.notebook({ classes: 4, imageSize: 8 }));
  const drawn = initialParameters(graph.parameters, Random.of(5));
  expect(plain(begun, ...headNames)).toEqual(plain(drawn, ...headNames));
  const body = [...begun.keys()].filter((name) => !headNames.includes(name));
  expect(plain(begun, ...body)).toEqual(plain(await weightsOf(parentRun), ...body));
  expect((await readConfig(run)).from!.newLayer).toBe(head);

  const classes = others.classes.toReversed();
  const images = others.images.map((image) => ({ ...image, label: classes.length - 1 - image.label }));
  const reversed = await beginning({ ...others, classes, images }, { out: `${run}-reversed`, seed: 6 });
  expect(plain(reversed, ...headNames)).not.toEqual(plain(await weightsOf(parentRun), ...headNames));
});

it("leaves frozen layers as they are, bit for bit, and trains the others", async () => {
  await train(dataset, { ...settings, from: parentRun, freeze: 5, out: run });
  const [before, after] = [await weightsOf(parentRun), await weightsOf(run)];
  const frozen = ["1.weight", "1.bias", "4.weight", "4.bias"];
  expect(plain(after, ...frozen)).toEqual(plain(before, ...frozen));
  for (const name of ["7.weight", "11.weight"]) expect(plain(after, name)).not.toEqual(plain(before, name));
  // The next one trains all layers, unless it freezes some itself.
  await train(dataset, { ...settings, from: run, out: `${run}-next` });
  expect(plain(await weightsOf(`${run}-next`), "1.weight")).not.toEqual(plain(before, "1.weight"));
});

it("comes to the same weights after a kill at any moment, without its checkpoint, and without the model that it went on from", async () => {
  const parent = join(folder, "parent-copy");
  await cp(parentRun, parent, { recursive: true });
  const more = { from: parent, freeze: 2, averaging: 0.5 };
  await train(dataset, { ...settings, ...more, out: `${run}-whole` });
  const expected = await readFile(join(`${run}-whole`, "model.onnx"));
  const whole = run;
  for (const [i, step] of [1, 3, 7].entries()) {
    run = `${whole}-${i}`;
    await trainUntil(step, more);
    if (i === 1) await rm(join(run, "checkpoint.safetensors"));
    if (i === 2) await rm(parent, { recursive: true });
    // As on another machine.
    if (i === 0) await rm(join(run, "local.json"));
    await resume(run, { dataset });
    expect(await readFile(join(run, "model.onnx"))).toEqual(expected);
  }
});

it("takes a model file, and a network of one's own with another last layer", async () => {
  const layers = (units: number) => [normalize(), conv2d(4, 3), relu(), globalAveragePool(), dense(units)];
  const network = (units: number, filters = 4) => ({
    name: "mine",
    input: { channels: 3, height: 8, width: 8 },
    layers: layers(units).with(1, conv2d(filters, 3)),
  });
  await train(others, { ...settings, epochs: 1, network: network(others.classes.length), out: `${run}-parent` });
  const from = join(`${run}-parent`, "model.onnx");
  await train(dataset, { ...settings, epochs: 1, from, out: run });
  expect((await readConfig(run)).settings.network).toEqual(network(4));
  await train(dataset, { ...settings, epochs: 1, from, network: network(4), imageSize: 10, out: `${run}-given` });
  expect((await readConfig(`${run}-given`)).resolved.imageSize).toBe(10);
  const other = train(dataset, { ...settings, from, network: network(4, 5), out: `${run}-other` });
  await expect(other).rejects.toThrow(
    `${from}: its network differs from "mine" at layers[1]: conv2d (weight 4x3x3x3, bias 4) there, conv2d (weight 5x3x3x3, bias 5) here`,
  );
});

it("takes a network that naevus knows by its name, and leaves stochastic depth to each training", async () => {
  const small = { ...settings, epochs: 1, batch: 32 };
  await train(others, { ...small, network: "resnet18-w32", imageSize: 8, stochasticDepth: 0.2, out: `${run}-parent` });
  await train(dataset, { ...small, from: `${run}-parent`, imageSize: 12, out: run });
  expect((await readConfig(run)).settings).toMatchObject({
    network: "resnet18-w32",
    stochasticDepth: 0,
    imageSize: 12,
  });
});

it("keeps the models before it, nearest first, in a chain of three", async () => {
  await train(others, { ...settings, epochs: 1, from: parentRun, out: `${run}-second` });
  await train(dataset, { ...settings, epochs: 1, from: `${run}-second`, out: run });
  const [first, second, third] = await Promise.all([parentRun, `${run}-second`, run].map(readConfig));
  const { from } = third!;
  expect(from!.ancestors.map(({ dataFingerprint }) => dataFingerprint)).toEqual([
    second!.data.fingerprint,
    first!.data.fingerprint,
  ]);
  const { ancestors, learnedImages } = readMetadata(await readFile(join(run, "model.onnx")));
  const trained = ancestors!.map(({ learned }) => learned!.counts.train);
  expect(trained).toEqual([second!.data.train, first!.data.train]);
  expect(learnedImages!.counts.train).toBe(third!.data.train);
});

it("goes on in a folder where one was stopped before its config.json", async () => {
  await trainUntil(1, { from: parentRun });
  for (const name of ["config.json", "checkpoint.safetensors", "metrics.jsonl"])
    await rm(join(run, name), { force: true });
  await train(dataset, { ...settings, epochs: 1, from: parentRun, out: run });
});

describe("refuses", () => {
  const refusal = async (more: TrainSettings): Promise<NaevusError> => {
    const error: unknown = await train(dataset, { ...settings, from: parentRun, out: run, ...more }).catch((e) => e);
    expect(error).toBeInstanceOf(NaevusError);
    return error as NaevusError;
  };

  it.each<[string, TrainSettings, new (message: string) => Error, string]>([
    ["another geometry", { geometry: "fit" }, SettingsError, "was trained with squash, and the settings say fit"],
    [
      "another resampling",
      { resampling: "cubic" },
      SettingsError,
      "was trained with linear, and the settings say cubic",
    ],
    ["another network", { network: "resnet18-w32" }, NetworkError, "at layers[0]: normalize there, normalize here"],
    [
      "an image size that a dense layer does not allow",
      { imageSize: 16 },
      NetworkError,
      "at layers[11]: dense (weight 128x64, bias 128) there, dense (weight 128x256, bias 128) here",
    ],
    ["to freeze all layers", { freeze: 14 }, SettingsError, "freeze: expected at most 13"],
    ["to freeze random weights", { freeze: 1, from: undefined }, SettingsError, "freeze: keeps the weights that"],
    ["no model", { from: "nowhere" }, RunError, "no run there"],
    ["stochastic depth of a network without residual layers", { stochasticDepth: 0.5 }, SettingsError, "has none"],
  ])("%s", async (_, more, kind, message) => {
    const error = await refusal(more);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
  });

  it("a damaged model, and one of another program", async () => {
    const bytes = await readFile(join(parentRun, "model.onnx"));
    const file = join(folder, "damaged.onnx");
    for (const [content, message] of [
      [bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1), "its checksum does not fit"],
      [bytes.subarray(0, 1000), "no ONNX file, or one that is cut off"],
      [Buffer.from("text"), "no ONNX file"],
    ] as const) {
      await writeFile(file, content);
      const error = await refusal({ from: file });
      expect(error).toBeInstanceOf(ModelError);
      expect(error.message).toContain(`${file}: `);
      expect(error.message).toContain(message);
    }
  });

  it("to resume where what the run began with is damaged or gone", async () => {
    await trainUntil(1, { from: parentRun });
    await rm(join(run, "checkpoint.safetensors"));
    const file = join(run, "initial.safetensors");
    const bytes = await readFile(file);
    await writeFile(file, bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1));
    await expect(resume(run)).rejects.toThrow("it does not hold the weights that the run was begun with");
    await rm(file);
    await expect(resume(run)).rejects.toThrow(`${file}: `);
    await writeFile(file, bytes);
    const lineage = join(run, "lineage.json");
    const text = await readFile(lineage, "utf8");
    await writeFile(lineage, text.replace("notebook", "notebuch"));
    await expect(resume(run)).rejects.toThrow(`${lineage}: damaged`);
    await writeFile(lineage, text);
    expect((await resume(run)).finished).toBe(true);
  });
});
