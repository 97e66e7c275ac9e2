/** Runs that keep some training images for validation: early stopping, averaged weights and the temperature, also after a stop. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Dataset } from "../dataset/dataset.ts";
import { writePhantomDataset } from "../image/phantom.ts";
import { readDataset } from "../image/read-dataset.ts";
import { loadModel } from "../inference/model.ts";
import { SettingsError, type SettingsInput } from "../training/settings.ts";
import { resume, train } from "./train.ts";
import { validationPart } from "./validation-part.ts";

let folder: string;
let dataset: Dataset;
let settings: SettingsInput;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "naevus-validated-"));
  await writePhantomDataset(join(folder, "data"), { images: 60, size: 16, seed: 1 });
  dataset = await readDataset(join(folder, "data"));
  settings = {
    engine: "reference",
    imageSize: 16,
    batch: 8,
    seed: 3,
    cache: join(folder, "cache"),
    validation: 0.25,
    averaging: 0.9,
  };
});
afterAll(() => rm(folder, { recursive: true }));

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

it("validates on whole groups, and not on a class of a single one", async () => {
  const first = dataset.images.filter(({ split, label }) => split === "train" && label === 0);
  const images = dataset.images.map((image) => (first.includes(image) ? { ...image, group: "one" } : image));
  const { learned, validated, groups } = await validationPart({ ...dataset, images }, images, {
    fraction: 0.25,
    seed: 1,
  });
  expect(groups).toHaveLength(validated.length);
  expect(learned.length + validated.length).toBe(images.filter(({ split }) => split === "train").length);
  expect(validated.length).toBeGreaterThan(0);
  for (const index of validated) expect(images[index]!.label).not.toBe(0);
});

it("refuses patience without validation", async () => {
  await expect(train(dataset, { ...settings, validation: 0, patience: 3 })).rejects.toThrow(SettingsError);
});
