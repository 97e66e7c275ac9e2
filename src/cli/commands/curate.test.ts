/** Curation plans, protocols and cross-validation from the command line, on phantom data with duplicates and lesions made up. */
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readEvaluation } from "../../run/folder/evaluation-file.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { runRecorded } from "../testing/recorded-command.ts";

const folder = temporaryFolder();
let data: string;
let metadata: string;
let plan: string;
let small: readonly string[];

const naevus = (...argv: readonly string[]) => runRecorded(argv, { environment: { XDG_CACHE_HOME: folder } });

beforeAll(async () => {
  data = join(folder, "data");
  metadata = join(folder, "metadata.csv");
  plan = join(folder, "plan.csv");
  await naevus("data", "phantom", "--out", data, "--images", "72", "--size", "16");
  const melanoma = join(data, "Train/melanoma/phantom-train-00001.jpg");
  await copyFile(melanoma, join(data, "Train/nevus/conflict.jpg"));
  await copyFile(melanoma, join(data, "Train/melanoma/phantom-train-00001 - Copy.jpg"));
  await rename(join(data, "Test/melanoma/phantom-test-00001.jpg"), join(data, "Test/melanoma/other-view.jpg"));
  // The conflict is a melanoma, and one test image is of a lesion in training.
  await writeFile(
    metadata,
    "\ufeffimage_id;lesion_id;dx\r\nconflict;;mel\r\nphantom-train-00002;L1;\r\nother-view;L1;\r\n",
  );
  small = ["--data", data, "--image-size", "8", "--engine", "reference", "--batch", "16", "--epochs", "1"];
});

describe("naevus curate", () => {
  it("writes a plan and says what it does", async () => {
    const { status, out } = await naevus("curate", "--data", data, "--metadata", metadata, "--out", plan);
    expect(status).toBe(0);
    expect(out).toMatch(/^74 images: 2 left out, 0 relabelled, \d+ in 1 group\n/);
    expect(out).toContain("9 classes stay: actinic keratosis, basal cell carcinoma");
    expect(out).toContain(`plan: ${plan}`);
    const text = await readFile(plan, "utf8");
    expect(text).toContain(
      "one content under melanoma and nevus; the diagnosis mel is melanoma, as Train/melanoma/phantom-train-00001.jpg",
    );
    expect(text).toContain("the same content as Train/melanoma/phantom-train-00001.jpg");
  });

  it("tells its numbers as JSON, and names ids that no image has", async () => {
    const other = join(folder, "other.csv");
    await writeFile(other, "image,lesion_id\nphantom-train-00001,L\nnobody,L\n");
    const out = join(folder, "json.csv");
    const result = await naevus("curate", "--data", data, "--metadata", metadata, other, "--out", out, "--json");
    expect(JSON.parse(result.out)).toMatchObject({ plan: out, images: 74, leftOut: 2, classesLeftOut: {} });
    expect(result.error).toContain("has an id that no image has, nobody; not used");
  });

  it("replaces a plan that somebody may have worked on only where it is told to", async () => {
    const out = join(folder, "mine.csv");
    await writeFile(out, "mine");
    const refused = await naevus("curate", "--data", data, "--out", out);
    expect(refused.status).toBe(1);
    expect(refused.error).toContain(
      "mine.csv: there is such a file already; choose another one, or have it replaced with --overwrite",
    );
    expect(await readFile(out, "utf8")).toBe("mine");
    expect(await naevus("curate", "--data", data, "--out", out, "--overwrite")).toMatchObject({ status: 0 });
    expect(await readFile(out, "utf8")).toContain("naevus curation plan");
  });

  it.each([
    [["--metadata", "none.csv"], "none.csv: no such file"],
    [["--mapping", "none.csv"], "none.csv: no such file"],
    [["--patients"], "the metadata say nothing of patients"],
  ])("refuses %j and writes nothing", async (more, message) => {
    const out = join(folder, "refused.csv");
    const { status, error } = await naevus("curate", "--data", data, "--out", out, ...more);
    expect(status).toBe(1);
    expect(error).toContain(message);
    await expect(readFile(out)).rejects.toThrow("ENOENT");
  });
});

describe("--curation and --protocol", () => {
  it("are kept by the run, and stand beside its figures", async () => {
    const run = join(folder, "clean");
    const flags = ["--curation", plan, "--protocol", "clean", "--metadata", metadata];
    const trained = await naevus("train", ...small, ...flags, "--out", run);
    expect(trained).toMatchObject({ status: 0 });
    expect(trained.out).toMatch(/^clean: \d+ images of (\d of the model's )?9 classes/m);
    expect(trained.out).toMatch(/[\d,]+ training images, grouped by content, near duplicate, lesion, curation plan/);
    expect(trained.out).toMatch(/^curated: 2 left out, 0 relabelled \(plan [0-9a-f]{12}\)$/m);
    const again = await naevus("evaluate", run, "--data", data, "--json");
    const figures = JSON.parse(again.out);
    expect(figures).toMatchObject({
      protocol: "clean",
      groupedBy: ["content", "near duplicate", "lesion", "curation plan"],
      leftOut: { content: 0, group: 1 },
      curation: { leftOut: 2 },
      dataFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const asOfficial = async (...more: string[]) =>
      JSON.parse((await naevus("evaluate", run, "--data", data, "--protocol", "official", "--json", ...more)).out);
    const official = await asOfficial();
    expect(official.protocol).toBe("official");
    expect(official).not.toHaveProperty("leftOut");
    expect(official.samples).toBe(figures.samples);
    expect(official.check.leftOut).toEqual({ content: 0, lesion: 1, patient: 0, missing: 0 });
    const insisted = await asOfficial("--allow-seen");
    expect(insisted.samples).toBe(figures.samples + 1);
    expect(insisted.check.seen.lesion).toBe(1);
  });

  it("test a fold, and nothing that the model learned from", async () => {
    const run = join(folder, "fold");
    const trained = await naevus("train", ...small, "--protocol", "grouped:3", "--fold", "1", "--out", run);
    expect(trained).toMatchObject({ status: 0 });
    expect(trained.error).toContain("warning: grouped:3: no metadata and no curation plan tell");
    expect(trained.out).toMatch(/^grouped:3: 2\d images of (\d of the model's )?9 classes/m);
    expect(await naevus("train", "--resume", run)).toMatchObject({ status: 0 });
    const other = await naevus("evaluate", run, "--data", data, "--fold", "2");
    expect(other.status).toBe(1);
    expect(other.error).toMatch(
      /none is left of 2\d images that would be judged \(.*: its content stands in training\); give images that/,
    );
  });

  it("warn where the metadata do not tell lesions", async () => {
    const ages = join(folder, "ages.csv");
    await writeFile(ages, "image,age\nphantom-train-00001.jpg,40\nother.jpg,50\n");
    const flags = ["--protocol", "clean", "--metadata", ages, "--out", join(folder, "ages")];
    const { status, error } = await naevus("train", ...small, ...flags);
    expect(status, error).toBe(0);
    expect(error).toContain("warning: clean: no metadata and no curation plan tell which images show one lesion");
    expect(error).toContain("ages.csv: has an id that no image has, other; not used");
  });

  it.each([
    [["--protocol", "cleen"], "--protocol: expected one of official, clean and grouped:K with K from 2 to 100"],
    [["--protocol", "grouped:3"], "fold: expected a whole number from 0 to 2 with the protocol grouped:3, got none"],
    [["--protocol", "grouped:3", "--fold", "3"], "fold: expected a whole number from 0 to 2"],
    [["--fold", "1"], "fold: only grouped:K has folds"],
    [["--curation", "none.csv"], "none.csv: no such file; give the CSV file of the curation plan"],
    [["--protocol", "clean", "--metadata", "none.csv"], "none.csv: no such file"],
    [["--protocol", "clean", "--group-by", "patient"], "the metadata say nothing of patients"],
  ])("are refused: %j", async (flags, message) => {
    const { status, error } = await naevus("train", ...small, ...flags, "--out", join(folder, "refused"));
    expect(status).toBe(1);
    expect(error).toContain(message);
  });

  it("refuse a plan that names files that are gone", async () => {
    const gone = join(folder, "gone.csv");
    await writeFile(gone, "action,path,class,group\nleave out,Train/nevus/none.jpg,,\n");
    const { status, error } = await naevus("train", ...small, "--curation", gone, "--out", join(folder, "refused"));
    expect(status).toBe(1);
    expect(error).toContain("none of the 1 images it names is in");
  });
});

describe("naevus cross-validate", () => {
  it("judges every image once, pools the figures, and goes on where it was stopped", async () => {
    const out = join(folder, "folds");
    const flags = [...small, "--curation", plan, "--folds", "2", "--out", out];
    const { status, out: printed } = await naevus("cross-validate", ...flags, "--json");
    expect(status).toBe(0);
    const evaluation = JSON.parse(printed);
    expect(evaluation).toMatchObject({
      protocol: "grouped:2",
      origin: "phantom",
      groupedBy: ["content", "near duplicate", "curation plan"],
      samples: 72,
      curation: { leftOut: 2 },
      folds: [{ fold: 0 }, { fold: 1 }],
    });
    expect(evaluation.folds[0].samples + evaluation.folds[1].samples).toBe(72);
    expect(await readEvaluation(out)).toEqual(evaluation);
    const [header, ...rows] = (await readFile(join(out, "predictions.csv"), "utf8")).trim().split("\n");
    expect(header).toMatch(/^path,fold,class,probability actinic keratosis,/);
    expect(new Set(rows.map((row) => row.split(",")[0])).size).toBe(72);

    // The fingerprint is that of the curated data, however they are divided.
    const official = join(folder, "official");
    await naevus("train", ...small, "--curation", plan, "--out", official);
    const { data: trainedOn } = JSON.parse(await readFile(join(official, "config.json"), "utf8"));
    expect(evaluation.dataFingerprint).toBe(trainedOn.fingerprint);

    await rm(join(out, "fold-1"), { recursive: true });
    const again = await naevus("cross-validate", ...flags, "--json");
    expect(JSON.parse(again.out)).toEqual(evaluation);
    const others = await naevus("cross-validate", ...flags, "--seed", "5");
    expect(others.error).toContain("begun with seed 0; give the same settings to go on, or another folder");
  });

  it("refuses a protocol of its own", async () => {
    await mkdir(join(folder, "config"));
    const config = join(folder, "config/config.json");
    await writeFile(config, JSON.stringify({ protocol: "clean" }));
    const { error } = await naevus("cross-validate", ...small, "--config", config);
    expect(error).toContain("cross-validate makes folds itself");
  });
});
