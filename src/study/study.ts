/** The whole study: ten chapters as steps, each kept in the study's folder and done again only when its inputs changed. */
import { join } from "node:path";
import type { Dataset } from "../dataset/dataset.ts";
import type { Metadata } from "../dataset/metadata.ts";
import { writeFileAtomic } from "../disk/files.ts";
import { tidyJson } from "../disk/tidy-json.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { type NetworkSummary, summarize } from "../network/summary.ts";
import { graphOf } from "../run/run-preparation.ts";
import { version } from "../version.ts";
import { openStudy, type StudyOptions, studySettings } from "./open-study.ts";
import { augmentations, balancings, lastCandidates, notebookRecipe, publishedRecipe } from "./recipes.ts";
import { comparedNetwork, notebookRecipes } from "./steps/compared-network.ts";
import { chosenAlone, comparison } from "./steps/comparison.ts";
import { bestOf, type CrossValidated, crossValidated, type Recipe, settingsOf } from "./steps/cross-validated.ts";
import { auditData } from "./steps/data.ts";
import { divideTraining, makeDataset } from "./steps/dataset.ts";
import { galleryStep } from "./steps/gallery.ts";
import { judge } from "./steps/judgement.ts";
import { looksStep } from "./steps/looks.ts";
import { plannedBudget } from "./steps/planned-budget.ts";
import { trainModel, trainOfficial } from "./steps/trained-model.ts";
import { type StudyContext, spentSeconds } from "./study-context.ts";
import { type Comparison, chapters, type StudyReport, studyFormat } from "./study-report.ts";
import { conclude } from "./words/conclusion.ts";
import { modelCard } from "./words/model-card.ts";

/** Writes what people read of a finished study into its folder. */
export type Publish = (folder: string, report: StudyReport) => Promise<void>;

/**
 * Does the study and returns all its figures, which the folder then holds as `report.json`, with `model.onnx`. `publish` is called
 * while the folder is still the study's own.
 *
 * Recipes are chosen by grouped cross-validation inside the training images; the test images are judged once, at the end. Stopped at
 * any moment, the same call goes on. Throws the signal's reason where it aborts, DatasetError, EngineError, FileError, TrainingError.
 */
export async function runStudy(options: StudyOptions, publish: Publish): Promise<StudyReport> {
  const settings = studySettings(options.settings, options.network);
  return withPixelLimit(settings.maxPixels, async () => {
    const { context, raw, metadata, close } = await openStudy(settings, options);
    try {
      const report = await tenChapters(context, raw, metadata, options);
      await writeFileAtomic(join(context.folder.path, "report.json"), tidyJson(report, 1));
      await publish(context.folder.path, report);
      return report;
    } finally {
      await close();
    }
  });
}

/** Tells that a chapter begins. */
const begin = ({ onEvent }: Pick<StudyContext, "onEvent">, number: number): void =>
  onEvent({ kind: "chapter", number, title: chapters[number - 1]! });

async function tenChapters(
  context: StudyContext,
  raw: Dataset,
  metadata: Metadata | undefined,
  { budget: minutes = 30, network }: Pick<StudyOptions, "budget" | "network">,
): Promise<StudyReport> {
  // Chapter 1 began as the data were read.
  const data = await auditData(context, raw, metadata);

  begin(context, 2);
  const made = await makeDataset(context, raw, metadata);
  try {
    const { clean } = made.data;
    const other = await comparedNetwork(context.settings, network, {
      classes: clean.classes.length,
      classesLeftOut: Object.keys(made.findings.classesLeftOut),
    });

    begin(context, 3);
    const looks = await looksStep(context, made);
    const budget = await plannedBudget(context, made, minutes, other);
    const folds = await divideTraining(made.data, made.training, budget.folds);
    const { repetitions } = budget;
    const validate = (name: string, recipe: Recipe) =>
      crossValidated(context, made.data, folds, { name, recipe, repetitions });

    begin(context, 4);
    const official = await trainOfficial(context, raw, publishedRecipe(budget));
    const plain = notebookRecipe(budget);
    const initial = await validate("none", plain);

    begin(context, 5);
    const gallery = await galleryStep(context, made);
    const augmented = [initial];
    for (const [name, recipe] of augmentations(plain)) augmented.push(await validate(name, recipe));
    const bestAugmented = bestOf(augmented);

    // Chapter 6 shows how the classes are distributed, which chapter 2 counted.
    begin(context, 6);

    begin(context, 7);
    const balanced = [{ ...bestAugmented, name: "none" }];
    for (const [name, recipe] of balancings(bestAugmented.recipe)) balanced.push(await validate(name, recipe));
    const bestBalanced = bestOf(balanced);

    begin(context, 8);
    const candidates = [{ ...bestBalanced, name: notebookRecipes }];
    const otherNetwork = await other.at(budget.imageSize);
    for (const [name, recipe] of lastCandidates(bestBalanced.recipe, budget, otherNetwork)) {
      candidates.push(await validate(name, recipe));
    }
    const best = bestOf(candidates);
    const final = await trainModel(context, made.data, best.recipe);
    const first = await trainModel(context, made.data, plain);

    begin(context, 9);
    const judgement = await judge(context, made.data, folds, { best, model: final, rival: first });

    begin(context, 10);
    const tried = [...augmented, ...balanced.slice(1), ...candidates.slice(1)];
    // Recipes are the third comparison, where there was time for more than one of them.
    const families = candidates.length > 1 ? 3 : 2;
    const compared = (recipes: readonly CrossValidated[], choice: number): Comparison =>
      comparison(recipes, folds, { choice: tried.slice(0, choice), families, seed: context.settings.seed });
    const ofAugmentation = compared(augmented, augmented.length);
    const ofImbalance = compared(balanced, augmented.length + balanced.length - 1);
    return concluded({
      format: studyFormat,
      naevus: version,
      origin: raw.origin,
      pictures: context.pictures,
      classes: clean.classes,
      dataset: made.findings,
      looks,
      budget: { ...budget, spentSeconds: await spentSeconds(context) },
      official,
      initial: ofAugmentation.recipes[0]!,
      gallery,
      augmentation: ofAugmentation,
      imbalance: ofImbalance,
      recipes: families === 3 ? compared(candidates, tried.length) : chosenAlone(ofImbalance, candidates[0]!.name),
      final,
      networks: {
        initial: madeOf(context, clean, plain),
        ...(budget.compared !== undefined && { compared: madeOf(context, clean, { ...plain, ...otherNetwork }) }),
        final: madeOf(context, clean, final.recipe),
      },
      ...judgement,
      data,
    });
  } finally {
    made.close();
  }
}

const madeOf = ({ settings }: StudyContext, { classes }: Dataset, recipe: Recipe): NetworkSummary =>
  summarize(graphOf(settingsOf(settings, recipe), classes.length));

/** The figures with the sentences that rules make of them. */
function concluded(figures: Omit<StudyReport, "conclusion" | "modelCard">): StudyReport {
  const report = { ...figures, conclusion: conclude(figures) };
  return { ...report, modelCard: modelCard(report) };
}
