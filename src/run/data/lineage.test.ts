/** What the models before a run were trained on is judged by nobody, and counted; validation keeps away from it. */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { compareRuns } from "../compare.ts";
import { crossValidate } from "../cross-validate.ts";
import { readEvaluation } from "../folder/evaluation-file.ts";
import { hasOwnTest, readConfig } from "../folder/run-config.ts";
import type { RunEvent } from "../run-events.ts";
import { train } from "../train.ts";
import { cache, folder, judge, modelOf, pathsOf, published, publishedRun, settings } from "./testing/judged-runs.ts";

/** Images of its own, but for one test image and two training images of the published ones. */
let data: string;
let testImage: string;
let trainImages: readonly string[];
let child: string;
let run: string;
let runs = 0;
const warnings: string[] = [];
const onEvent = (event: RunEvent) => {
  if (event.kind === "warning") warnings.push(event.message);
};

beforeAll(async () => {
  data = join(folder, "own");
  await writePhantomDataset(data, { images: 72, size: 16, seed: 9 });
  const [first, second, third] = await pathsOf(publishedRun, "train");
  const place = (part: string, path: string) => join(part, path.split("/")[1]!, "of-the-parent.png");
  testImage = place("Test", first!);
  trainImages = [second!, third!].map((path, i) => place("Train", path).replace(".png", `-${i}.png`));
  await cp(join(published, first!), join(data, testImage));
  for (const [i, path] of [second!, third!].entries()) await cp(join(published, path), join(data, trainImages[i]!));
  child = join(folder, "child");
  const from = publishedRun;
  await train(await readDataset(data), { ...settings, from, validation: 0.3, out: child }, { onEvent });
});
beforeEach(() => {
  run = join(folder, `lineage-${++runs}`);
});

/** Of the published ones. */
const trained = 87;
const away = { leftOutForAncestors: { content: 1, lesion: 0, patient: 0 } };

it("leaves a test image out that the model before was trained on, and says so, also of a published Test", async () => {
  const { data: counts, from } = await readConfig(child);
  const own = await judge(child, data);
  expect(own).toMatchObject({
    protocol: "official",
    samples: counts.test - 1,
    lineage: [{ network: "notebook", trainingImages: trained }],
    check: { ...away, leftOut: { content: 0, missing: 0 } },
  });
  expect(own.check!.leftOutImages).toEqual([
    { path: testImage, reason: "its content stands in the training of an earlier model that this one went on from" },
  ]);
  expect(from!.seen).toEqual({ validation: 0, test: 1 });
  expect(
    warnings.filter((text) => text.startsWith(`1 of the ${counts.test} test images were trained on before`)),
  ).toHaveLength(1);
  const text = formatEvaluation(own);
  expect(text).toContain(
    "not judged, because an earlier model that this one went on from was trained on them: 1 by content",
  );
  expect(text).toContain("went on from notebook, trained on 87 images of 9 classes");
  // They are the run's own figures, which never hold that image.
  expect(await readEvaluation(child)).toMatchObject({ samples: counts.test - 1, lineage: own.lineage });
});

it("does so by the model file alone, in an ensemble, with test-time augmentation and in a comparison", async () => {
  const { samples } = await judge(child, data);
  for (const [judged, more] of [
    [modelOf(child), {}],
    [[child, modelOf(child)], {}],
    [child, { testTimeAugmentation: true }],
  ] as const) {
    expect(await judge(judged, data, more)).toMatchObject({
      samples,
      check: away,
      lineage: [{ trainingImages: trained }],
    });
  }
  const { check } = await compareRuns([child, modelOf(child)], await readDataset(data), { cache });
  expect(check).toMatchObject(away);
});

it("judges them all the same where somebody insists, and counts them as seen", async () => {
  const { data: counts } = await readConfig(child);
  const evaluation = await judge(child, data, { allowSeen: true });
  expect(evaluation).toMatchObject({
    samples: counts.test,
    check: { seen: { content: 1 }, leftOutForAncestors: { content: 0 } },
  });
});

it("holds for every model before, through a chain", async () => {
  await train(await readDataset(data), { ...settings, from: modelOf(child), out: run });
  // The second one was trained on the data themselves, and only on these.
  expect((await readConfig(run)).from!.ancestors).toHaveLength(2);
  expect(await judge(run, data)).toMatchObject({ check: away });
  const { samples, check } = await judge(run, published, { given: { protocol: "external" } });
  expect(samples).toBe((await pathsOf(publishedRun, "test")).length);
  expect(check!.leftOutForAncestors!.content).toBe(trained);
});

it("holds images out for validation that the models before were not trained on, as far as there are any", async () => {
  const held = await pathsOf(child, "validation");
  expect(held.length).toBeGreaterThan(10);
  for (const path of trainImages) expect(held).not.toContain(path);
  warnings.length = 0;
  await train(
    await readDataset(published),
    { ...settings, from: publishedRun, validation: 0.2, out: run },
    { onEvent },
  );
  const { data: counts, from } = await readConfig(run);
  expect(from!.seen).toEqual({ validation: counts.validation, test: 0 });
  expect(warnings).toContain(
    `validation: ${counts.validation} of the ${counts.validation} images that are held out were trained on before, as too few others are there; ` +
      "the validation loss, the choice of an epoch and the temperature are optimistic",
  );
});

it("validates again on the validation images of the model before", async () => {
  await train(await readDataset(data), { ...settings, from: child, validation: 0.1, out: run });
  const before = new Set(await pathsOf(child, "validation"));
  const held = await pathsOf(run, "validation");
  expect(held.length).toBeGreaterThan(3);
  expect(held.filter((path) => !before.has(path))).toEqual([]);
});

describe("a model that does not tell its images", () => {
  let silent: string;
  beforeAll(async () => {
    silent = join(folder, "silent");
    await train(await readDataset(published), { ...settings, hashes: false, out: silent });
  });

  it("is no help: the run says so at once, and is judged where somebody insists", async () => {
    warnings.length = 0;
    await train(await readDataset(data), { ...settings, from: modelOf(silent), out: run }, { onEvent });
    expect(
      warnings.filter((text) => text.startsWith("nothing tells which images a model was trained on")),
    ).toHaveLength(1);
    expect(hasOwnTest(await readConfig(run))).toBe(false);
    for (const judged of [run, modelOf(run)]) {
      await expect(judge(judged, data)).rejects.toThrow("nothing tells which images an earlier model was trained on");
    }
    expect((await judge(run, data, { allowSeen: true })).samples).toBeGreaterThan(0);
    const folds = crossValidate(data, { ...settings, from: modelOf(silent), out: `${run}-folds` }, { folds: 2 });
    await expect(folds).rejects.toThrow("cross-validation judges every image, and nothing tells");
  });

  it("tells them by the folder of its run", async () => {
    await train(await readDataset(data), { ...settings, from: silent, hashes: false, out: run });
    expect(await judge(run, data)).toMatchObject({ check: away });
    await expect(judge(modelOf(run), data)).rejects.toThrow("nothing tells which images this model was trained on");
  });
});

describe("a cross-validation", () => {
  it("goes on from a model in each fold, also once that is gone, and leaves out what it was trained on", async () => {
    const from = join(folder, "parent-of-folds");
    await cp(publishedRun, from, { recursive: true });
    const given = { ...settings, from, out: run };
    const { evaluation: expected } = await crossValidate(data, given, { folds: 2 });
    expect(expected).toMatchObject({
      lineage: [{ trainingImages: trained }],
      check: { leftOutForAncestors: { content: 3 } },
    });
    const all =
      (await pathsOf(join(run, "fold-0"), "train")).length + (await pathsOf(join(run, "fold-0"), "test")).length;
    expect(expected!.samples).toBe(all - 3);
    const models = await Promise.all([0, 1].map((fold) => readFile(modelOf(join(run, `fold-${fold}`)))));

    const other = crossValidate(data, { ...given, from: child }, { folds: 2 });
    await expect(other).rejects.toThrow("begun from another model");
    await expect(crossValidate(data, { ...settings, imageSize: 8, out: run }, { folds: 2 })).rejects.toThrow(
      "begun with",
    );
    await rm(from, { recursive: true });
    await rm(join(run, "fold-1"), { recursive: true });
    expect((await crossValidate(data, given, { folds: 2 })).evaluation).toEqual(expected);
    expect(await Promise.all([0, 1].map((fold) => readFile(modelOf(join(run, `fold-${fold}`)))))).toEqual(models);
  });

  it("is refused before anything is trained where a model was trained on all images of a fold, or is none of one's own", async () => {
    const small = join(run, "small");
    for (const path of await pathsOf(publishedRun, "train")) await cp(join(published, path), join(small, path));
    const out = join(run, "folds");
    await expect(crossValidate(small, { ...settings, from: publishedRun, out }, { folds: 2 })).rejects.toThrow(
      "was trained on every image of fold 0",
    );
    expect((await readdir(run)).toSorted()).toEqual(["small"]);
  });
});

it("says of a damaged lineage which file it is", async () => {
  await cp(child, run, { recursive: true });
  const file = join(run, "lineage.json");
  await writeFile(file, (await readFile(file, "utf8")).replace("notebook", "notepad"));
  await expect(judge(run, data)).rejects.toThrow(`${file}: damaged`);
  await rm(file);
  await expect(judge(run, data)).rejects.toThrow(file);
});
