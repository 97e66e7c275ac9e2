/** Chapter 8: the recipes that were left, and the model that the best of them gave. */

import type { NetworkSummary } from "../../../network/summary.ts";
import type { StudyReport } from "../../../study/study-report.ts";
import { comparedInWords, count, plural, resolution } from "../../../study/words/notation.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { paragraph, tableHtml } from "../../html/components.ts";
import type { HtmlValue } from "../../html/html.ts";
import { networkFigure } from "../../network/network-figure.ts";
import { choiceInWords, comparisonFigure, comparisonTable, curveFigures } from "./recipes.ts";

/** The chapter's body. */
export async function finalChapter(report: StudyReport): Promise<HtmlValue> {
  const { recipes, final, networks, classes, budget } = report;
  const { initial, compared } = networks;
  const isSame = (one: NetworkSummary, other: NetworkSummary) => JSON.stringify(one) === JSON.stringify(other);
  const isFirst = isSame(networks.final, initial);
  const other =
    budget.compared === undefined ? "a residual network (ResNet-18 at half width)" : comparedInWords(budget, "the");
  return [
    paragraph(
      budget.recipeEpochs === 0
        ? `The budget of ${plural(budget.minutes, "minute")} leaves no time for ${comparedInWords(budget, "a")} on this machine, so the best recipe so far stays${resolution(budget)}.`
        : `This chapter compares the best recipe so far with ${other}, plain and regularised, on the same folds. ` +
            `The budget of ${plural(budget.minutes, "minute")} allowed ${plural(budget.comparisonEpochs, "epoch")} for the former and ${budget.recipeEpochs} for the latter${resolution(budget)}${budget.overrun ? "; even the smallest sensible study takes longer than this budget" : ""}.`,
    ),
    compared && !isSame(compared, initial) && !isSame(compared, networks.final) && networkFigure(compared),
    await chartFigures([
      comparisonFigure(recipes, "Recipes compared", 1 / classes.length),
      ...curveFigures(recipes.recipes, "by recipe"),
    ]),
    comparisonTable(recipes, "Recipes on the same folds"),
    paragraph(choiceInWords(recipes)),
    tableHtml(
      {
        columns: ["Setting", "Value"],
        rows: [
          ...Object.entries({ ...final.recipe, network: networks.final.name }).map(([name, value]) => [
            name,
            String(value),
          ]),
          ["parameters", count(final.parameters)],
          ["engine", `${final.engine}, ${final.precision}`],
          ["speed", final.imagesPerSecond === null ? null : `${Math.round(final.imagesPerSecond)} images/s`],
        ],
      },
      "The final model, trained on all training images",
    ),
    isFirst ? paragraph("Its network is the initial model's, which chapter 4 shows.") : networkFigure(networks.final),
  ];
}
