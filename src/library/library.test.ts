/** The leading functions from images in memory to a judged model that stays open. */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { listDataset } from "../dataset/list-images.ts";
import type { LabelledImage } from "../dataset/listed-images.ts";
import { readMetadata } from "../dataset/metadata.ts";
import { ArgumentError, ImageError, ModelError, RunError } from "../errors.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { audit } from "./audit.ts";
import { crossValidate } from "./cross-validate.ts";
import { compare, evaluate, judge } from "./evaluate.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import { openDataset } from "./open-dataset.ts";
import { predict } from "./predict.ts";
import { resume, type Training, train } from "./train.ts";

const folder = temporaryFolder();
let data: string;
let cache: string;
let images: readonly (LabelledImage & { readonly image: Buffer })[];
let trained: Training;
let model: LoadedModel;
const settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 2, seed: 3 } as const;

beforeAll(async () => {
  [data, cache] = [join(folder, "data"), join(folder, "cache")];
  await writePhantomDataset(data, { images: 72, size: 8, seed: 1 });
  const listed = await listDataset(data);
  images = await Promise.all(
    listed.images.map(async ({ path, label, split }) => ({
      image: await readFile(join(data, path)),
      label: listed.classes[label]!,
      split,
    })),
  );
  trained = await train(data, { ...settings, cache, out: join(folder, "run") }, { evaluate: true });
  model = await loadModel(trained.run);
});
afterAll(async () => {
  await model.close();
});

it("gives back the history, the model's path and the test figures", async () => {
  expect(trained.history.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(trained.history.at(-1)!.loss).toBe(trained.loss);
  expect((await stat(trained.model!)).size).toBeGreaterThan(1000);
  expect(trained.evaluation).toEqual(await evaluate(trained.run, data, { cache }));
  expect(trained.evaluation).toMatchObject({
    protocol: "official",
    samples: images.filter(({ split }) => split === "test").length,
  });
});

it("trains on a folder, an open data set and a stream of images alike", async () => {
  const dataset = await openDataset(data, { cache });
  async function* stream() {
    yield* images;
  }
  for (const [name, source] of [
    ["open", dataset],
    ["stream", stream()],
  ] as const) {
    const { history, evaluation } = await train(
      source,
      { ...settings, cache, out: join(folder, name) },
      { evaluate: true },
    );
    expect(evaluation!.samples).toBe(trained.evaluation!.samples);
    // Names order the images of a class, and those of the stream have none.
    if (name === "open") expect(history.map(({ loss }) => loss)).toEqual(trained.history.map(({ loss }) => loss));
  }
});

it("resumes with the whole history, on images that are given again", async () => {
  const stop = new AbortController();
  const out = join(folder, "stopped");
  const onEvent = (event: { readonly kind: string }) => void (event.kind === "epoch" && stop.abort());
  const first = await train(images, { ...settings, cache, out }, { signal: stop.signal, onEvent, evaluate: true });
  expect(first).toMatchObject({ finished: false, model: undefined, evaluation: undefined });
  expect(first.history).toHaveLength(1);
  await expect(resume(out)).rejects.toThrow(RunError);
  const second = await resume(out, { dataset: images, evaluate: true });
  expect(second.history.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(second.evaluation!.samples).toBe(trained.evaluation!.samples);
});

it("evaluates, judges and compares on images from memory", async () => {
  const tested = images.filter(({ split }) => split === "test");
  const evaluation = await evaluate(trained.run, images, { cache });
  expect(evaluation).toMatchObject({ protocol: "official", samples: tested.length });
  const judged = await judge(trained.run, images, { cache });
  expect(judged.truth).toHaveLength(tested.length);
  const { comparisons } = await compare([trained.run, trained.model!], data, { cache });
  expect(comparisons).toMatchObject([{ onlyFirst: 0, onlySecond: 0 }]);
});

it("merges and leaves out classes by an object, which the run keeps", async () => {
  const classMap = {
    melanoma: "malignant",
    "basal cell carcinoma": "malignant",
    nevus: "benign",
    "vascular lesion": null,
  };
  const dataset = await openDataset(data, { cache, classMap });
  const opened = await train(dataset, { ...settings, cache, out: join(folder, "merged-open") });
  const given = { ...settings, cache, classMap };
  const listed = await train(images, { ...given, out: join(folder, "merged") }, { evaluate: true });
  const folders = await train(data, { ...given, out: join(folder, "merged-folder") });
  expect(await readFile(folders.model!)).toEqual(await readFile(opened.model!));
  expect(listed.evaluation!.classes).toEqual(dataset.classes);
  expect(listed.evaluation!.classMap!.becomes).toEqual(Object.entries(classMap));
  const { protocol, classMap: kept } = await evaluate(listed.run, data, { cache });
  expect({ protocol, kept }).toEqual({ protocol: "official", kept: listed.evaluation!.classMap });
  expect((await resume(listed.run, { dataset: images, cache })).finished).toBe(true);
  const folds = { ...given, epochs: 1, out: join(folder, "merged-folds") };
  const { evaluation: pooled } = await crossValidate(data, folds, { folds: 2 });
  expect({ classes: pooled!.classes, kept: pooled!.classMap }).toEqual({
    classes: dataset.classes,
    kept: dataset.classMap,
  });
  for (const bad of [{ melanoma: 3 }, { melanoma: "" }, ["melanoma"]]) {
    await expect(train(images, { ...given, classMap: bad as never })).rejects.toThrow(
      /^train: classMap: expected the path/,
    );
    await expect(openDataset(data, { classMap: bad as never })).rejects.toThrow(/^openDataset: classMap: expected the/);
  }
  await expect(openDataset(data, { classMap: { mole: "benign" } })).rejects.toThrow(
    /^classMap: names none of the classes of .*; write the names as the folders have them/,
  );
});

it("audits and cross-validates images from memory", async () => {
  const { counts } = await audit([...images, images[0]!], { cache });
  expect(counts).toMatchObject({ images: images.length + 1, exactDuplicateGroups: 1 });
  const own = { ...settings, epochs: 1, cache, out: join(folder, "folds") };
  const { evaluation } = await crossValidate(images, own, { folds: 2 });
  expect(evaluation!.samples).toBe(images.length);
});

it("takes metadata as the path of a table and as what was read from it", async () => {
  const table = join(folder, "metadata.csv");
  const { images: listed } = await listDataset(data);
  await writeFile(table, ["path,lesion_id", ...listed.map(({ path }, i) => `${path},L${i}`)].join("\n"));
  const metadata = await readMetadata(table);
  const audits = [await audit(data, { metadata: table, cache }), await audit(data, { metadata, cache })];
  expect(audits[0]!.counts).toEqual(audits[1]!.counts);
  expect(audits.map(({ counts }) => counts.lesionsAcrossSplits)).toEqual([0, 0]);
  const evaluations = [
    await evaluate(trained.run, data, { metadata: table, cache }),
    await evaluate(trained.run, data, { metadata, cache }),
  ];
  expect(evaluations[0]).toEqual(evaluations[1]);
});

it("predicts paths, Buffers, Blobs, named images, one or many or a stream, all the same", async () => {
  const file = join(data, "Test", (await readdir(join(data, "Test")))[0]!);
  const path = join(file, (await readdir(file))[0]!);
  const bytes = await readFile(path);
  const { predictions } = await predict(trained.run, [path]);
  const [{ probabilities }] = predictions as unknown as readonly [{ probabilities: Record<string, number> }];
  async function* stream() {
    yield { image: bytes, name: "named" };
    yield new File([new Uint8Array(bytes)], "file.jpg");
    yield new Uint8Array(bytes).buffer;
  }
  const others = [
    ...(await predict(trained.run, bytes)).predictions,
    ...(await predict(trained.run, stream())).predictions,
  ];
  expect(others.map(({ image }) => image)).toEqual(["image 1", "named", "file.jpg", "image 3"]);
  for (const other of others) expect(other).toMatchObject({ probabilities });
  const one = await model.predict(path);
  expect(Object.fromEntries(one.classes.map(({ class: name, probability }) => [name, probability]))).toEqual(
    probabilities,
  );
  expect(await model.predict({ image: bytes, name: path })).toEqual(one);
  expect(await model.predict([bytes, Buffer.from("no image"), path])).toEqual([
    { ...one, image: "image 1" },
    { image: "image 2", error: expect.stringMatching(/^image 2: not an image; /) },
    one,
  ]);
});

it("names the most probable classes, as many as are asked for", async () => {
  const { image } = images[0]!;
  const all = await model.predict(image);
  expect(all.classes.map(({ class: name }) => name).sort()).toEqual([...model.classes].sort());
  expect(all.classes[0]).toEqual({ class: all.class, probability: all.probability });
  for (const [i, { probability }] of all.classes.entries())
    if (i > 0) expect(probability).toBeLessThanOrEqual(all.classes[i - 1]!.probability);
  expect((await model.predict(image, { top: 2 })).classes).toEqual(all.classes.slice(0, 2));
  await expect(model.predict(image, { top: 0 })).rejects.toThrow(
    /predict: top: expected a whole number above 0, got 0/,
  );
});

it("throws for a single image that cannot be read, and for what is no image", async () => {
  await expect(model.predict(Buffer.from("no image"))).rejects.toThrow(ImageError);
  await expect(model.predict(join(folder, "gone.jpg"))).rejects.toThrow(/gone\.jpg: /);
  for (const value of [undefined, 3, {}, [3]]) {
    await expect(model.predict(value as never)).rejects.toThrow(ArgumentError);
    await expect(model.predict(value as never)).rejects.toThrow(
      /predict: expected an image .* such as model\.predict\(/,
    );
  }
});

it("opens a model's bytes, ensembles and views, and closes once", async () => {
  const { image } = images[0]!;
  const expected = await model.predict(image);
  const fromBytes = await loadModel(await readFile(trained.model!));
  expect(fromBytes).toMatchObject({ classes: model.classes, origin: "phantom" });
  expect(await fromBytes.predict(image)).toEqual(expected);
  const underWay = fromBytes.predict([image, image]);
  await fromBytes[Symbol.asyncDispose]();
  await fromBytes.close();
  await underWay.catch(() => undefined);
  await expect(fromBytes.predict(image)).rejects.toThrow(ModelError);
  const ensemble = await loadModel([trained.run, trained.model!]);
  expect((await ensemble.predict(image)).probability).toBeCloseTo(expected.probability, 6);
  await ensemble.close();
  const viewed = await loadModel(trained.run, { testTimeAugmentation: true });
  expect((await viewed.predict(image)).probability).not.toBe(expected.probability);
  await viewed.close();
});
