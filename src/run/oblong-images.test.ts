/** Runs on images that are no squares: trained, resumed, cross-validated, judged alone, in several views and together with squares. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { decodeImage } from "../image/decoding/decode.ts";
import { readDataset } from "../image/read-dataset.ts";
import { loadModel } from "../inference/model.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { readCheckpoint } from "../training/checkpoint.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { keptWeights } from "../training/training-state.ts";
import { compareRuns } from "./compare.ts";
import { crossValidate } from "./cross-validate.ts";
import { evaluate, judgeTestImages } from "./evaluate.ts";
import { checkpointOwner, learnedCounts } from "./folder/checkpoint-owner.ts";
import { readConfig } from "./folder/run-config.ts";
import { readRunImages } from "./folder/run-images.ts";
import { predict } from "./predict.ts";
import { resume } from "./resume.ts";
import type { RunEvent } from "./run-events.ts";
import { graphOf } from "./run-preparation.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
let data: string;
let dataset: Dataset;
let settings: SettingsInput;
let oblong: string;
let square: string;
let context: { readonly cache: string };

beforeAll(async () => {
  data = join(folder, "data");
  await writePhantomDataset(data, { images: 48, size: 16, seed: 1 });
  dataset = await readDataset(data);
  context = { cache: join(folder, "cache") };
  settings = { engine: "reference", imageSize: "8x12", geometry: "fill", batch: 8, epochs: 2, seed: 3, ...context };
  [oblong, square] = [join(folder, "oblong"), join(folder, "square")];
  await train(dataset, { ...settings, augmentation: "strong", cutmix: 1, out: oblong });
  await train(dataset, { ...settings, imageSize: "8x8", out: square });
});

test("the run and its model say height and width", async () => {
  const { settings: stored, resolved } = await readConfig(oblong);
  expect([stored.imageSize, resolved.imageSize]).toEqual(["8x12", "8x12"]);
  const { settings: own, resolved: came } = await readConfig(square);
  expect([own.imageSize, came.imageSize]).toEqual([8, 8]);
  const model = await loadModel(join(oblong, "model.onnx"));
  expect(model.metadata).toMatchObject({ imageHeight: 8, imageWidth: 12 });
  await model.dispose();
});

test("a run that was stopped goes on to the same model", async () => {
  const run = join(folder, "stopped");
  const stop = new AbortController();
  const onEvent = ({ kind }: RunEvent) => kind === "step" && stop.abort();
  const own = { ...settings, augmentation: "strong", cutmix: 1, out: run } as const;
  expect((await train(dataset, own, { signal: stop.signal, onEvent })).finished).toBe(false);
  await resume(run);
  expect(await readFile(join(run, "model.onnx"))).toEqual(await readFile(join(oblong, "model.onnx")));
});

test("the model judges as the network that was trained, image by image and as a test set", async () => {
  const test = dataset.images.filter(({ split }) => split === "test");
  const files = test.map(({ path }) => join(data, path));
  const config = await readConfig(oblong);
  const graph = graphOf(config.settings, dataset.classes.length);
  const counts = learnedCounts(config, await readRunImages(oblong, config.data));
  const checkpoint = await readCheckpoint(
    join(oblong, "checkpoint.safetensors"),
    checkpointOwner(config, graph, counts),
  );
  const plan = referenceEngine().inferencePlan(graph, { batch: 1 });
  plan.setParameters(keptWeights(checkpoint!));
  const { probabilities } = await judgeTestImages(oblong, dataset, context);
  const { predictions } = await predict(oblong, files);
  for (const [i, prediction] of predictions.entries()) {
    if ("error" in prediction) throw new Error(prediction.error);
    const logits = await plan.infer(await decodeImage(files[i]!, [8, 12], "fill"));
    const exps = Array.from(logits, Math.exp);
    const sum = exps.reduce((a, b) => a + b, 0);
    Object.values(prediction.probabilities).forEach((value, label) => {
      expect(value).toBeCloseTo(exps[label]! / sum, 5);
      expect(value).toBeCloseTo(probabilities[i * dataset.classes.length + label]!, 6);
    });
  }
  plan.dispose();
});

test("it judges in the four views that keep the size, and together with a square's in the same four", async () => {
  const tta = { ...context, testTimeAugmentation: true };
  expect(await evaluate(oblong, dataset, tta)).toMatchObject({ views: 4 });
  expect(await evaluate(square, dataset, tta)).toMatchObject({ views: 8 });
  const together = await evaluate([square, oblong], dataset, tta);
  expect(together).toMatchObject({ models: 2, views: 4 });
  const { comparisons } = await compareRuns([oblong, square], dataset, tta);
  expect(comparisons).toHaveLength(1);
});

test("is cross-validated, and its folds judge as one", async () => {
  const folds = join(folder, "folds");
  await crossValidate(data, { ...settings, epochs: 1, out: folds }, { folds: 2 });
  expect((await readConfig(join(folds, "fold-1"))).resolved.imageSize).toBe("8x12");
  const image = join(data, dataset.images[0]!.path);
  expect((await predict(folds, [image])).predictions).toHaveLength(1);
});

test("a size that the network cannot take is refused by layer and shapes", async () => {
  await expect(train(dataset, { ...settings, imageSize: "4x64", out: join(folder, "small") })).rejects.toThrow(
    /network "notebook".*layers\[9\]: maxPool: .* does not fit 1x16; take larger images/,
  );
});
