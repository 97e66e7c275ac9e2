/** Several runs, or the folds of a cross-validation, that judge as one; and images that are judged in eight views. */
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { compareRuns } from "./compare.ts";
import { crossValidate } from "./cross-validate.ts";
import { openJudgedData } from "./data/open-data.ts";
import { evaluate, judgeTestImages } from "./evaluate.ts";
import { readEvaluation } from "./folder/evaluation-file.ts";
import { runsOf } from "./folder/runs.ts";
import { predict } from "./predict.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
let data: string;
let dataset: Dataset;
let settings: SettingsInput;
/** Models of two image sizes, geometries and ways to resample. */
let runs: string[];
let folds: string;
let context: { readonly cache: string };
const file = (path: string) => join(data, path);

beforeAll(async () => {
  data = join(folder, "data");
  await writePhantomDataset(data, { images: 48, size: 16, seed: 1 });
  dataset = await readDataset(data);
  context = { cache: join(folder, "cache") };
  settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 1, ...context };
  runs = [];
  for (const own of [
    { seed: 3 },
    { seed: 4, imageSize: 20, geometry: "fit", resampling: "linear" },
    { seed: 5 },
  ] as const) {
    const out = join(folder, `seed-${own.seed}`);
    await train(dataset, { ...settings, ...own, out });
    runs.push(out);
  }
  folds = join(folder, "folds");
  await crossValidate(data, { ...settings, out: folds }, { folds: 2 });
});

const meanOf = (all: readonly ArrayLike<number>[]): number[] =>
  Array.from(all[0]!, (_, i) => all.reduce((sum, values) => sum + values[i]!, 0) / all.length);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 6);
}

describe("an ensemble", () => {
  it("is compared with a run, whichever of them is named first", async () => {
    const other = join(folder, "compared-on");
    await writePhantomDataset(other, { images: 24, size: 16, seed: 2 });
    const compare = async (...pair: string[]) =>
      compareRuns(pair, (await openJudgedData(pair, other, context)).dataset, context);
    const [there] = (await compare(folds, runs[0]!)).comparisons;
    const [back] = (await compare(runs[0]!, folds)).comparisons;
    expect(there!.samples).toBe(24);
    expect(there!.onlyFirst).toBe(back!.onlySecond);
  });

  it("judges test images by the mean of its models' probabilities, whatever sizes these read", async () => {
    const alone = [];
    for (const run of runs) alone.push((await judgeTestImages(run, dataset, context)).probabilities);
    expect(alone[0]).not.toEqual(alone[2]);
    const together = await judgeTestImages(runs, dataset, context);
    expectClose(together.probabilities, meanOf(alone));
    expect(await evaluate(runs, dataset, context)).toMatchObject({ models: 3, samples: together.truth.length });
  });

  it("writes no figures into the runs, whose own they are not", async () => {
    await evaluate(runs[0]!, dataset, context);
    const before = await readFile(join(runs[0]!, "evaluation.json"));
    await evaluate(runs, dataset, context);
    expect(await readFile(join(runs[0]!, "evaluation.json"))).toEqual(before);
    expect(JSON.parse(before.toString())).not.toHaveProperty("models");
  });

  it("predicts image files likewise, and says what is wrong with bad ones once", async () => {
    const files = [file(dataset.images[0]!.path), join(folder, "none.jpg"), file(dataset.images[1]!.path)];
    const valuesOf = ({ predictions }: Awaited<ReturnType<typeof predict>>) =>
      predictions.flatMap((one) => ("error" in one ? [] : Object.values(one.probabilities)));
    const alone = [];
    for (const run of runs) alone.push(valuesOf(await predict(run, files)));
    const together = await predict(runs, files);
    expectClose(valuesOf(together), meanOf(alone));
    expect(together).toMatchObject({ runs, models: 3, origin: "phantom" });
    expect(together.predictions.map((one) => "error" in one)).toEqual([false, true, false]);
  });

  it("refuses models of other classes, and names them", async () => {
    const other = join(folder, "other");
    await cp(join(data, "Train", "melanoma"), join(other, "Train", "melanoma"), { recursive: true });
    await cp(join(data, "Train", "nevus"), join(other, "Train", "wart"), { recursive: true });
    const two = join(folder, "two-classes");
    await train(await readDataset(other), { ...settings, batch: 2, out: two });
    await expect(predict([runs[0]!, two], [])).rejects.toThrow(
      /two-classes: its classes are melanoma, wart, those of .*seed-3 are actinic/,
    );
  });

  it("is no ensemble without a run", async () => {
    await expect(predict([], [])).rejects.toThrow("expected at least one run, got none");
  });
});

describe("the folder of a cross-validation", () => {
  it("stands for its folds", async () => {
    expect(await runsOf([folds, runs[0]!])).toEqual([join(folds, "fold-0"), join(folds, "fold-1"), runs[0]]);
    const image = [file(dataset.images[0]!.path)];
    const { predictions, models } = await predict(folds, image);
    expect(models).toBe(2);
    expect(predictions).toEqual((await predict([join(folds, "fold-0"), join(folds, "fold-1")], image)).predictions);
  });

  it("is refused on its own data, of which each model has learned a part that another is tested on", async () => {
    const elsewhere = join(folder, "elsewhere");
    await cp(data, elsewhere, { recursive: true });
    for (const place of [data, elsewhere]) {
      const { dataset: listed } = await openJudgedData(await runsOf(folds), place, context);
      await expect(evaluate(folds, listed, context)).rejects.toThrow(
        /: none is left of \d+ images that would be judged \(.*: its content stands in training\); give images that/,
      );
    }
    const others = join(folder, "others");
    await writePhantomDataset(others, { images: 48, size: 16, seed: 2 });
    const { dataset: unseen } = await openJudgedData(await runsOf(folds), others, context);
    const judged = await evaluate(folds, unseen, context);
    expect(judged).toMatchObject({ models: 2, protocol: "external", samples: 48 });
  });

  it("is refused as long as a fold is missing", async () => {
    const stopped = join(folder, "stopped");
    await cp(folds, stopped, { recursive: true });
    await rm(join(stopped, "fold-1", "model.onnx"));
    await expect(predict(stopped, [])).rejects.toThrow(/stopped: 1 of the 2 folds .* are trained; give the same/);
  });
});

describe("test-time augmentation", () => {
  it("is recorded with the figures, and gives other ones", async () => {
    const plain = await judgeTestImages(runs[0]!, dataset, context);
    const turned = await judgeTestImages(runs[0]!, dataset, { ...context, testTimeAugmentation: true });
    expect(turned.views).toBe(8);
    expect(turned.probabilities).not.toEqual(plain.probabilities);
    const evaluation = await evaluate(runs[0]!, dataset, { ...context, testTimeAugmentation: true });
    expect(evaluation.views).toBe(8);
    expect(await readEvaluation(runs[0]!)).toEqual(evaluation);
  });

  it("gives the same probabilities to an image and in an ensemble of one model twice", async () => {
    const image = [file(dataset.images[0]!.path)];
    const once = await predict(runs[0]!, image, { testTimeAugmentation: true });
    const twice = await predict([runs[0]!, runs[0]!], image, { testTimeAugmentation: true });
    expect(once).toMatchObject({ views: 8 });
    expect(once).not.toHaveProperty("models");
    expect(twice).toMatchObject({ views: 8, models: 2 });
    expect(twice.predictions).toEqual(once.predictions);
  });
});
