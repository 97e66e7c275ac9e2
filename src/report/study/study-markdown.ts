/** `report.md`: a study in short, for a terminal or a pull request. */

import { type Comparison, type StudyReport, trainingImages } from "../../study/study-report.ts";
import {
  comparedInWords,
  count,
  percent,
  plural,
  resolution,
  testedClasses,
  withInterval,
} from "../../study/words/notation.ts";
import { inWords } from "../../study/words/strategy-names.ts";
import { researchOnly } from "../../text/research-only.ts";
import { markdown } from "./markdown.ts";

/** The report as Markdown that reads as plain text too. */
export function markdownReport(report: StudyReport): string {
  const { evaluation, dataset, budget, recipes, conclusion, origin } = report;
  const { figures } = evaluation;
  const line = (comparison: Comparison): string =>
    comparison.recipes
      .map(
        ({ name, balancedAccuracy: { value } }) =>
          `${name}${name === comparison.chosen ? " (chosen)" : ""} ${percent(value)}`,
      )
      .join(", ");
  const classRows = evaluation.perClass.map(
    ({ class: name, precision, recall, f1, support }) =>
      markdown`| ${name} | ${support} | ${percent(precision)} | ${percent(recall)} | ${percent(f1)} |`,
  );
  const part = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [markdown`## ${title}`, "", ...lines.map((text) => markdown`- ${text}`), ""];
  return [
    "# Study",
    "",
    ...(origin === "phantom"
      ? ["**Phantom data: naevus drew these images. No figure says anything about skin.**", ""]
      : []),
    ...conclusion.cautions.flatMap((text) => [markdown`**Read this first: ${text}**`, ""]),
    markdown`- accuracy ${withInterval(figures.accuracy)}, ${evaluation.samples} test images, protocol ${evaluation.protocol}`,
    markdown`- balanced accuracy ${withInterval(figures.balancedAccuracy)}, ${testedClasses(evaluation)}`,
    markdown`- macro F1 ${withInterval(figures.macro.f1)}`,
    markdown`- ${count(trainingImages(dataset))} training images; ${plural(recipes.trainings, "training")} of each recipe on ${budget.folds} folds, ${plural(budget.comparisonEpochs, "epoch")}${budget.recipeEpochs > 0 ? ` and ${budget.recipeEpochs} with ${comparedInWords(budget, "the")}` : ""}${resolution(budget)}, budget ${plural(budget.minutes, "minute")}`,
    "",
    "Balanced accuracy in cross-validation:",
    "",
    markdown`- augmentation: ${line(report.augmentation)}`,
    markdown`- imbalance: ${line(inWords(report.imbalance))}`,
    markdown`- recipe: ${line(report.recipes)}`,
    "",
    "| class | images | precision | recall | F1 |",
    "|---|---:|---:|---:|---:|",
    ...classRows,
    "",
    ...part("Findings", conclusion.found),
    ...part("Difficulties", conclusion.hard),
    ...part("Next steps", conclusion.next),
    ...part("Limits", conclusion.limits),
    researchOnly,
    "",
  ].join("\n");
}

/** The model card as a file of its own, to lie beside the model. */
export const modelCardMarkdown = ({ modelCard }: Pick<StudyReport, "modelCard">): string =>
  [
    "# Model card",
    "",
    ...modelCard.sections.flatMap(({ heading, lines }) => [
      markdown`## ${heading}`,
      "",
      ...lines.map((text) => markdown`- ${text}`),
      "",
    ]),
  ].join("\n");
