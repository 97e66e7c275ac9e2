/** Runs that keep some training images for validation: early stopping, averaged weights and the temperature, also after a stop. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { headLines } from "../cli/terminal/progress.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { SettingsError } from "../errors.ts";
import { readDataset } from "../image/read-dataset.ts";
import { loadModel } from "../inference/model.ts";
import { dense, flatten, type Network, normalize } from "../network/layer.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { validationPart, warningOfUnvalidated } from "./data/validation-part.ts";
import { readConfig } from "./folder/run-config.ts";
import { type RunImage, readRunImages } from "./folder/run-images.ts";
import { resume } from "./resume.ts";
import type { RunEvent } from "./run-events.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
let dataset: Dataset;
let settings: SettingsInput;

beforeAll(async () => {
  await writePhantomDataset(join(folder, "data"), { images: 60, size: 16, seed: 1 });
  dataset = await readDataset(join(folder, "data"));
  settings = {
    engine: "reference",
    imageSize: 8,
    batch: 8,
    seed: 3,
    cache: join(folder, "cache"),
    validation: 0.25,
    averaging: 0.9,
  };
});

const modelOf = (run: string): Promise<Buffer> => readFile(join(run, "model.onnx"));
const metricsOf = async (run: string) =>
  (await readFile(join(run, "metrics.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

it("ends where the validation loss no longer falls, keeps the best epoch, and writes the temperature", async () => {
  const run = join(folder, "stopping");
  const { finished, epochs } = await train(dataset, {
    ...settings,
    epochs: 60,
    patience: 2,
    learningRate: 0.02,
    out: run,
  });
  const losses = (await metricsOf(run)).map(({ validationLoss }) => validationLoss as number);
  expect(finished).toBe(true);
  expect(epochs).toBe(losses.length);
  expect(epochs).toBeLessThan(60);
  expect(losses.indexOf(Math.min(...losses))).toBe(epochs - 3);
  const model = await loadModel(join(run, "model.onnx"));
  expect(model.metadata.temperature).not.toBe(1);
  await model.dispose();
});

it("keeps the last epoch where that is asked for, also after a stop", async () => {
  const [best, last, stopped] = ["best", "last", "stopped last"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const network: Network = {
    name: "linear",
    input: { channels: 3, height: 8, width: 8 },
    layers: [normalize(), flatten(), dense(dataset.classes.length)],
  };
  // The rate has fallen to nothing when the last epoch begins anew with a high one, which spoils what was learned.
  const restarting: SettingsInput = {
    ...settings,
    network,
    averaging: 0,
    epochs: 12,
    learningRate: 0.5,
    warmupEpochs: 0,
    schedule: "warmRestarts",
    cycleEpochs: 11,
    cycleFactor: 1,
  };
  await train(dataset, { ...restarting, out: best });
  await train(dataset, { ...restarting, keep: "last", out: last });
  const losses = (await metricsOf(last)).map(({ validationLoss }) => validationLoss as number);
  // The two are trained alike, and the last epoch is not the best one.
  expect((await metricsOf(best)).map(({ validationLoss }) => validationLoss)).toEqual(losses);
  expect(Math.min(...losses)).toBeLessThan(losses.at(-1)!);
  expect((await modelOf(last)).equals(await modelOf(best))).toBe(false);

  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === "step" && ++steps === 14) stop.abort();
  };
  await train(dataset, { ...restarting, keep: "last", out: stopped }, { signal: stop.signal, onEvent });
  await resume(stopped);
  const weights = async (run: string) => (await readFile(join(run, "checkpoint.safetensors"))).length;
  expect(await metricsOf(stopped)).toHaveLength(12);
  expect((await metricsOf(stopped)).map(({ validationLoss }) => validationLoss)).toEqual(losses);
  expect(await weights(stopped)).toBeLessThan(await weights(best));
});

it("comes to the same model when it was stopped, averages and best weights included", async () => {
  const whole = join(folder, "whole");
  const stopped = join(folder, "stopped");
  const three: SettingsInput = { ...settings, epochs: 3, imbalance: "oversample" };
  await train(dataset, { ...three, out: whole });
  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: { readonly kind: string }) => {
    if (kind === "step" && ++steps === 6) stop.abort();
  };
  await train(dataset, { ...three, out: stopped }, { signal: stop.signal, onEvent });
  expect((await resume(stopped)).finished).toBe(true);
  expect((await modelOf(stopped)).equals(await modelOf(whole))).toBe(true);
});

it("trains another model for each imbalance strategy", async () => {
  const models = new Set<string>();
  for (const imbalance of [
    "none",
    "classWeights",
    "effectiveNumber",
    "undersample",
    "focal",
    "logitAdjustment",
  ] as const) {
    const out = join(folder, imbalance);
    await train(dataset, { ...settings, averaging: 0, epochs: 1, imbalance, out });
    models.add((await modelOf(out)).toString("base64"));
  }
  expect(models.size).toBe(6);
});

describe("the validation part", () => {
  /** So many images of each class for training, and one of each for testing; of classes in `whole` all are one group. */
  const drawn = (counts: readonly number[], whole: readonly number[] = []) => {
    const images = counts.flatMap((count, label) =>
      Array.from({ length: count + 1 }, (_, i) => ({
        path: `${label}/${i}.png`,
        label,
        split: i < count ? ("train" as const) : ("test" as const),
        bytes: 1,
      })),
    );
    const groupOf = images.map(({ label }, i) => (whole.includes(label) ? images.length + label : i));
    return { images, groupOf };
  };
  const divided = (counts: readonly number[], fraction: number, whole?: readonly number[]): RunImage[] => {
    const { images, groupOf } = drawn(counts, whole);
    const held = validationPart(images, groupOf, { fraction, seed: 1 });
    return images.map(({ path, label, split, bytes }, i) => ({
      part: split === "test" ? "test" : held.has(i) ? "validation" : "train",
      ...{ path, label, bytes, group: groupOf[i]!, pixels: "", file: "" },
    }));
  };
  const countsOf = (images: readonly RunImage[], part: RunImage["part"], classes: number) =>
    Array.from(
      { length: classes },
      (_, label) => images.filter((image) => image.part === part && image.label === label).length,
    );

  it.each([0.15, 0.3, 0.35, 0.4, 0.44, 0.45, 0.5])("%d of the training images of each class", (fraction) => {
    const images = divided([100, 100], fraction);
    expect(countsOf(images, "validation", 2)).toEqual([100 * fraction, 100 * fraction].map(Math.round));
    expect(countsOf(images, "test", 2)).toEqual([1, 1]);
    expect(warningOfUnvalidated(images, ["a", "b"], fraction)).toBeUndefined();
  });

  it("has none of a class of a single group, and says so", () => {
    const images = divided([20, 20, 20], 0.25, [1]);
    expect(countsOf(images, "validation", 3)).toEqual([5, 0, 5]);
    expect(warningOfUnvalidated(images, ["a", "b", "c"], 0.25)).toMatch(/no image is held out of b, which/);
  });

  it("is refused where it would be empty, and never is without a word", () => {
    expect(() => warningOfUnvalidated(divided([1, 1], 0.5), ["a", "b"], 0.5)).toThrow(/no image can be held out/);
    expect(countsOf(divided([2, 2], 0.01), "validation", 2).reduce((a, b) => a + b)).toBe(1);
    expect(warningOfUnvalidated(divided([2, 2], 0), ["a", "b"], 0)).toBeUndefined();
  });

  it("stands in the configuration and in what is printed, and is what the run trains without", async () => {
    const run = join(folder, "counted");
    const events: RunEvent[] = [];
    const counted: SettingsInput = { ...settings, averaging: 0, epochs: 1, batch: 1, validation: 0.3, out: run };
    await train(dataset, counted, { onEvent: (event) => void events.push(event) });
    const config = await readConfig(run);
    const training = dataset.images.filter(({ split }) => split === "train").length;
    const validation = Math.round(0.3 * training);
    expect(config.data).toMatchObject({ train: training, validation });
    expect((await metricsOf(run))[0]).toMatchObject({ images: training - validation });
    expect(headLines(run, config)[1]).toMatch(
      new RegExp(
        `^${training - validation} training and ${validation} validation images, and \\d+ test images, of 9 classes`,
      ),
    );
    const unvalidated = events.flatMap((event) => (event.kind === "warning" ? [event.message] : [])).join();
    const classesOf = (part: string, images: readonly RunImage[]) =>
      new Set(images.flatMap((one) => (one.part === part ? one.label : [])));
    const images = (await readRunImages(run, config.data))!;
    const without = config.data.classes.filter((_, label) => !classesOf("validation", images).has(label));
    for (const name of without) expect(unvalidated).toContain(name);
  });
});

it("refuses patience without validation", async () => {
  await expect(train(dataset, { ...settings, validation: 0, patience: 3 })).rejects.toThrow(SettingsError);
});
