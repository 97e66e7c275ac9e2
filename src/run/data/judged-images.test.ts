/** Which images a model is judged on: decided by content, whatever files are called, wherever they lie and whoever asks. */
import { cp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readMetadata } from "../../dataset/metadata.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { readDataset } from "../../image/read-dataset.ts";
import type { SettingsInput } from "../../training/settings/schema.ts";
import { changeConfig, makeOlderRun } from "../testing/changed.ts";
import { evaluate, type JudgingContext } from "../evaluate.ts";
import { type DataSettings, openData, openJudgedData } from "./open-data.ts";
import { readConfig } from "../folder/run-config.ts";
import { readRunImages } from "../folder/run-images.ts";
import { resume } from "../resume.ts";
import { train } from "../train.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";

const folder = temporaryFolder();
/** Train and Test, 96 images, as phantoms come. */
let published: string;
/** One folder per class, of which a fifth is drawn. */
let flat: string;
let settings: SettingsInput;
let publishedRun: string;
let flatRun: string;
let cache: string;
/** A copy of `flat` or `published` that a test may change. */
let copy: string;
let copies = 0;

beforeAll(async () => {
  published = join(folder, "published");
  flat = join(folder, "flat");
  cache = join(folder, "cache");
  await writePhantomDataset(published, { images: 96, size: 16, seed: 1 });
  await cp(join(published, "Train"), flat, { recursive: true });
  settings = { engine: "reference", imageSize: 8, batch: 8, epochs: 1, seed: 7, cache };
  publishedRun = join(folder, "published-run");
  flatRun = join(folder, "flat-run");
  await train(await readDataset(published), { ...settings, out: publishedRun });
  await train(await openData(flat, settings), { ...settings, out: flatRun });
});
beforeEach(() => {
  copy = join(folder, `copy-${++copies}`);
});

/** As the command judges. */
const judge = async (
  run: string | readonly string[],
  data: string,
  { given = {}, ...context }: JudgingContext & { readonly given?: DataSettings } = {},
): Promise<Evaluation> => {
  const runs = typeof run === "string" ? [run] : run;
  const { dataset, metadata } = await openJudgedData(runs, data, { ...given, cache });
  return evaluate(runs, dataset, { cache, metadata, ...context });
};
const modelOf = (run: string) => join(run, "model.onnx");
const figuresOf = ({ protocol, samples, correct, confusionMatrix }: Evaluation) => ({
  protocol,
  samples,
  correct,
  confusionMatrix,
});
const imagesOf = async (run: string) => (await readRunImages(run, (await readConfig(run)).data))!;
const pathsOf = async (run: string, part: string) =>
  (await imagesOf(run)).filter((image) => image.part === part).map(({ path }) => path);

it("keeps every image of a run by what it holds, with its part", async () => {
  const images = await imagesOf(flatRun);
  const { data } = await readConfig(flatRun);
  expect(images).toHaveLength(data.train + data.test);
  expect(images.filter(({ part }) => part === "test")).toHaveLength(data.test);
  for (const { pixels, file } of images) for (const hash of [pixels, file]) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(images.map(({ pixels }) => pixels)).size).toBe(images.length);
});

describe("a run's own data", () => {
  let own: ReturnType<typeof figuresOf>;
  beforeAll(async () => {
    own = figuresOf(await judge(flatRun, flat));
  });

  it("are its test images, by its folder and by its model file alone", async () => {
    expect(own.protocol).toBe("drawn split");
    expect(own.samples).toBe((await readConfig(flatRun)).data.test);
    const evaluation = await judge(flatRun, flat);
    expect(evaluation).toMatchObject({
      trainingImages: (await readConfig(flatRun)).data.train,
      check: {
        comparedBy: ["content"],
        seen: { content: 0, lesion: 0, patient: 0 },
        leftOut: { content: 0, lesion: 0, patient: 0, missing: 0 },
        leftOutImages: [],
        newImages: 0,
      },
    });
    expect(figuresOf(await judge(modelOf(flatRun), flat))).toEqual(own);
  });

  it("stay the same under other names, in another place, over links, saved anew without loss and with new files beside", async () => {
    await cp(flat, copy, { recursive: true });
    for (const name of await readdir(copy)) {
      for (const file of await readdir(join(copy, name))) {
        const path = join(copy, name, file);
        await sharp(await readFile(path))
          .png()
          .toFile(join(copy, name, `renamed ${file}.png`));
        await rm(path);
      }
    }
    const linked = join(folder, "linked");
    await symlink(copy, linked);
    for (const data of [copy, linked]) {
      expect(figuresOf(await judge(flatRun, data))).toEqual(own);
      expect(figuresOf(await judge(modelOf(flatRun), data))).toEqual(own);
    }
    const more = join(folder, "more");
    await writePhantomDataset(more, { images: 24, size: 16, seed: 9 });
    for (const name of await readdir(join(more, "Train"))) {
      for (const file of await readdir(join(more, "Train", name))) {
        await rename(join(more, "Train", name, file), join(copy, name, `added ${file}`));
      }
    }
    const evaluation = await judge(flatRun, copy);
    expect(figuresOf(evaluation)).toEqual(own);
    expect(evaluation.check!.newImages).toBeGreaterThan(0);
  });

  it("stay the same for a library that reads them with another seed", async () => {
    const dataset = await readDataset(flat, { seed: 99 });
    const run = join(folder, "other-seed");
    await train(dataset, { ...settings, out: run });
    const tested = dataset.images.filter(({ split }) => split === "test").map(({ path }) => path);
    expect((await pathsOf(run, "test")).sort()).toEqual(tested.sort());
    for (const seed of [0, 7, 99]) {
      const evaluation = await evaluate(run, await readDataset(flat, { seed }), { cache });
      expect(evaluation).toMatchObject({ protocol: "drawn split", samples: tested.length });
    }
    expect(await resume(run)).toMatchObject({ finished: true });
  });

  it("name and count the test images that are gone, changed or damaged, and keep the earlier figures", async () => {
    await judge(publishedRun, published);
    const kept = await readFile(join(publishedRun, "evaluation.json"), "utf8");
    await cp(published, copy, { recursive: true });
    const tested = await pathsOf(publishedRun, "test");
    const [gone, changed, cut] = tested as [string, string, string];
    await rm(join(copy, gone));
    await sharp({ create: { width: 16, height: 16, channels: 3, background: "#123456" } })
      .jpeg()
      .toFile(join(copy, changed));
    await writeFile(join(copy, cut), (await readFile(join(copy, cut))).subarray(0, 300));
    const evaluation = await judge(publishedRun, copy);
    expect(evaluation).toMatchObject({ protocol: "official", samples: tested.length - 3 });
    expect(evaluation.check!.leftOut.missing).toBe(3);
    expect(evaluation.check!.leftOutImages).toEqual([
      { path: gone, reason: "is missing, or has another content than when the run began" },
      { path: changed, reason: "is missing, or has another content than when the run began" },
      { path: cut, reason: "truncated JPEG, left out" },
    ]);
    const { check } = await judge(modelOf(publishedRun), copy);
    expect(check!.leftOut.missing).toBe(3);
    expect(await readFile(join(publishedRun, "evaluation.json"), "utf8")).toBe(kept);
  });

  it("are refused in a sentence when no test image is left", async () => {
    await cp(published, copy, { recursive: true });
    const dataset = await readDataset(copy);
    for (const path of await pathsOf(publishedRun, "test")) await rm(join(copy, path));
    await expect(evaluate(publishedRun, dataset, { cache })).rejects.toThrow(
      /none is left of \d+ images that would be judged \(.*: its content stands in training\)/,
    );
    await rm(copy, { recursive: true });
    await expect(evaluate(publishedRun, dataset, { cache })).rejects.toThrow(
      /no such folder; give the folder of the images/,
    );
  });

  it("are judged as published where Train and Test are given, and say what stands in both", async () => {
    await cp(published, copy, { recursive: true });
    const run = join(folder, "leaking");
    const [tested, learned] = [await pathsOf(publishedRun, "test"), await pathsOf(publishedRun, "train")];
    const place = (path: string) => join(copy, path);
    await cp(place(tested[0]!), place(`${dirname(learned[0]!)}/leak.jpg`));
    await train(await readDataset(copy), { ...settings, out: run });
    const official = await judge(run, copy);
    expect(official).toMatchObject({ protocol: "official", samples: tested.length });
    expect(official.check!.seen.content).toBe(1);
    const clean = await judge(run, copy, { given: { protocol: "clean" } });
    expect(clean).toMatchObject({ protocol: "clean", samples: tested.length - 1 });
    expect(clean.check!.seen.content).toBe(0);
  });
});

describe("external data", () => {
  it("are judged whole, in every layout and with any of the classes", async () => {
    const other = join(folder, "external");
    await writePhantomDataset(other, { images: 36, size: 16, seed: 5 });
    expect(await judge(publishedRun, other)).toMatchObject({ protocol: "external", samples: 36 });
    expect(await evaluate(publishedRun, await readDataset(other), { cache })).toMatchObject({
      protocol: "external",
      samples: 36,
    });
    const train = await judge(publishedRun, join(other, "Train"));
    await rename(join(other, "Train"), join(folder, "external-train"));
    const test = await judge(publishedRun, other);
    expect(train.samples + test.samples).toBe(36);
    await rm(join(other, "Test", "nevus"), { recursive: true });
    const some = await judge(modelOf(publishedRun), other);
    expect(some.protocol).toBe("external");
    expect(some.perClass.find((one) => one.class === "nevus")!.support).toBe(0);
    await expect(readFile(join(publishedRun, "evaluation.json"), "utf8")).resolves.toContain('"official"');
  });

  it("lose what the model learned from, named and counted, unless somebody insists", async () => {
    await writePhantomDataset(copy, { images: 36, size: 16, seed: 6 });
    const learned = (await pathsOf(publishedRun, "train")).slice(0, 3);
    for (const [i, path] of learned.entries()) {
      const name = path.split("/").at(-2)!;
      await sharp(join(published, path))
        .png()
        .toFile(join(copy, "Test", name, `seen ${i}.png`));
    }
    for (const run of [publishedRun, modelOf(publishedRun)]) {
      const evaluation = await judge(run, copy);
      expect(evaluation).toMatchObject({ protocol: "external", samples: 36 });
      expect(evaluation.check!.leftOut.content).toBe(3);
      for (const { path, reason } of evaluation.check!.leftOutImages) {
        expect(path).toMatch(/seen \d\.png/);
        expect(reason).toBe("its content stands in training");
      }
      const insisted = await judge(run, copy, { allowSeen: true });
      expect(insisted.samples).toBe(39);
      expect(insisted.check!.seen.content).toBe(3);
    }
  });

  it("lose other images of the lesions that the model learned from", async () => {
    const table = join(folder, "lesions.csv");
    const learned = await pathsOf(publishedRun, "train");
    await writeFile(table, ["path,lesion_id", ...learned.map((path, i) => `${path},L${i}`)].join("\n"));
    const run = join(folder, "with-lesions");
    await train(await readDataset(published), { ...settings, metadata: table, out: run });
    const before = await judge(run, published);
    await rename(table, join(folder, "moved.csv"));
    expect(await judge(run, published)).toEqual(before);
    await writePhantomDataset(copy, { images: 36, size: 16, seed: 8 });
    const other = (await readDataset(copy)).images.map(({ path }) => path);
    const theirs = join(folder, "their-lesions.csv");
    await writeFile(theirs, ["path,lesion_id", `${other[0]},L0`, `${other[1]},new`].join("\n"));
    const metadata = await readMetadata(theirs);
    for (const given of [run, modelOf(run)]) {
      const { samples, check } = await judge(given, copy, { metadata });
      expect(samples).toBe(35);
      expect(check).toMatchObject({ comparedBy: ["content", "lesion"], leftOut: { content: 0, lesion: 1 } });
      expect(check!.leftOutImages).toEqual([{ path: other[0], reason: "its lesion stands in training" }]);
    }
  });

  it("may have other names of classes, which a map makes the model's", async () => {
    await writePhantomDataset(copy, { images: 36, size: 16, seed: 4 });
    await rename(join(copy, "Test", "nevus"), join(copy, "Test", "mole"));
    await rename(join(copy, "Train", "nevus"), join(copy, "Train", "naevus"));
    await expect(judge(publishedRun, copy)).rejects.toThrow(
      /the classes "mole", "naevus"; its classes are .*--class-map/,
    );
    const classMap = join(folder, "map.csv");
    await writeFile(classMap, "class,becomes\nmole,nevus\nnaevus,nevus\n");
    expect(await judge(publishedRun, copy, { given: { classMap } })).toMatchObject({ samples: 36 });
  });

  it("cannot be told from a model without digests, which is refused unless somebody insists", async () => {
    const run = join(folder, "no-hashes");
    await train(await readDataset(published), { ...settings, hashes: false, out: run });
    expect(await judge(run, published)).toMatchObject({ protocol: "official" });
    await expect(judge(modelOf(run), published)).rejects.toThrow(/nothing tells which images this model was trained on/);
    const insisted = await judge(modelOf(run), published, { allowSeen: true });
    expect(insisted).toMatchObject({ protocol: "external", check: { comparedBy: [] } });
    const [withDigests, without] = [await readFile(modelOf(publishedRun)), await readFile(modelOf(run))];
    expect(withDigests.length - without.length).toBeLessThan(96 * 16 + 1000);
  });
});

it("trains on merged classes, and judges its own folders with them", async () => {
  const classMap = join(folder, "malignant.csv");
  const { classes } = await readDataset(published);
  const malignant = ["melanoma", "basal cell carcinoma", "squamous cell carcinoma"];
  const rows = classes.map((name) => `${name},${malignant.includes(name) ? "malignant" : "benign"}`);
  await writeFile(classMap, ["class,becomes", ...rows].join("\n"));
  const run = join(folder, "merged");
  const dataset = await openData(published, { classMap, cache });
  expect(dataset.classes).toEqual(["benign", "malignant"]);
  await train(dataset, { ...settings, classMap, out: run });
  const own = await evaluate(run, dataset, { cache });
  expect(own.classes).toEqual(["benign", "malignant"]);
  expect(figuresOf(await judge(run, published))).toEqual(figuresOf(own));
  expect(figuresOf(await judge(modelOf(run), published))).toEqual(figuresOf(own));
});

it("opens a run that was begun before its images were kept, where its data are unchanged", async () => {
  const run = join(folder, "older");
  await cp(publishedRun, run, { recursive: true });
  await makeOlderRun(run);
  expect(await judge(run, published)).toMatchObject({
    protocol: "official",
    samples: (await readConfig(run)).data.test,
  });
  await cp(published, copy, { recursive: true });
  await rm(join(copy, (await pathsOf(publishedRun, "train"))[0]!));
  await expect(judge(run, copy)).rejects.toThrow(/nothing tells which images this model was trained on/);
});

describe("what a run kept of its images", () => {
  /** A copy of `flatRun` whose list of images is changed, and whose configuration does not tell its digest. */
  const withList = async (name: string, change: (lines: string[]) => string[]): Promise<string> => {
    const run = join(folder, name);
    await cp(flatRun, run, { recursive: true });
    await changeConfig(run, ({ data: { images: _, ...data }, ...config }) => ({ ...config, data }));
    const file = join(run, "images.csv");
    await writeFile(file, change((await readFile(file, "utf8")).split("\n")).join("\n"));
    return run;
  };

  it("is refused where lines are lost, so that nothing learned passes for new", async () => {
    const header = await withList("header-alone", ([header]) => [header!, ""]);
    await expect(judge(header, flat)).rejects.toThrow(/images\.csv: damaged: it does not hold the images/);
    const tests = await withList("tests-alone", (lines) => lines.filter((line) => !line.startsWith("train,")));
    await expect(judge(tests, flat)).rejects.toThrow(/images\.csv: damaged/);
  });

  it("is refused where hashes are none or an image has changed its class or part", async () => {
    const none = await withList("no-hash", (lines) => lines.map((line) => line.replace(/,[0-9a-f]{64}/, ",-")));
    await expect(judge(none, flat)).rejects.toThrow(/images\.csv: line 2: damaged/);
    const moved = await withList("other-part", (lines) => lines.map((line) => line.replace(/^train,/, "test,")));
    await expect(judge(moved, flat)).rejects.toThrow(/images\.csv: damaged/);
  });
});

it("names what is gone and counts what cannot be read, by what the run had", async () => {
  await cp(published, copy, { recursive: true });
  const [tested] = await pathsOf(publishedRun, "test");
  const [learned] = await pathsOf(publishedRun, "train");
  await cp(join(copy, tested!), join(copy, `${tested}.copy.jpg`));
  await writeFile(join(copy, dirname(tested!), "never.jpg"), "no image");
  const run = join(folder, "unread");
  await train(await readDataset(copy), { ...settings, out: run });
  const never = { path: `${dirname(tested!)}/never.jpg`, reason: "not an image, left out" };
  for (const given of [run, modelOf(run)]) {
    const { check } = await judge(given, copy);
    expect(check).toMatchObject({ leftOut: { missing: 0 }, leftOutImages: [never], newImages: 1 });
  }
  await writeFile(join(copy, learned!), "no image");
  expect((await judge(run, copy)).check!.leftOut.missing).toBe(0);
  expect((await judge(modelOf(run), copy)).check!.leftOut.missing).toBe(0);
  await rm(join(copy, `${tested}.copy.jpg`));
  expect((await judge(modelOf(run), copy)).check!.leftOut.missing).toBe(1);
  expect((await judge(run, copy)).check).toMatchObject({
    leftOut: { missing: 1 },
    leftOutImages: [
      { path: `${tested}.copy.jpg`, reason: "is missing, or has another content than when the run began" },
      never,
    ],
  });
});

it("knows its own data where a map leaves out most of them, and where they have more than doubled", async () => {
  const classMap = join(folder, "two-classes.csv");
  const { classes } = await readDataset(published);
  await writeFile(classMap, ["class,becomes", ...classes.slice(2).map((name) => `${name},`)].join("\n"));
  const few = join(folder, "few-classes");
  await train(await openData(published, { classMap, cache }), { ...settings, classMap, out: few });
  const { test } = (await readConfig(few)).data;
  for (const run of [few, modelOf(few)]) {
    expect(await judge(run, published)).toMatchObject({
      protocol: "official",
      samples: test,
      check: { newImages: 96 - (await imagesOf(few)).length },
    });
  }
  await writePhantomDataset(copy, { images: 200, size: 16, seed: 12 });
  await cp(flat, join(copy, "Train"), { recursive: true });
  const grown = await judge(flatRun, join(copy, "Train"));
  expect(figuresOf(grown)).toEqual(figuresOf(await judge(flatRun, flat)));
});

it("judges by the run's classes, and says of how many images their folder tells another one", async () => {
  await cp(published, copy, { recursive: true });
  const tested = await pathsOf(publishedRun, "test");
  const other = dirname(tested.at(-1)!);
  await rename(join(copy, tested[0]!), join(copy, other, "moved.jpg"));
  for (const run of [publishedRun, modelOf(publishedRun)]) {
    const evaluation = await judge(run, copy);
    expect(figuresOf(evaluation)).toEqual(figuresOf(await judge(publishedRun, published)));
    expect(evaluation.check!.otherLabels).toBe(1);
  }
});

describe("a curation plan", () => {
  let plan: string;
  let relabelled: string;
  let becomes: string;
  let leak: string;
  beforeEach(async () => {
    const tested = await pathsOf(publishedRun, "test");
    relabelled = tested[0]!;
    becomes = tested.at(-1)!.split("/")[1]!;
    leak = `Train/${relabelled.split("/")[1]}/leak.jpg`;
    plan = join(folder, "relabel.csv");
    const lines = [`relabel,${relabelled},${becomes},,,`, `relabel,${leak},${becomes},,,`];
    await writeFile(
      plan,
      ["action,path,class,group,content,reason", ...lines, `leave out,${tested[1]},,,,`].join("\n"),
    );
    await cp(published, copy, { recursive: true });
    await cp(join(copy, relabelled), join(copy, leak));
  });

  it("of the run may relabel test images that stand in Train too", async () => {
    const run = join(folder, "relabelled");
    await train(await openData(copy, { curation: plan, cache }), { ...settings, curation: plan, out: run });
    const { test } = (await readConfig(run)).data;
    for (const given of [run, modelOf(run)]) {
      const { samples, check } = await judge(given, copy);
      expect(samples).toBe(test);
      expect(check).toMatchObject({ seen: { content: 1 }, leftOut: { missing: 0 }, otherLabels: 1 });
    }
  });

  it("that the run did not have makes other test images, and the figures name it", async () => {
    const kept = await readFile(join(publishedRun, "evaluation.json"), "utf8");
    const before = await judge(publishedRun, published);
    await rm(join(copy, leak));
    const { samples, check, curation, perClass } = await judge(publishedRun, copy, { given: { curation: plan } });
    expect(samples).toBe(before.samples - 1);
    expect(check!.leftOut.missing).toBe(0);
    expect(curation).toMatchObject({ leftOut: 1, relabelled: 1 });
    const supportOf = ({ perClass }: Pick<Evaluation, "perClass">) =>
      perClass.find((one) => one.class === becomes)!.support;
    expect(supportOf({ perClass })).toBe(supportOf(before) + 1);
    expect(await readFile(join(publishedRun, "evaluation.json"), "utf8")).toBe(kept);
  });
});

it("keeps what an older run learned from out of what others are tested on", async () => {
  const [older, newer] = [join(folder, "older-draw"), join(folder, "newer-draw")];
  const draw = await readDataset(flat, { seed: 3 });
  await train(draw, { ...settings, out: older });
  await makeOlderRun(older);
  await train(await readDataset(flat, { seed: 11 }), { ...settings, out: newer });
  const learned = new Set(draw.images.filter(({ split }) => split === "train").map(({ path }) => path));
  const tested = await pathsOf(newer, "test");
  const both = await evaluate([newer, older], draw, { cache });
  expect(both.samples).toBe(tested.filter((path) => !learned.has(path)).length);
  expect(both.check!.leftOut.content).toBe(tested.filter((path) => learned.has(path)).length);
  expect(await evaluate(older, draw, { cache })).toMatchObject({ check: { newImages: 0, leftOut: { missing: 0 } } });
});

it("opens a run whose folder is named as a model file is", async () => {
  const run = join(folder, "first.onnx");
  await cp(flatRun, run, { recursive: true });
  expect(figuresOf(await judge(run, flat))).toEqual(figuresOf(await judge(flatRun, flat)));
  expect(figuresOf(await judge(modelOf(run), flat))).toEqual(figuresOf(await judge(flatRun, flat)));
});
