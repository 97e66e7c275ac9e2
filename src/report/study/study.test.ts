/** The whole study on a small phantom set: stopped and gone on with, kept where nothing changed, and what its report holds. */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../image/phantom.ts";
import { loadModel } from "../../inference/model.ts";
import { imbalanceNames } from "../../training/imbalance.ts";
import { type StudyOptions, study } from "./study.ts";
import type { StudyEvent } from "./study-context.ts";
import type { StudyReport } from "./study-report.ts";

let folder: string;
let options: StudyOptions;
let report: StudyReport;
let page: string;
/** What was done again after the stop. */
let events: StudyEvent[];
let keptAtStop: number;

const stepsOf = async (): Promise<string[]> => (await readdir(join(options.out, "steps"))).sort();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "naevus-study-"));
  const data = join(folder, "data");
  await writePhantomDataset(data, { images: 150, size: 24, seed: 1 });
  options = {
    data,
    out: join(folder, "study"),
    budget: 0.3,
    settings: { imageSize: 24, batch: 16, seed: 2, threads: 1, cache: join(folder, "cache") },
  };
  // Stopped in the middle of a training of the seventh chapter.
  const stop = new AbortController();
  let chapter = 0;
  let fits = 0;
  const stopped = study({
    ...options,
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === "chapter") chapter = event.number;
      if (event.kind === "fit" && chapter === 7 && ++fits === 3) stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  keptAtStop = (await stepsOf()).length;
  events = [];
  report = await study({ ...options, onEvent: (event) => events.push(event) });
  page = await readFile(join(options.out, "report.html"), "utf8");
}, 240_000);
afterAll(() => rm(folder, { recursive: true }));

describe("study", () => {
  it("goes on where it was stopped, with what was done", () => {
    expect(keptAtStop).toBeGreaterThan(8);
    expect(events.filter(({ kind }) => kind === "kept")).toHaveLength(keptAtStop);
  });

  it("does nothing again where nothing changed, and comes to the same report", async () => {
    const before = await stepsOf();
    const again: StudyEvent[] = [];
    const second = await study({ ...options, onEvent: (event) => again.push(event) });
    expect(again.filter(({ kind }) => kind === "fit" || kind === "step")).toEqual([]);
    expect(again.filter(({ kind }) => kind === "kept")).toHaveLength(before.length);
    expect(second).toEqual(JSON.parse(await readFile(join(options.out, "report.json"), "utf8")));
    expect(second.evaluation).toEqual(report.evaluation);
  });

  it("does again what depends on a changed setting, and keeps the rest", async () => {
    const again: StudyEvent[] = [];
    const stop = new AbortController();
    const changed = study({
      ...options,
      settings: { ...options.settings, batch: 8 },
      signal: stop.signal,
      onEvent: (event) => {
        again.push(event);
        if (event.kind === "fit") stop.abort();
      },
    });
    await expect(changed).rejects.toMatchObject({ name: "AbortError" });
    const kept = again.flatMap((event) => (event.kind === "kept" ? [event.step] : []));
    expect(kept).toEqual(["data", "curation", "looks"]);
  });

  it("leaves report, figures, plan, audit, model and model card", async () => {
    expect((await readdir(options.out)).sort()).toEqual([
      "audit.json",
      "curation.csv",
      "model-card.md",
      "model.onnx",
      "models",
      "report.html",
      "report.json",
      "report.md",
      "steps",
    ]);
    const model = await loadModel(join(options.out, "model.onnx"));
    expect(model.classes).toEqual(report.classes);
    expect(model.metadata.temperature).toBeCloseTo(report.evaluation.calibrated?.fit.temperature ?? 1, 4);
    await model.dispose();
  });

  it("trains and judges the notebook's network on the data as published too", async () => {
    const { official, data } = report;
    expect(official.evaluation).toMatchObject({
      protocol: "official",
      samples: data.counts.images - official.evaluation.trainingImages!,
    });
    expect(official.recipe).toMatchObject({ network: "notebook", augmentation: "none", imbalance: "none" });
    const stored = JSON.parse(await readFile(join(options.out, official.run, "evaluation.json"), "utf8"));
    expect(stored.accuracy).toBe(official.evaluation.accuracy);
  });

  it("compares every strategy on all training images, and chooses the best by the figure it names", () => {
    const { imbalance, budget, dataset } = report;
    expect(imbalance.recipes.map(({ name }) => name)).toEqual([...imbalanceNames]);
    const values = imbalance.recipes.map(({ balancedAccuracy }) => balancedAccuracy.value!);
    expect(imbalance.chosen).toBe(imbalanceNames[values.indexOf(Math.max(...values))]);
    expect(budget.folds).toBeGreaterThanOrEqual(2);
    expect(report.evaluation.validation).toMatchObject({
      images: dataset.counts.reduce((sum, { train }) => sum + train, 0),
      sharedGroups: 0,
    });
  });

  it("says that the data are phantoms in every chapter, the intended use once, and why skin tone is not assessable", () => {
    expect(page.match(/<span class="badge">phantom data<\/span>/g)).toHaveLength(10);
    expect(page.match(/Not a medical device/g)).toHaveLength(1);
    expect(page).toMatch(/Skin tone: not assessable\. The data do not say it/);
    expect(report.conclusion.limits[0]).toMatch(/phantom data/);
  });

  it("is one page that asks for nothing, with a table and a description for every chart and every picture", () => {
    const text = page.replaceAll(/"data:[^"]*"/g, '"data:"');
    expect(text.match(/(?:src|href)="(?!data:|#)[^"]*/g)).toBeNull();
    const charts = page.match(/<figure>/g)!.length;
    expect(charts).toBeGreaterThan(15);
    expect(page.match(/<svg role="img" aria-label="[^"]{20,}"/g)).toHaveLength(charts);
    expect(page.match(/<summary>The figures as a table<\/summary>/g)).toHaveLength(charts);
    expect(page.match(/<img /g)!.length).toBe(page.match(/<img src="data:image\/jpeg[^"]*" alt="[^"]+"/g)!.length);
    const ids = page.match(/ id="[^"]+"/g)!;
    expect(new Set(ids).size).toBe(ids.length);
    expect(text.match(/.{40}(?:NaN|undefined|\[object).{40}/g)).toBeNull();
  });

  it("shows the images of every cell of the confusion matrix", async () => {
    const { confusionMatrix } = report.evaluation;
    for (const [truth, row] of confusionMatrix.entries()) {
      for (const [predicted, count] of row.entries()) {
        if (count === 0) continue;
        const panel = page.split(`id="cell-${truth}-${predicted}"`)[1]!.split('<div class="cell"')[0]!;
        expect(panel.split("</ul>")[0]!.match(/<img /g)).toHaveLength(count);
        expect(page).toContain(`href="#cell-${truth}-${predicted}"`);
      }
    }
    expect((await stat(join(options.out, "report.html"))).size).toBeLessThan(5e6);
  });
});
