/** Images that are given one by one are divided, trained on, validated, judged and recorded as the same images in folders are. */
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { phantomMarker } from "../dataset/dataset.ts";
import { listDataset } from "../dataset/list-images.ts";
import { type LabelledImage, listTestImages, listTrainingImages } from "../dataset/listed-images.ts";
import { DatasetError, RunError } from "../errors.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openData } from "./data/open-data.ts";
import { evaluate } from "./evaluate.ts";
import { readConfig } from "./folder/run-config.ts";
import { readRunImages } from "./folder/run-images.ts";
import { resume } from "./resume.ts";
import { train } from "./train.ts";

const folder = temporaryFolder();
let data: string;
let cache: string;
let images: readonly LabelledImage[];
const settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 1, seed: 3, validation: 0.25 } as const;

beforeAll(async () => {
  data = join(folder, "data");
  cache = join(folder, "cache");
  await writePhantomDataset(data, { images: 96, size: 16, seed: 1 });
  // What is given image by image does not say that it was drawn.
  await rm(join(data, phantomMarker));
  const listed = await listDataset(data);
  images = await Promise.all(
    listed.images.map(async ({ path, label, split }) => ({
      image: await readFile(join(data, path)),
      label: listed.classes[label]!,
      name: basename(path),
      split,
    })),
  );
});

const imagesOf = async (run: string) => (await readRunImages(run, (await readConfig(run)).data))!;

it("gives the weights, the division and the figures that the same images in folders give", async () => {
  const [fromFolder, fromMemory] = [join(folder, "from-folder"), join(folder, "from-memory")];
  const inFolder = await openData(data, { cache });
  const inMemory = await openData(await listTrainingImages(images), { cache });
  expect(inMemory.images).toEqual(inFolder.images);
  await train(inFolder, { ...settings, cache, out: fromFolder });
  await train(inMemory, { ...settings, cache, out: fromMemory });
  expect(await imagesOf(fromMemory)).toEqual(await imagesOf(fromFolder));
  const { fingerprint } = (await readConfig(fromFolder)).data;
  expect((await readConfig(fromMemory)).data.fingerprint).toBe(fingerprint);
  const model = (run: string) => readFile(join(run, "model.onnx"));
  expect((await model(fromMemory)).equals(await model(fromFolder))).toBe(true);
  const judged = await evaluate(fromMemory, inMemory, { cache });
  expect(judged).toEqual(await evaluate(fromFolder, inFolder, { cache }));
  expect(judged).toMatchObject({ protocol: "official", check: { leftOut: { content: 0 } } });
});

it("draws the same test from the same contents, and keeps groups on one side", async () => {
  const pool = images.filter(({ split }) => split === "train").map(({ split, ...image }) => image);
  const drawn = await openData(await listTrainingImages(pool), { cache, seed: 5 });
  expect(drawn.protocol).toMatchObject({ name: "drawn split", seed: 5 });
  const testedIn = ({ images: own }: typeof drawn) =>
    own.filter(({ split }) => split === "test").map(({ path }) => path);
  const again = await openData(await listTrainingImages(pool.toReversed()), { cache, seed: 5 });
  expect(testedIn(again)).toEqual(testedIn(drawn));
  const grouped = pool.map((image, i) => ({ ...image, group: String(Math.floor(i / 3)) }));
  const whole = await openData(await listTrainingImages(grouped), { cache, seed: 5 });
  expect(whole.protocol!.groupedBy).toContain("given group");
  const sides = new Map<string, Set<string>>();
  for (const { group, split } of whole.images) sides.set(group!, (sides.get(group!) ?? new Set()).add(split));
  expect([...sides.values()].every(({ size }) => size === 1)).toBe(true);
  const run = join(folder, "grouped");
  await train(whole, { ...settings, cache, out: run });
  const parts = new Map<number, Set<string>>();
  for (const { group, part } of await imagesOf(run)) parts.set(group, (parts.get(group) ?? new Set()).add(part));
  expect([...parts.values()].every(({ size }) => size === 1)).toBe(true);
});

it("takes paths, Blobs and streams, and leaves out what is no image", async () => {
  const file = join(data, (await listDataset(data)).images[0]!.path);
  async function* stream() {
    for (const [i, { image, label }] of images.entries()) {
      const bytes = image as Buffer;
      const kinds = [
        bytes,
        new Uint8Array(bytes),
        new Blob([new Uint8Array(bytes)]),
        new Uint8Array(bytes).buffer,
      ] as const;
      yield { image: kinds[i % kinds.length]!, label };
    }
    yield { image: file, label: images[0]!.label };
    yield { image: Buffer.from("no image"), label: images[0]!.label, name: "odd" };
    yield { image: join(folder, "gone.jpg"), label: images[0]!.label };
  }
  const dataset = await openData(await listTrainingImages(stream()), { cache });
  expect(dataset.images.map(({ path }) => basename(path))).toContain(basename(file));
  const run = join(folder, "streamed");
  const problems: unknown[] = [];
  await train(
    dataset,
    { ...settings, cache, out: run },
    { onEvent: (event) => event.kind === "problems" && problems.push(...event.problems) },
  );
  expect(problems).toEqual([
    { path: `${images[0]!.label}/gone.jpg`, message: expect.stringContaining("left out") },
    { path: `${images[0]!.label}/odd`, message: "not an image, left out" },
  ]);
});

it("judges on other images, those that were learned from left out", async () => {
  const run = join(folder, "judged");
  await train(await openData(await listTrainingImages(images), { cache }), { ...settings, cache, out: run });
  const other = join(folder, "other");
  await writePhantomDataset(other, { images: 24, size: 16, seed: 9 });
  const listed = await listDataset(other);
  const fresh = listed.images.map(({ path, label }) => ({ image: join(other, path), label: listed.classes[label]! }));
  const learned = images
    .filter(({ split }) => split === "train")
    .slice(0, 3)
    .map(({ split, name, ...image }) => image);
  const external = await evaluate(run, await listTestImages([...fresh, ...learned]), { cache });
  expect(external).toMatchObject({ protocol: "external", samples: fresh.length, check: { leftOut: { content: 3 } } });
});

it("goes on where the same images are given again, and says so where they are not", async () => {
  const run = join(folder, "stopped");
  const dataset = await openData(await listTrainingImages(images), { cache });
  const stop = new AbortController();
  const own = { ...settings, epochs: 2, cache, out: run };
  const onEvent = (event: { readonly kind: string }) => void (event.kind === "epoch" && stop.abort());
  expect(await train(dataset, own, { signal: stop.signal, onEvent })).toMatchObject({ finished: false });
  const resuming = resume(run, { cache });
  await expect(resuming).rejects.toThrow(RunError);
  await expect(resuming).rejects.toThrow(/given in memory, which it does not keep; give the same images again/);
  const fewer = await openData(await listTrainingImages(images.slice(1)), { cache });
  await expect(resume(run, { dataset: fewer, cache })).rejects.toThrow(/the images are not those/);
  expect(await resume(run, { dataset, cache })).toMatchObject({ finished: true, epochs: 2 });
});

describe("refuses in a sentence", () => {
  const image = Buffer.from("x");
  it.each([
    ["no image", [{ label: "a" }], /image 1: image: expected a path, Buffer/],
    ["nothing", [undefined], /image 1: image: expected a path, Buffer/],
    ["no label", [{ image }], /image 1: label: expected the name of a class/],
    ["another split", [{ image, label: "a", split: "val" }], /split: expected "train", "test" or nothing/],
    [
      "some splits alone",
      [
        { image, label: "a", split: "train" },
        { image, label: "b" },
      ],
      /given for some images/,
    ],
    ["one class", [{ image, label: "a" }], /only one class, "a"/],
    ["no images", [], /of no class/],
    [
      "two of one name",
      [1, 2].flatMap(() => [
        { image, label: "a", name: "n" },
        { image, label: "b" },
      ]),
      /called "n"/,
    ],
    [
      "a name outside",
      [
        { image, label: "a", name: "../../x" },
        { image, label: "b" },
      ],
      /no name for an image/,
    ],
    [
      "classes alike",
      [
        { image, label: "a" },
        { image, label: "A" },
      ],
      /differ only by case/,
    ],
    [
      "a class that is tested alone",
      ["a", "b"].map((label) => ({ image, label, split: "train" })).concat({ image, label: "c", split: "test" }),
      /"c" has test images but no training/,
    ],
  ] as const)("%s", async (_, given, sentence) => {
    const listing = listTrainingImages(given as unknown as LabelledImage[]);
    await expect(listing).rejects.toThrow(DatasetError);
    await expect(listing).rejects.toThrow(sentence);
  });
});
