/** Chapter 8: the recipes that were left, and the model that the best of them gave. */

import type { StudyReport } from "../../../study/study-report.ts";
import { count, plural, resolution } from "../../../study/words/notation.ts";
import type { HtmlValue } from "../../html.ts";
import { figuresHtml, paragraph, tableHtml } from "../page.ts";
import { choiceInWords, comparisonFigure, comparisonTable, curveFigures } from "./recipes.ts";

export async function finalChapter(report: StudyReport): Promise<HtmlValue> {
  const { recipes, final, classes, budget } = report;
  return [
    paragraph(
      budget.recipeEpochs === 0
        ? `The budget of ${plural(budget.minutes, "minute")} leaves no time for a larger network on this machine, so the recipe so far stays${resolution(budget)}.`
        : "The recipe so far against a residual network (ResNet-18 at half width), plain and regularised, on the same folds. " +
            `The budget of ${plural(budget.minutes, "minute")} allowed ${plural(budget.comparisonEpochs, "epoch")} for the first and ${budget.recipeEpochs} for the others${resolution(budget)}${budget.overrun ? "; even the least that makes sense takes longer than that budget" : ""}.`,
    ),
    await figuresHtml([
      comparisonFigure(recipes, "Recipes compared", 1 / classes.length),
      ...curveFigures(recipes.recipes, "by recipe"),
    ]),
    comparisonTable(recipes, "Recipes, on the same folds"),
    paragraph(choiceInWords(recipes)),
    tableHtml(
      {
        columns: ["Setting", "Value"],
        rows: [
          ...Object.entries(final.recipe).map(([name, value]) => [name, String(value)]),
          ["parameters", count(final.parameters)],
          ["computed by", `${final.engine}, ${final.precision}`],
          ["speed", final.imagesPerSecond === null ? null : `${Math.round(final.imagesPerSecond)} images/s`],
        ],
      },
      "The final model, trained on all training images",
    ),
  ];
}
