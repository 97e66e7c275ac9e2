/** A run folder is one training's at a time: who comes second writes nothing. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { RunError } from "../../errors.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { crossValidate } from "../cross-validate.ts";
import { resume } from "../resume.ts";
import { train } from "../train.ts";
import { lockRun } from "./run-lock.ts";

const folder = temporaryFolder();
let dataset: Dataset;
const settings = () =>
  ({ engine: "reference", imageSize: 8, batch: 8, epochs: 1, cache: join(folder, "cache") }) as const;

beforeAll(async () => {
  await writePhantomDataset(join(folder, "data"), { images: 24, size: 16, seed: 1 });
  dataset = await readDataset(join(folder, "data"));
});

test("of two trainings into one folder one wins, and the configuration is that of the winner", async () => {
  const run = join(folder, "two");
  const seeds = [11, 12];
  const both = await Promise.allSettled(seeds.map((seed) => train(dataset, { ...settings(), seed, out: run })));
  const won = both.findIndex(({ status }) => status === "fulfilled");
  const lost = both[1 - won]!;
  expect(lost.status).toBe("rejected");
  expect((lost as PromiseRejectedResult).reason).toBeInstanceOf(RunError);
  expect((lost as PromiseRejectedResult).reason.message).toMatch(/works in this folder|there is a run already/);
  expect(JSON.parse(await readFile(join(run, "config.json"), "utf8")).settings.seed).toBe(seeds[won]);
  expect((await readdir(run)).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a folder that another process has is refused before anything is written, for a new run, a resumed one and folds", async () => {
  const run = join(folder, "held");
  await train(dataset, { ...settings(), out: run });
  const other = join(folder, "other");
  await cp(run, other, { recursive: true });
  const names = (await readdir(run)).sort();
  for (const one of [run, other]) {
    const lock = await lockRun(one);
    const refused = { name: "RunError", message: expect.stringContaining("works in this folder") };
    await expect(resume(one)).rejects.toMatchObject(refused);
    await expect(train(dataset, { ...settings(), out: one })).rejects.toMatchObject(refused);
    await expect(crossValidate(dataset.root, { ...settings(), out: one }, { folds: 2 })).rejects.toMatchObject(refused);
    expect((await readdir(one)).filter((name) => name !== ".lock").sort()).toEqual(names);
    await lock.release();
  }
});

test("a training that finds its folder another's stops and writes no more", async () => {
  const run = join(folder, "lost");
  const events: string[] = [];
  const training = train(
    dataset,
    { ...settings(), epochs: 3, out: run },
    {
      onEvent: async ({ kind }) => {
        if (kind === "begin") await writeFile(join(run, ".lock"), `1 ${hostname()} fedcba987654 1 0123456789ab\n`);
        events.push(kind);
      },
    },
  );
  await expect(training).rejects.toThrow(RunError);
  expect(events).not.toContain("epoch");
  expect(await readdir(run)).not.toContain("model.onnx");
});

test("a training that fails leaves what stands in its folder by then, where the folder is another's", async () => {
  const run = join(folder, "taken");
  const lock = `1 ${hostname()} fedcba987654 1 0123456789ab\n`;
  const fail = ({ kind }: { readonly kind: string }) => {
    if (kind !== "begin") return;
    writeFileSync(join(run, ".lock"), lock);
    writeFileSync(join(run, "config.json"), "another's");
    throw new Error("failed");
  };
  await expect(train(dataset, { ...settings(), out: run }, { onEvent: fail })).rejects.toThrow("failed");
  expect(await readFile(join(run, ".lock"), "utf8")).toBe(lock);
  expect(await readFile(join(run, "config.json"), "utf8")).toBe("another's");
  expect(await readdir(run)).toEqual(expect.arrayContaining(["images.csv", "local.json"]));
});

test("a training that fails at once takes its files away, still as the folder's holder, and the folder if it made it", async () => {
  const run = join(folder, "barren");
  const fail = ({ kind }: { readonly kind: string }) => {
    if (kind === "begin") throw new Error("failed");
  };
  const failing = () =>
    expect(train(dataset, { ...settings(), out: run }, { onEvent: fail })).rejects.toThrow("failed");
  await failing();
  expect(await readdir(folder)).not.toContain("barren");
  await mkdir(run);
  await failing();
  expect(await readdir(run)).toEqual([]);
});

test("a run whose process was killed is resumed", async () => {
  const run = join(folder, "killed");
  await train(dataset, { ...settings(), out: run });
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(join(run, ".lock"), `${pid} ${hostname()}\n`);
  expect((await resume(run)).finished).toBe(true);
  expect(await readdir(run)).not.toContain(".lock");
});
