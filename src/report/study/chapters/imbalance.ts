/** Chapter 7: ways to treat rare classes. */

import type { StudyReport } from "../../../study/study-report.ts";
import { short } from "../../../study/words/notation.ts";
import { inWords } from "../../../study/words/strategy-names.ts";
import type { HtmlValue } from "../../html.ts";
import { figuresHtml, paragraph, tableHtml } from "../page.ts";
import { choiceInWords, comparisonFigure, comparisonTable } from "./recipes.ts";

export async function imbalanceChapter(report: StudyReport): Promise<HtmlValue> {
  const { classes } = report;
  const imbalance = inWords(report.imbalance);
  return [
    paragraph(
      "Seven ways to treat rare classes, on the same folds, with the same number of images in every epoch: nothing; class weights; weights by effective numbers (Cui et al. 2019); oversampling; undersampling; " +
        "focal loss (Lin et al. 2017); logit adjustment (Menon et al. 2021).",
    ),
    await figuresHtml([comparisonFigure(imbalance, "Strategies compared", 1 / classes.length)]),
    comparisonTable(imbalance, "Strategies against imbalance, on the same folds"),
    tableHtml(
      {
        columns: ["Class", ...imbalance.recipes.map(({ name }) => name)],
        rows: classes.map((name, label) => [name, ...imbalance.recipes.map(({ recalls }) => short(recalls[label]))]),
      },
      "Part of each class that is recognised (recall, images held out)",
    ),
    paragraph(choiceInWords(imbalance)),
  ];
}
