/** Runs on a small phantom set with the reference engine: what is left in the folder, stops, refusals, judging. */
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { foldDataset, foldsOf } from "../dataset/protocols.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { evaluate } from "./evaluate.ts";
import { readEvaluation } from "./folder/evaluation-file.ts";
import { readConfig } from "./folder/run-config.ts";
import { runName } from "./folder/run-folder.ts";
import { predict } from "./predict.ts";
import { resume } from "./resume.ts";
import type { RunEvent } from "./run-events.ts";
import { changeConfig, makeOlderRun } from "./testing/changed.ts";
import { train } from "./train.ts";

const size = 8;
const folder = temporaryFolder();
let data: string;
let dataset: Dataset;
let settings: SettingsInput;
let run: string;
let runs = 0;
/** The model of an uninterrupted run with `settings`. */
let expectedModel: Buffer;
let finishedRun: string;

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

/** Trains until `step` steps are done in all. */
async function trainUntil(step: number): Promise<void> {
  const stop = new AbortController();
  let steps = 0;
  const onEvent = ({ kind }: RunEvent) => {
    if (kind === "step" && ++steps === step) stop.abort();
  };
  const result = await train(dataset, { ...settings, out: run }, { signal: stop.signal, onEvent });
  expect(result.finished).toBe(false);
}

const model = (): Promise<Buffer> => readFile(join(run, "model.onnx"));

describe("train", () => {
  it("leaves a run folder with everything in it", async () => {
    expect((await readdir(finishedRun)).sort()).toEqual([
      "checkpoint.safetensors",
      "config.json",
      "images.csv",
      "local.json",
      "metrics.jsonl",
      "model.onnx",
    ]);
    const config = await readConfig(finishedRun);
    expect(config.settings).toMatchObject({ network: "notebook", seed: 3, epochs: 2, optimizer: "adam" });
    expect(config.resolved).toMatchObject({ engine: "reference", precision: "f32", batch: 8, imageSize: size });
    expect(config.data).toMatchObject({ origin: "phantom", root: data, classes: dataset.classes });
    expect(config.data.train + config.data.test).toBe(48);
    expect(config.versions).toMatchObject({ node: process.version, naevus: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    const lines = (await readFile(join(finishedRun, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2]);
  });

  it("learns the same from a damaged cache, and says what was decoded again", async () => {
    const cache = join(folder, "damaged-cache");
    await train(dataset, { ...settings, cache, out: run });
    const file = join(cache, (await readdir(cache)).find((name) => name.endsWith(".rgb"))!);
    const bytes = await readFile(file);
    const spoilt = [bytes.map((value, i) => (i === 1000 ? value ^ 64 : value)), new Uint8Array(bytes.length)];
    for (const [i, damaged] of spoilt.entries()) {
      const packed = join(cache, (await readdir(cache)).find((name) => name.endsWith(".rgb"))!);
      await writeFile(packed, damaged);
      const again = `${run}-${i}`;
      const warnings: string[] = [];
      await train(
        dataset,
        { ...settings, cache, out: again },
        { onEvent: (event) => void (event.kind === "warning" && warnings.push(event.message)) },
      );
      expect(warnings).toContainEqual(
        expect.stringMatching(/\.rgb: \d+ of \d+ images in it were damaged; they are decoded again$/),
      );
      expect((await readFile(join(again, "model.onnx"))).equals(expectedModel)).toBe(true);
    }
  });

  it("tells what it does and what came of it", async () => {
    const events: RunEvent[] = [];
    const result = await train(
      dataset,
      { ...settings, epochs: 1, out: run },
      { onEvent: (event) => events.push(event) },
    );
    expect(result).toMatchObject({
      run,
      finished: true,
      epochs: 1,
      engine: "reference",
      precision: "f32",
      origin: "phantom",
    });
    expect(result.network).toBe("notebook");
    expect(result.parameters).toBe((await readConfig(run)).resolved.parameters);
    expect(result.imagesPerSecond).toBeGreaterThan(0);
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ["packing", "begin", "step", "epoch"] as const) expect(kinds).toContain(kind);
  });

  it("gives the same model for the same seed, and another for another", async () => {
    await train(dataset, { ...settings, out: run });
    expect((await model()).equals(expectedModel)).toBe(true);
    run = `${run}-other`;
    await train(dataset, { ...settings, seed: 4, out: run });
    expect((await model()).equals(expectedModel)).toBe(false);
  });

  it("takes smaller batches where there are fewer images", async () => {
    await train(dataset, { ...settings, batch: 5000, epochs: 1, out: run });
    const { resolved, data } = await readConfig(run);
    expect(resolved.batch).toBe(data.train);
  });

  it("refuses a folder that is in use, before any work", async () => {
    const onEvent = () => expect.unreachable("nothing is begun");
    await expect(train(dataset, { ...settings, out: finishedRun }, { onEvent })).rejects.toThrow(
      /finished: there is a run already; resume it, or choose another folder/,
    );
    await mkdir(run);
    await writeFile(join(run, "thesis.txt"), "");
    await expect(train(dataset, { ...settings, out: run }, { onEvent })).rejects.toThrow(/not empty \(thesis\.txt\)/);
    await expect(train(dataset, { ...settings, out: join(run, "thesis.txt") }, { onEvent })).rejects.toThrow(
      /thesis\.txt: not a folder; choose another folder$/,
    );
  });

  it("leaves no folder where the images are too small for the network", async () => {
    await expect(train(dataset, { ...settings, imageSize: 4, out: run })).rejects.toThrow(/does not fit/);
    await expect(readdir(run)).rejects.toThrow("ENOENT");
  });

  it("names its runs after network and time", () => {
    expect(runName("notebook", new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("notebook-20260102-030405");
  });

  it("goes on without a truncated image", async () => {
    const copy = join(folder, "truncated");
    await cp(data, copy, { recursive: true });
    const { path } = dataset.images[0]!;
    await writeFile(join(copy, path), (await readFile(join(copy, path))).subarray(0, 300));
    const problems: string[] = [];
    await train(
      await readDataset(copy),
      { ...settings, epochs: 1, out: run },
      {
        onEvent: (event) => {
          if (event.kind === "problems")
            problems.push(...event.problems.map(({ path, message }) => `${path}: ${message}`));
        },
      },
    );
    expect(problems).toContainEqual(expect.stringMatching(`${path}: truncated JPEG, left out`));
    expect((await readConfig(run)).data.leftOut).toBe(1);
  });

  it("ends in a sentence when the weights run away", async () => {
    const wild = { ...settings, optimizer: "sgd", learningRate: 100, weightDecay: 1, out: run } as const;
    await expect(train(dataset, { ...wild, epochs: 30 })).rejects.toThrow(
      /in epoch \d+, step \d+; train again with a lower learning rate \(it was 100, try 10\)/,
    );
  });
});

describe("resume", () => {
  it.each([1, 3, 4, 7])("gives the same model after a stop at step %i", async (step) => {
    await trainUntil(step);
    await expect(model()).rejects.toThrow("ENOENT");
    const { finished, epochs } = await resume(run);
    expect({ finished, epochs }).toEqual({ finished: true, epochs: 2 });
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("goes on where the computer's date is set back in every step, and between stop and resuming", async () => {
    let date = Date.UTC(2030, 0, 1);
    const setBack = vi.spyOn(Date, "now").mockImplementation(() => (date -= 3_600_000));
    try {
      await trainUntil(4);
      date = Date.UTC(2020, 0, 1);
      const { imagesPerSecond } = await resume(run);
      expect(imagesPerSecond).toBeGreaterThan(0);
    } finally {
      setBack.mockRestore();
    }
    expect((await model()).equals(expectedModel)).toBe(true);
    const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    for (const line of lines) expect(JSON.parse(line).seconds).toBeGreaterThan(0);
  });

  it("goes on from nothing but the settings, and cleans up after a kill", async () => {
    await trainUntil(2);
    await rm(join(run, "checkpoint.safetensors"));
    await writeFile(join(run, `.checkpoint.safetensors.${"a".repeat(12)}.tmp`), "half");
    await writeFile(join(run, "metrics.jsonl"), '{"epoch":1,"los');
    await resume(run);
    expect((await model()).equals(expectedModel)).toBe(true);
    expect((await readdir(run)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2]);
  });

  it("writes the model of a finished run again", async () => {
    await cp(finishedRun, run, { recursive: true });
    await rm(join(run, "model.onnx"));
    await resume(run);
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("warns where the library is not the one that the run began with", async () => {
    await trainUntil(7);
    await changeConfig(run, (config) => ({ ...config, versions: { ...config.versions, engine: "oneDNN 1.2.3" } }));
    const warnings: string[] = [];
    await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
    expect(warnings).toEqual([expect.stringMatching(/started with oneDNN 1\.2\.3 .*, this is plain TypeScript/)]);
  });

  it("warns where images were decoded by another version, or by one from before it was recorded", async () => {
    for (const [recorded, named] of [
      ["0", /decoded by version 0, this is 3 /],
      [undefined, /decoded by version 1, this is 3 /],
    ] as const) {
      await rm(run, { recursive: true, force: true });
      await trainUntil(7);
      await changeConfig(run, (config) => ({ ...config, versions: { ...config.versions, decoder: recorded } }));
      const warnings: string[] = [];
      await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
      expect(warnings).toEqual([expect.stringMatching(named)]);
    }
  });

  it("refuses what is no run", async () => {
    await expect(resume(run)).rejects.toThrow(/no run there \(there is no config\.json\)/);
  });

  it.each([
    ["no JSON", () => "{", "from another version of naevus"],
    ["another setting", (text: string) => text.replace('"mixup": 0', '"mixup": 1'), "changed by hand"],
    ["no digest", (text: string) => text.replace(/,\s*"digest": "[^"]*"/, ""), "changed by hand"],
    ["an earlier format", (text: string) => text.replace('"format": 2', '"format": 1'), "changed by hand"],
  ])("refuses a damaged config.json: %s", async (_, damage, which) => {
    await cp(finishedRun, run, { recursive: true });
    const file = join(run, "config.json");
    await writeFile(file, damage(await readFile(file, "utf8")));
    await expect(resume(run)).rejects.toThrow(`config.json: damaged, or ${which}`);
  });

  it.each([
    ["an unknown key", { more: 1 }],
    ["another format", { format: 3 }],
    ["a wrong setting", { settings: { epochs: 0 } }],
  ])("refuses the config.json of another version: %s", async (_, change) => {
    await cp(finishedRun, run, { recursive: true });
    await changeConfig(run, (config) => ({ ...config, ...change }));
    await expect(resume(run)).rejects.toThrow(/config\.json: damaged, or from another version of naevus/);
  });

  it.each([
    ["mixup", { settings: { mixup: 0.4 } }, "mixup is 0, expected 0.4"],
    ["the geometry", { settings: { geometry: "fit" } }, 'geometry is "squash", expected "fit"'],
    ["more epochs", { settings: { epochs: 3 } }, "epochs is 2, expected 3"],
    ["a setting that was left to its default", { settings: { weightDecay: 0.1 } }, "weightDecay is null, expected 0.1"],
    ["the learning rate", { resolved: { learningRate: 0.1 } }, "learningRate is 0.001, expected 0.1"],
    ["the batch", { resolved: { batch: 4 } }, "batch is 8, expected 4"],
    ["the threads", { resolved: { threads: 7 } }, "expected 7"],
  ])("refuses to go on with another recipe, though its config.json is whole: %s", async (_, change, message) => {
    await trainUntil(3);
    await changeConfig(run, (config) => ({
      ...config,
      settings: { ...config.settings, ...("settings" in change && change.settings) },
      resolved: { ...config.resolved, ...("resolved" in change && change.resolved) },
    }));
    await expect(resume(run)).rejects.toThrow(/checkpoint\.safetensors: .*another run: /);
    await expect(resume(run)).rejects.toThrow(message);
  });

  it("goes on with a run of an earlier version, and says what is not checked", async () => {
    await trainUntil(5);
    await makeOlderRun(run);
    const warnings: string[] = [];
    await resume(run, { onEvent: (event) => event.kind === "warning" && warnings.push(event.message) });
    expect(warnings).toEqual([expect.stringMatching(/whose files have no digests; whether .* is not checked/)]);
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("refuses a corrupted checkpoint", async () => {
    await trainUntil(3);
    const file = join(run, "checkpoint.safetensors");
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(resume(run)).rejects.toThrow(/checkpoint\.safetensors: .*checksum.*delete it/);
  });

  it("refuses data that changed", async () => {
    const copy = join(folder, "changed");
    await cp(data, copy, { recursive: true });
    await cp(finishedRun, run, { recursive: true });
    await rm(join(copy, dataset.images[0]!.path));
    await expect(resume(run, { dataset: await readDataset(copy) })).rejects.toThrow(/images are not those/);
  });

  it("takes the same data from another place", async () => {
    await trainUntil(3);
    const copy = join(folder, "moved");
    await cp(data, copy, { recursive: true });
    await resume(run, { dataset: await readDataset(copy) });
    expect((await model()).equals(expectedModel)).toBe(true);
  });
});

describe("the places on this machine", () => {
  const config = (): Promise<string> => readFile(join(run, "config.json"), "utf8");
  const local = (): string => join(run, "local.json");

  it("stand in local.json alone, without which a run goes on where it is told them", async () => {
    await trainUntil(3);
    expect(await config()).not.toContain(folder);
    expect(JSON.parse(await readFile(local(), "utf8"))).toMatchObject({ data, cache: settings.cache });
    await rm(local());
    await expect(resume(run)).rejects.toThrow(/nothing says where its images are .*no local\.json.*--data/);
    await resume(run, { data, cache: settings.cache });
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it("are read from the config.json of an earlier version", async () => {
    await trainUntil(3);
    await makeOlderRun(run);
    const record = JSON.parse(await config());
    const { name: _, ...rest } = record.data;
    const earlier = { ...record, data: { root: data, ...rest }, settings: { ...record.settings, data, ...settings } };
    await writeFile(join(run, "config.json"), JSON.stringify(earlier));
    await rm(local());
    await resume(run);
    expect((await model()).equals(expectedModel)).toBe(true);
  });

  it.each(["{", '{"data": 3}', '{"data": "x", "more": 1}'])("are refused where they are damaged: %s", async (text) => {
    await trainUntil(3);
    await writeFile(local(), text);
    await expect(resume(run)).rejects.toThrow(/local\.json: cannot be used .*; delete it, and say .*--data/);
  });
});

/** Sets the largest size of a file that this process may write; false where the system has no `prlimit`. */
const limitFileSize = (bytes: number | "unlimited"): boolean =>
  spawnSync("prlimit", [`--pid=${process.pid}`, `--fsize=${bytes}:`]).status === 0;

// The limit stands for the full disk: writing fails half-way through in the same manner.
it.skipIf(!limitFileSize("unlimited"))("says when there is no room for the checkpoint, and goes on later", async () => {
  limitFileSize(200_000);
  try {
    await expect(train(dataset, { ...settings, out: run })).rejects.toThrow(
      /checkpoint\.safetensors: could not be written: the file is larger than the limit/,
    );
  } finally {
    limitFileSize("unlimited");
  }
  expect((await readdir(run)).sort()).toEqual(["config.json", "images.csv", "local.json", "metrics.jsonl"]);
  await resume(run);
  expect((await model()).equals(expectedModel)).toBe(true);
});

it("refuses a data set that was opened otherwise than the settings say", async () => {
  const folds = await foldsOf(dataset, { folds: 2 });
  const part = foldDataset(dataset, folds, 1);
  await expect(train(part, { ...settings, out: run })).rejects.toThrow(
    "protocol: the settings say official, the data set was opened as grouped:2; open it with the run's settings",
  );
  await expect(train(part, { ...settings, protocol: "grouped:2", fold: 0, out: run })).rejects.toThrow(/opened as/);
  await expect(train(dataset, { ...settings, curation: "plan.csv", out: run })).rejects.toThrow(
    /^curation: the data set/,
  );
});

describe("evaluate", () => {
  it("judges the test images, states phantom data, and keeps the figures", async () => {
    const evaluation = await evaluate(finishedRun, dataset, { cache: settings.cache });
    const tested = dataset.images.filter(({ split }) => split === "test");
    expect(evaluation).toMatchObject({
      protocol: "official",
      origin: "phantom",
      samples: tested.length,
      classes: dataset.classes,
    });
    expect(evaluation.perClass.map(({ support }) => support)).toEqual(
      dataset.classes.map((_, label) => tested.filter((image) => image.label === label).length),
    );
    expect(await readEvaluation(finishedRun)).toEqual(evaluation);
  });

  it("takes a model file, and knows the run's own images by it", async () => {
    const evaluation = await evaluate(join(finishedRun, "model.onnx"), dataset, { cache: settings.cache });
    const { dataFingerprint: _, ...own } = await evaluate(finishedRun, dataset, { cache: settings.cache });
    expect(evaluation).toMatchObject(own);
  });

  it("refuses data with other classes, and names them", async () => {
    const other = join(folder, "other-classes");
    await writePhantomDataset(other, { images: 48, size, seed: 2 });
    for (const split of ["Train", "Test"]) await rename(join(other, split, "nevus"), join(other, split, "wart"));
    await expect(evaluate(finishedRun, await readDataset(other), { cache: settings.cache })).rejects.toThrow(
      /the model does not know the class "wart"; its classes are .*nevus.*; say with --class-map what each/,
    );
  });

  it("refuses a run that is not finished", async () => {
    await trainUntil(1);
    await expect(evaluate(run, dataset, { cache: settings.cache })).rejects.toThrow(/not finished.*resume it first/);
  });
});

describe("predict", () => {
  it("judges the good images and says what is wrong with the bad ones", async () => {
    const [first, second] = dataset.images.map(({ path }) => join(data, path));
    const text = join(folder, "text.jpg");
    await writeFile(text, "no image");
    const { predictions, origin, classes } = await predict(finishedRun, [
      first!,
      text,
      second!,
      join(folder, "none.png"),
    ]);
    expect(origin).toBe("phantom");
    expect(classes).toEqual(dataset.classes);
    expect(predictions.map((prediction) => "error" in prediction)).toEqual([false, true, false, true]);
    expect(predictions[1]).toEqual({ image: text, error: expect.stringMatching(/text\.jpg: not an image/) });
    expect(predictions[3]).toMatchObject({ error: expect.stringMatching(/none\.png: no such file/) });
    const [judged] = predictions;
    if (!judged || "error" in judged) return expect.unreachable("the first image is good");
    const values = Object.values(judged.probabilities);
    expect(Object.keys(judged.probabilities)).toEqual(dataset.classes);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    expect(judged.probability).toBe(Math.max(...values));
    expect(judged.probabilities[judged.class]).toBe(judged.probability);
  });

  it("agrees with itself over more images than one block", async () => {
    const files = dataset.images.map(({ path }) => join(data, path));
    const { predictions } = await predict(finishedRun, files);
    const { predictions: alone } = await predict(finishedRun, files.slice(40, 41));
    expect(predictions).toHaveLength(48);
    expect(predictions[40]).toMatchObject({ image: files[40], class: (alone[0] as { class: string }).class });
  });

  it("names a file that is no model", async () => {
    await mkdir(run);
    await writeFile(join(run, "model.onnx"), "nothing");
    await expect(predict(run, [])).rejects.toThrow(/model\.onnx: no ONNX file/);
  });
});
