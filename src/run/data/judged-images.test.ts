/** Which images a model is judged on: decided by content, whatever files are called, wherever they lie and whoever asks. */
import { cp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { evaluate } from "../evaluate.ts";
import { readConfig } from "../folder/run-config.ts";
import { resume } from "../resume.ts";
import { changeConfig, makeOlderRun } from "../testing/changed.ts";
import { train } from "../train.ts";
import { openData } from "./open-data.ts";
import {
  cache,
  copy,
  figuresOf,
  flat,
  flatRun,
  folder,
  imagesOf,
  judge,
  modelOf,
  pathsOf,
  published,
  publishedRun,
  settings,
} from "./testing/judged-runs.ts";

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
      check: { newImages: 0 },
      classMap: { leftOut: 96 - (await imagesOf(few)).length },
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
