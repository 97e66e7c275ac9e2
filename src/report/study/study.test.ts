/** The whole study on a small phantom set: stopped and gone on with, kept where nothing changed, and what its report holds. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { cleanDataset } from "../../dataset/protocols.ts";
import type { LabelErrors } from "../../evaluation/judgement/label-errors.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { loadModel } from "../../inference/model.ts";
import { openCuratedData } from "../../run/data/open-data.ts";
import { readEvaluation } from "../../run/folder/evaluation-file.ts";
import type { StudyOptions } from "../../study/open-study.ts";
import { runStudy } from "../../study/study.ts";
import type { StudyEvent } from "../../study/study-context.ts";
import type { StudyReport } from "../../study/study-report.ts";
import { conclude } from "../../study/words/conclusion.ts";
import { modelCard } from "../../study/words/model-card.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { imbalanceNames } from "../../training/imbalance.ts";
import { markdownReport, modelCardMarkdown } from "./study-markdown.ts";
import { studyPage } from "./study-page.ts";
import { spoil, steadyStopwatch } from "./testing/small-study.ts";
import { writeStudyReport } from "./write-study-report.ts";

const study = (given: StudyOptions): Promise<StudyReport> => runStudy(given, writeStudyReport);

const folder = temporaryFolder();
let options: StudyOptions;
let report: StudyReport;
let page: string;
/** What was done again after the stop. */
let events: StudyEvent[];
let keptAtStop: number;
let stoppedStep: string;
let secondsAtStop: number;
/** As they were when the study was done. */
let kept: StoredStep[];

const stepsOf = async (): Promise<string[]> => (await readdir(join(options.out, "steps"))).sort();

interface StoredStep {
  readonly step: string;
  readonly seconds: number;
  readonly result?: unknown;
}

const storedSteps = async (): Promise<StoredStep[]> =>
  Promise.all(
    (await stepsOf()).map(async (name) => JSON.parse(await readFile(join(options.out, "steps", name), "utf8"))),
  );

beforeAll(async () => {
  const data = join(folder, "data");
  await writePhantomDataset(data, { images: 150, size: 24, seed: 1 });
  await spoil(data);
  options = {
    data,
    out: join(folder, "study"),
    budget: 0.3,
    settings: { imageSize: 24, batch: 16, seed: 2, threads: 1, cache: join(folder, "cache") },
    stopwatch: steadyStopwatch(),
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
  // The step that was stopped left its seconds, and no result.
  const atStop = await storedSteps();
  keptAtStop = atStop.filter(({ result }) => result !== undefined).length;
  const unfinished = atStop.find(({ result }) => result === undefined)!;
  [stoppedStep, secondsAtStop] = [unfinished.step, unfinished.seconds];
  events = [];
  report = await study({ ...options, onEvent: (event) => events.push(event) });
  kept = await storedSteps();
  page = await readFile(join(options.out, "report.html"), "utf8");
}, 240_000);

describe("study", () => {
  it("refuses at once what some of its recipes cannot be trained with", async () => {
    const out = join(folder, "refused");
    await expect(study({ ...options, out, settings: { ...options.settings, batch: 1 } })).rejects.toThrow(
      /^batch: .* expected at least 2, got 1$/,
    );
    await expect(stat(out)).rejects.toThrow(/ENOENT/);
  });

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
      samples: data.counts.images - data.counts.unreadable - official.evaluation.trainingImages!,
    });
    expect(official.recipe).toMatchObject({ network: "notebook", augmentation: "none", imbalance: "none" });
    const stored = await readEvaluation(join(options.out, official.run));
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

  it("states the same counts everywhere, those of the data", async () => {
    const { dataset, data, evaluation, official, final, recipes, budget, classes } = report;
    const raw = await readDataset(options.data);
    const curated = await openCuratedData(options.data, { curation: join(options.out, "curation.csv") });
    const clean = await cleanDataset(curated.dataset, curated.options);
    const decoded = clean.images.filter(({ path }) => !path.endsWith("broken.jpg"));
    const train = decoded.filter(({ split }) => split === "train").length;
    const test = decoded.length - train;
    const sum = (key: "trainBefore" | "testBefore" | "train" | "test") =>
      dataset.counts.reduce((total, one) => total + one[key], 0);

    expect(data.counts.images).toBe(raw.images.length);
    expect(sum("trainBefore") + sum("testBefore")).toBe(raw.images.length);
    expect([sum("train"), sum("test")]).toEqual([train, test]);
    expect(classes).toHaveLength(raw.classes.length - 1);
    // One image of the class that is left out whole has no line of its own in the plan.
    const lines = (await readFile(join(options.out, "curation.csv"), "utf8")).match(/^leave out,/gm)!.length;
    expect(dataset.leftOut).toBe(lines + 1);
    const plan = kept.find(({ step }) => step === "curation")!.result as Record<string, unknown>;
    expect(plan).toMatchObject({ leftOut: dataset.leftOut, relabelled: dataset.relabelled });
    const { content, group } = dataset.testLeftOut;
    expect(raw.images.length - dataset.leftOut - content - group - dataset.undecoded).toBe(train + test);
    expect(dataset.known).toMatchObject({ images: train + test, lesionsKnown: 0 });

    expect([evaluation.trainingImages, evaluation.samples, evaluation.validation!.images]).toEqual([
      train,
      test,
      train,
    ]);
    expect(evaluation.perClass.reduce((total, { support }) => total + support, 0)).toBe(test);
    expect(report.testImages).toHaveLength(test);
    const config = JSON.parse(await readFile(join(options.out, final.run, "config.json"), "utf8"));
    expect([config.data.train, config.data.test]).toEqual([train, test]);
    expect(official.evaluation.samples + official.evaluation.trainingImages!).toBe(raw.images.length - 1);
    expect(recipes.trainings).toBe(budget.folds * budget.repetitions);
    const fits = kept.filter(({ step }) => step.startsWith("fit-")).length;
    expect(fits).toBe(recipes.choice * recipes.trainings);

    const texts = {
      page: page.replaceAll(/<[^>]+>/g, " "),
      markdown: await readFile(join(options.out, "report.md"), "utf8"),
      card: await readFile(join(options.out, "model-card.md"), "utf8"),
    };
    const counts = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, count]) => Number(count));
    const all = (text: string, pattern: RegExp, count: number) => {
      const found = counts(text, pattern);
      expect(found.length, String(pattern)).toBeGreaterThan(0);
      expect(new Set(found), String(pattern)).toEqual(new Set([count]));
    };
    all(texts.page, /from scratch on (\d+) images/g, train);
    all(texts.page, /tested it once on (\d+)/g, test);
    all(texts.page, /leaves out (\d+) images/g, dataset.leftOut);
    all(texts.page, /tested once, on (\d+) test images in \d+ groups/g, test);
    all(texts.page, /On (\d+) test images that share/g, test);
    all(texts.markdown, /(\d+) training images[;,]/g, train);
    all(texts.markdown, /(\d+) test images, protocol/g, test);
    all(texts.card, /(\d+) training images, /g, train);
    all(texts.card, /(\d+) test images, of/g, test);
    for (const text of Object.values(texts)) all(text, /(?:With|compared by) (\d+) trainings/g, recipes.trainings);
  });

  it("counts a step once, however often it was asked for, and its seconds before a stop too", async () => {
    const seconds = kept.reduce((sum, own) => sum + own.seconds, 0);
    expect(report.budget.spentSeconds).toBeCloseTo(seconds, 6);
    expect(secondsAtStop).toBeGreaterThan(0);
    expect(kept.find(({ step }) => step === stoppedStep)!.seconds).toBeGreaterThan(secondsAtStop);
  });

  it("puts cautions above all figures, on the page, in the short version and on the model card", async () => {
    const caution = "The final model is worse than the first one.";
    const { modelCard: _, ...figures } = { ...report, conclusion: { ...report.conclusion, cautions: [caution] } };
    const cautious = { ...figures, modelCard: modelCard(figures) };
    const html = await studyPage(cautious);
    expect(html.indexOf(caution)).toBeGreaterThan(0);
    expect(html.indexOf(caution)).toBeLessThan(html.indexOf('<ul class="cards">'));
    expect(html.split('<section id="conclusion"')[1]).toContain(caution);
    const markdown = markdownReport(cautious);
    expect(markdown.indexOf(caution)).toBeGreaterThan(0);
    expect(markdown.indexOf(caution)).toBeLessThan(markdown.indexOf("- accuracy"));
    const card = modelCardMarkdown(cautious);
    expect(card.indexOf(caution)).toBeGreaterThan(0);
    expect(card.indexOf(caution)).toBeLessThan(card.indexOf("Accuracy "));
  });

  it("calls a test set published only where the data folder has one", async () => {
    const drawn = {
      ...report,
      official: { ...report.official, evaluation: { ...report.official.evaluation, protocol: "drawn split" } },
    };
    expect(conclude(report).found.join("\n")).toMatch(/As published, .* only for comparison with other work/);
    expect(page).toContain("On the data as published");
    expect(conclude(drawn).found.join("\n")).toMatch(/As found, .* No test set was published/);
    const html = await studyPage({ ...drawn, conclusion: conclude(drawn) });
    expect(html).toContain("On the data as found");
    expect(html).not.toMatch(/\bas published/i);
  });

  it("speaks of wrong labels only where their number comes to one or more", () => {
    const { conclusion: _, modelCard: __, ...figures } = report;
    const hardWith = (estimated: number | null) =>
      conclude({
        ...figures,
        evaluation: {
          ...figures.evaluation,
          labelErrors: { ...figures.evaluation.labelErrors!, estimated } as LabelErrors,
        },
      }).hard.filter((text) => text.includes("training label"));
    expect(hardWith(null)).toEqual([]);
    expect(hardWith(0.4)).toEqual([]);
    expect(hardWith(1.2)[0]).toMatch(/^About 1 training label looks wrong/);
    expect(hardWith(7)[0]).toMatch(/^About 7 training labels look wrong/);
  });

  it("tells on the model card whether the model file gives away its training images", () => {
    const cardOf = (hashes: boolean) =>
      modelCardMarkdown({ modelCard: modelCard({ ...report, final: { ...report.final, hashes } }) });
    expect(report.final.hashes).toBe(true);
    expect(cardOf(true)).toMatch(/can tell whether the image was in the training set/);
    expect(cardOf(false)).toMatch(/contains no digests of its images/);
  });

  it("says that the data are phantoms in every chapter, the intended use once, and why skin tone is not assessable", () => {
    expect(page.match(/<span class="tag">phantom data<\/span>/g)).toHaveLength(10);
    expect(page.match(/Not a medical device/g)).toHaveLength(1);
    expect(page).toMatch(/Skin tone cannot be assessed: the data do not record it/);
    expect(report.conclusion.limits[0]).toMatch(/phantom data/);
  });

  it("is one page that asks for nothing, with a table and a description for every chart and every picture", () => {
    const text = page.replaceAll(/"data:[^"]*"/g, '"data:"');
    expect(text.match(/(?:src|href)="(?!data:|#)[^"]*/g)).toBeNull();
    const charts = page.match(/<figure class="chart">/g)!.length;
    expect(charts).toBeGreaterThan(15);
    expect(page.match(/<svg role="img" aria-label="[^"]{20,}"/g)).toHaveLength(charts);
    expect(page.match(/<summary>The figures as a table<\/summary>/g)).toHaveLength(charts);
    expect(page.match(/<img /g)!.length).toBe(page.match(/<img src="data:image\/jpeg[^"]*" alt="[^"]+"/g)!.length);
    const ids = page.match(/ id="[^"]+"/g)!;
    expect(new Set(ids).size).toBe(ids.length);
    expect(text.match(/.{40}(?:NaN|undefined|\[object).{40}/g)).toBeNull();
  });

  it("draws the networks of the first and the final model, once where they are the same, with their layers as a table", () => {
    const { networks, final, classes } = report;
    expect(networks.initial).toMatchObject({ name: "notebook", classes: classes.length });
    expect(networks.final.totals.trainable + networks.final.totals.otherParameters).toBeGreaterThanOrEqual(
      final.parameters,
    );
    const names = new Set([networks.initial.name, networks.final.name]);
    for (const name of names) expect(page).toMatch(new RegExp(`<title id="title-\\w+">Network ${name}</title>`));
    expect(page.match(/<summary>All layers as a table<\/summary>/g)).toHaveLength(names.size);
    const other = { ...report, networks: { ...networks, final: { ...networks.final, name: "<b>other</b>" } } };
    return expect(studyPage(other)).resolves.toContain("Network &lt;b&gt;other&lt;/b&gt;</title>");
  });

  it("shows the images of every cell of the confusion matrix", async () => {
    const { confusionMatrix } = report.evaluation;
    for (const [truth, row] of confusionMatrix.entries()) {
      for (const [predicted, count] of row.entries()) {
        if (count === 0) continue;
        const panel = page.split(`id="cell-${truth}-${predicted}"`)[1]!.split('<div class="panel"')[0]!;
        expect(panel.split("</figure></div>")[0]!.match(/<img /g)).toHaveLength(count);
        expect(page).toContain(`href="#cell-${truth}-${predicted}"`);
      }
    }
    expect((await stat(join(options.out, "report.html"))).size).toBeLessThan(5e6);
  });
});
