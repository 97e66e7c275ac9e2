/** A network of the user's own through the verbs of a run: given as data or as a function, kept whole, and never asked for again. */
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { NetworkError, SettingsError } from "../errors.ts";
import { type AugmentationPolicy, flip } from "../image/augmentation/policy.ts";
import { loadModel } from "../inference/model.ts";
import { imageInput } from "../network/architectures.ts";
import { conv2d, dense, globalAveragePool, type Network, normalize, relu } from "../network/layer.ts";
import type { NetworkFunction } from "../network/network-source.ts";
import { readMetadata } from "../onnx/model-metadata.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { crossValidate } from "./cross-validate.ts";
import { evaluate } from "./evaluate.ts";
import { readConfig } from "./folder/run-config.ts";
import { setTemperature } from "./models/set-temperature.ts";
import { resume } from "./resume.ts";
import { data, dataset, folder, model, run, settings, size, trainUntil } from "./testing/small-run.ts";
import { train } from "./train.ts";

/** Of a size of its own, unless another is asked for. */
const own: NetworkFunction = ({ classes, imageSize = 16 }) => ({
  name: "my net/1",
  input: imageInput(imageSize),
  layers: [normalize(), conv2d(4, 3, { stride: 2 }), relu(), globalAveragePool(), dense(classes)],
});
const classes = () => dataset.classes.length;
const asData = (imageSize = size) => own({ classes: classes(), imageSize }) as Network;
const trained = async (more: TrainSettings, at = run) => {
  await train(dataset, { ...settings, ...more, out: at });
  return readFile(join(at, "model.onnx"));
};

it("trains a network that is given as data or as a function to the same weights, and keeps it whole", async () => {
  const fromFunction = await trained({ network: own });
  const config = await readConfig(run);
  expect(config.settings.network).toEqual(asData());
  expect(config.resolved.imageSize).toBe(size);
  expect(readMetadata(fromFunction).network).toBe("my net/1");
  expect(await trained({ network: asData() }, `${run}-data`)).toEqual(fromFunction);
  // The setting goes before the size that the network has.
  expect(await trained({ network: asData(16) }, `${run}-other-size`)).toEqual(fromFunction);
  const { imageSize: _, ...ownSize } = settings;
  await train(dataset, { ...ownSize, network: own, epochs: 1, out: `${run}-own-size` });
  expect((await readConfig(`${run}-own-size`)).resolved.imageSize).toBe(16);
});

it("goes on with it to the same weights, and writes its model again", async () => {
  const expected = await trained({ network: own }, `${run}-whole`);
  await trainUntil(7, { network: own });
  await resume(run);
  expect(await model()).toEqual(expected);
  await setTemperature(run, 2);
  expect(readMetadata(await model()).temperature).toBe(2);
});

it("cross-validates it, and knows it again by what it holds", async () => {
  const out = join(folder, "folds");
  const short = { ...settings, epochs: 1, out };
  const { evaluation } = await crossValidate(data, { ...short, network: own }, { folds: 2 });
  expect((await crossValidate(data, { ...short, network: asData() }, { folds: 2 })).evaluation).toEqual(evaluation);
  const wider: NetworkFunction = (options) => ({ ...(own(options) as Network), input: imageInput(12) });
  const other = crossValidate(data, { ...short, network: wider }, { folds: 2 });
  await expect(other).rejects.toThrow("begun with network my net/1; give the same settings to go on");
});

it("goes on from its model in folds, and again once that is gone, with entries that have no value as with none", async () => {
  const others = join(folder, "other-images");
  await writePhantomDataset(others, { images: 48, size, seed: 9 });
  const from = join(folder, "parent");
  await trained({ network: own, resampling: "linear" }, from);
  const { imageSize: _, ...short } = { ...settings, epochs: 1, from, out: join(folder, "folds-from") };
  const none = { network: undefined, imageSize: undefined, geometry: undefined, resampling: undefined };
  const { evaluation } = await crossValidate(others, { ...short, ...none }, { folds: 2 });
  expect((await crossValidate(others, { ...short, ...none }, { folds: 2 })).evaluation).toEqual(evaluation);
  await rm(from, { recursive: true });
  expect((await crossValidate(others, { ...short, ...none }, { folds: 2 })).evaluation).toEqual(evaluation);
});

it("trains a network of one channel on luminance, and judges by the model file", async () => {
  const grey: NetworkFunction = ({ classes, imageSize = size }) => ({
    name: "grey",
    input: imageInput(imageSize, 1),
    layers: [normalize([0.5], [0.25]), conv2d(4, 3), relu(), globalAveragePool(), dense(classes)],
  });
  await trained({ network: grey });
  expect((await readConfig(run)).settings.network).toMatchObject({ input: { channels: 1, height: size, width: size } });
  // Whoever runs the file gives it colours.
  const colours = Uint8Array.from({ length: 3 * size * size }, (_, i) => (i * 89) % 256);
  const greys = colours.map((_, i) => {
    const pixel = i - (i % 3);
    return Math.round(0.299 * colours[pixel]! + 0.587 * colours[pixel + 1]! + 0.114 * colours[pixel + 2]!);
  });
  const loaded = await loadModel(join(run, "model.onnx"));
  const probabilities = await loaded.probabilities(Uint8Array.of(...colours, ...greys), 2);
  await loaded.dispose();
  const half = probabilities.length / 2;
  for (let c = 0; c < half; c++) expect(probabilities[half + c]).toBeCloseTo(probabilities[c]!, 2);
  expect(probabilities.subarray(half)).not.toEqual(probabilities.subarray(0, half));
  expect((await evaluate(run, dataset, { cache: join(folder, "cache") })).samples).toBeGreaterThan(0);
});

it("takes an augmentation policy as data", async () => {
  const augmentation: AugmentationPolicy = { fill: "edge", steps: [flip({ vertical: 0 })] };
  const expected = await trained({ augmentation }, `${run}-whole`);
  await trainUntil(7, { augmentation });
  await resume(run);
  expect(await model()).toEqual(expected);
  expect((await readConfig(run)).settings.augmentation).toEqual(augmentation);
  expect(await trained({}, `${run}-plain`)).not.toEqual(expected);
});

it.each<[string, NetworkFunction, string]>([
  [
    "gives other classes",
    (options) => own({ ...options, classes: 3 }),
    'network "my net/1": its last layer gives 3 logits, and the data have ',
  ],
  [
    "is no network",
    () => ({}) as Network,
    "settings: network: layers: expected a list of at least one layer, got nothing",
  ],
])("refuses a network that %s before it opens an image", async (_, network, message) => {
  let packed = 0;
  const onEvent = ({ kind }: { readonly kind: string }) => void (kind === "packing" && packed++);
  const training = train(dataset, { ...settings, network, out: run }, { onEvent });
  await expect(training).rejects.toThrow(message);
  const error = await training.catch((reason: unknown) => reason);
  expect(error instanceof NetworkError || error instanceof SettingsError).toBe(true);
  expect(packed).toBe(0);
});

it("lets a function's error through, and checks the other settings before it calls it", async () => {
  const failing = () => {
    throw new TypeError("mine");
  };
  await expect(train(dataset, { ...settings, network: failing, out: run })).rejects.toThrow(new TypeError("mine"));
  let calls = 0;
  const counted: NetworkFunction = (options) => {
    calls++;
    return own(options);
  };
  const wrong = train(dataset, { ...settings, network: counted, patience: 2, out: run });
  await expect(wrong).rejects.toThrow("patience: needs validation images");
  expect(calls).toBe(0);
  // Which only the network itself can tell.
  const skipping = train(dataset, { ...settings, network: counted, stochasticDepth: 0.2, out: run });
  await expect(skipping).rejects.toThrow("the network my net/1 has none");
});

it("names a run's folder so that every system takes it", async () => {
  const place = process.cwd();
  try {
    process.chdir(folder);
    const { run: made } = await train(dataset, { ...settings, epochs: 1, network: own });
    expect(basename(made)).toMatch(/^my-net-1-\d{8}-\d{6}$/);
  } finally {
    process.chdir(place);
  }
});
