/** Chapter 6: how many images each class has, before and after curation. */

import type { StudyReport } from "../../../study/study-report.ts";
import { barChart } from "../../charts/charts.ts";
import type { HtmlValue } from "../../html.ts";
import { figuresHtml, paragraph } from "../page.ts";

export async function distributionChapter({ dataset }: StudyReport): Promise<HtmlValue> {
  const { counts } = dataset;
  const rows = counts.flatMap(({ name, trainBefore, train }) => [
    { name, series: "as found", value: trainBefore },
    { name, series: "after curation", value: train },
  ]);
  return [
    paragraph(
      `In training the most frequent class has ${dataset.imbalanceBefore.toFixed(1)} times the images of the rarest as found, ${dataset.imbalanceAfter.toFixed(1)} times after curation.`,
    ),
    await figuresHtml([
      {
        title: "Training images by class",
        alt: `Training images by class, before and after curation: ${counts.map(({ name, trainBefore, train }) => `${name} ${trainBefore} and ${train}`).join(", ")}.`,
        spec: barChart({ rows, series: ["as found", "after curation"], x: "images" }),
        table: {
          columns: ["Class", "As found", "After curation"],
          rows: counts.map(({ name, trainBefore, train }) => [name, trainBefore, train]),
        },
      },
    ]),
  ];
}
