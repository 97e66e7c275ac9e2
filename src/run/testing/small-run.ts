/** A run on 48 phantom images with the reference engine, trained once for each test file that imports this. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, expect } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import type { SettingsInput } from "../../training/settings/schema.ts";
import type { TrainSettings } from "../../training/settings/train-settings.ts";
import type { RunEvent } from "../run-events.ts";
import { train } from "../train.ts";

/** Pixels of a side. */
export const size = 8;
/** Of all tests in the file. */
export const folder = temporaryFolder();
/** Where the images are. */
export let data: string;
/** All of them. */
export let dataset: Dataset;
/** Two epochs on the reference engine. */
export let settings: SettingsInput;
/** A run of the test's own, which does not exist yet. */
export let run: string;
let runs = 0;
/** The model of an uninterrupted run with `settings`. */
export let expectedModel: Buffer;
/** That run. */
export let finishedRun: string;

beforeAll(async () => {
  data = join(folder, "data");
  await writePhantomDataset(data, { images: 48, size, seed: 1 });
  dataset = await readDataset(data);
  settings = { engine: "reference", imageSize: size, batch: 8, epochs: 2, seed: 3, cache: join(folder, "cache") };
  finishedRun = join(folder, "finished");
  await train(dataset, { ...settings, out: finishedRun });
  expectedModel = await readFile(join(finishedRun, "model.onnx"));
});
beforeEach(() => {
  run = join(folder, `run${++runs}`);
});

/** Trains until `step` steps are done in all, with other settings where they are given. */
export async function trainUntil(step: number, more: TrainSettings = {}): Promise<void> {
  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === "step" && ++steps === step) stop.abort();
  };
  const result = await train(dataset, { ...settings, ...more, out: run }, { signal: stop.signal, onEvent });
  expect(result.finished).toBe(false);
}

/** The model of the test's own run. */
export const model = (): Promise<Buffer> => readFile(join(run, "model.onnx"));
