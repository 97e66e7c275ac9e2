/** Runs on a small phantom set with the reference engine: what is left in the folder, refusals, judging. */
import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { foldDataset, foldsOf } from "../dataset/protocols.ts";
import { readDataset } from "../image/read-dataset.ts";
import { evaluate } from "./evaluate.ts";
import { readEvaluation } from "./folder/evaluation-file.ts";
import { readConfig } from "./folder/run-config.ts";
import { runName } from "./folder/run-folder.ts";
import { predict } from "./predict.ts";
import type { RunEvent } from "./run-events.ts";
import {
  data,
  dataset,
  expectedModel,
  finishedRun,
  folder,
  model,
  run,
  settings,
  size,
  trainUntil,
} from "./testing/small-run.ts";
import { train } from "./train.ts";

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
    expect(config.versions).toMatchObject({
      runtime: `Node ${process.version}`,
      naevus: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
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
        expect.stringMatching(/\.rgb: \d+ of \d+ images in it (was|were) damaged; (it is|they are) decoded again$/),
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
    const other = `${run}-other`;
    await train(dataset, { ...settings, seed: 4, out: other });
    expect((await readFile(join(other, "model.onnx"))).equals(expectedModel)).toBe(false);
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

  it("decodes nothing where the folder of the runs cannot be written to", async () => {
    const working = process.cwd();
    const onEvent = () => expect.unreachable("nothing is begun");
    await mkdir(run);
    await writeFile(join(run, "runs"), "");
    process.chdir(run);
    try {
      await expect(train(dataset, settings, { onEvent })).rejects.toThrow(
        `${join(run, "runs")}: could not be written: a part of the path is a file, not a folder; choose another folder`,
      );
    } finally {
      process.chdir(working);
    }
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
