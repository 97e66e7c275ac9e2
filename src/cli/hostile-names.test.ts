/** Hostile names of classes, files, folders and metadata through every command that reads or writes some. */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { csvText } from "../formats/csv-text.ts";
import { readRunImages } from "../run/folder/run-images.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { checkFiles, hostileNames, printed, writeHostileData } from "./testing/hostile-names.ts";

const folder = temporaryFolder();
/** All that commands write. */
let written: string;
let data: string;
let metadata: string;
let run: string;
let small: readonly string[];
/** As the data set lists them. */
const classes = hostileNames
  .map((name) => name.normalize("NFC"))
  .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

beforeAll(async () => {
  // The commands' own folders are called so too.
  const inner = join(folder, hostileNames[1]!, hostileNames[5]!);
  written = join(folder, "written <b>\u202e");
  await mkdir(inner, { recursive: true });
  await mkdir(written);
  [data, metadata, run] = [join(inner, "data"), join(inner, "metadata.csv"), join(written, "run\u001b[31m")];
  await writeHostileData(data, metadata);
  small = [
    "--image-size",
    "8",
    "--engine",
    "reference",
    "--batch",
    "8",
    "--epochs",
    "1",
    "--cache",
    join(folder, "cache"),
  ];
  const args = ["--data", data, "--metadata", metadata, ...small, "--tensorboard", "--validation", "0.2", "--out", run];
  const { status, error } = await printed("train", ...args);
  expect(status, error).toBe(0);
});

it("train", async () => {
  await checkFiles(run);
  const evaluation = JSON.parse(await readFile(join(run, "evaluation.json"), "utf8"));
  expect(evaluation.classes).toEqual(classes);
  expect(evaluation.perClass.map((one: { class: string }) => one.class)).toEqual(classes);
  const images = (await readRunImages(run, { classes }))!;
  expect(new Set(images.map(({ label }) => classes[label]))).toEqual(new Set(classes));
  for (const { path } of images) await readFile(join(data, path));
});

it("watch", async () => {
  expect(await printed("watch", run)).toMatchObject({ status: 0 });
  const { status, out } = await printed("watch", run, "--json");
  expect(status).toBe(0);
  for (const line of out.trimEnd().split("\n")) JSON.parse(line);
});

it("evaluate, by the folders' classes and by those of a map", async () => {
  const args = ["evaluate", run, "--data", data, "--metadata", metadata, "--cache", join(folder, "cache")];
  expect(await printed(...args)).toMatchObject({ status: 0 });
  expect(JSON.parse((await printed(...args, "--json")).out).classes).toEqual(classes);
  const other = join(folder, "other");
  await writeHostileData(other, join(folder, "other.csv"), { train: 1, test: 0 });
  const map = join(folder, "map.csv");
  const turned = hostileNames.map((name, i) => ({ class: name, becomes: hostileNames.at(i - 1)! }));
  await writeFile(map, csvText(["class", "becomes"], turned));
  const judged = await printed("evaluate", run, "--data", join(other, "Train"), "--class-map", map, "--json");
  expect(judged.status, judged.error).toBe(0);
});

it("compare", async () => {
  const second = join(written, "<second>\u202e");
  await cp(run, second, { recursive: true });
  const result = await printed("compare", run, second, "--data", data, "--cache", join(folder, "cache"));
  expect(result.status, result.error).toBe(0);
  expect(result.out).toContain("against");
});

it("predict", async () => {
  const images = classes.flatMap((name) => [join(data, "Test", name), join(data, "Train", name)]);
  const files: string[] = [];
  for (const own of images) for (const name of await readdir(own)) files.push(join(own, name));
  const plain = await printed("predict", run, ...files, "no such\u001b\nnaevus: forged.jpg");
  expect(plain.status).toBe(0);
  const { predictions } = JSON.parse((await printed("predict", run, ...files, "--json")).out);
  for (const { probabilities, error } of predictions) {
    if (error === undefined) expect(Object.keys(probabilities).sort()).toEqual([...classes].sort());
  }
  expect(predictions.map(({ image }: { image: string }) => image)).toEqual(files);
});

it("audit", async () => {
  const out = join(written, "audit");
  const about = ["--data", data, "--metadata", metadata, "--cache", join(folder, "cache"), "--out", out];
  const { status, error } = await printed("audit", ...about);
  expect(status, error).toBe(0);
  expect(JSON.parse((await printed("audit", ...about, "--json")).out).classes).toEqual(classes);
  const looked = await checkFiles(out);
  expect([looked.get("html"), looked.get("json")]).toEqual([1, 1]);
  const page = await readFile(join(out, "audit.html"), "utf8");
  for (const name of ["constructor", "__proto__", "toString"]) expect(page).toContain(`<th scope="row">${name}</th>`);
});

it("curate, show and training on what the plan leaves", async () => {
  const plan = join(written, "plan.csv");
  const about = ["--data", data, "--cache", join(folder, "cache")];
  const curated = await printed("curate", ...about, "--metadata", metadata, "--out", plan);
  expect(curated.status, curated.error).toBe(0);
  JSON.parse((await printed("curate", ...about, "--metadata", metadata, "--out", plan, "--overwrite", "--json")).out);
  const shown = await printed("show", ...about, "--curation", plan, "--out", join(written, "pictures"));
  expect(shown.status, shown.error).toBe(0);
  const args = ["--data", data, "--curation", plan, ...small, "--out", join(written, "curated")];
  const trained = await printed("train", ...args);
  expect(trained.status, trained.error).toBe(0);
  const looked = await checkFiles(written);
  expect([...looked.keys()]).toEqual(expect.arrayContaining(["svg", "json", "jsonl", "csv"]));
});

it("refusals name what is hostile", async () => {
  const config = join(folder, "forged.json");
  await writeFile(config, JSON.stringify({ "a\nnaevus: forged": 1 }));
  for (const argv of [
    ["train", "--data", join(folder, "none\n\u001b")],
    ["train", "--data", data, "--config", config],
    ["evaluate", join(folder, "no run\u202e\nnaevus: forged"), "--data", data],
    ["audit", "--data", data, "--metadata", join(folder, "\u009b\n.csv"), "--out", join(folder, "nothing")],
    ["no\u001bcommand"],
    ["train", "--no\u202eoption"],
  ]) {
    expect((await printed(...argv)).status).not.toBe(0);
  }
});
