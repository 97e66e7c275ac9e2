/** Chapter 7: ways to treat rare classes. */

import type { StudyReport } from "../../../study/study-report.ts";
import { short } from "../../../study/words/notation.ts";
import { inWords } from "../../../study/words/strategy-names.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { paragraph, tableHtml } from "../../html/components.ts";
import type { HtmlValue } from "../../html/html.ts";
import { choiceInWords, comparisonFigure, comparisonTable } from "./recipes.ts";

/** The chapter's body. */
export async function imbalanceChapter(report: StudyReport): Promise<HtmlValue> {
  const { classes } = report;
  const imbalance = inWords(report.imbalance);
  return [
    paragraph(
      "Seven strategies for rare classes are compared on the same folds, with the same number of images in every epoch: none; class weights; weights by effective numbers (Cui et al. 2019); oversampling; undersampling; " +
        "focal loss (Lin et al. 2017); logit adjustment (Menon et al. 2021).",
    ),
    await chartFigures([comparisonFigure(imbalance, "Strategies compared", 1 / classes.length)]),
    comparisonTable(imbalance, "Strategies against imbalance on the same folds"),
    tableHtml(
      {
        columns: ["Class", ...imbalance.recipes.map(({ name }) => name)],
        rows: classes.map((name, label) => [name, ...imbalance.recipes.map(({ recalls }) => short(recalls[label]))]),
      },
      "Recall by class on held-out images",
    ),
    paragraph(choiceInWords(imbalance)),
  ];
}
