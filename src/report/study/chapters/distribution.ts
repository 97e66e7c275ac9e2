/** Chapter 6: how many images each class has, before and after curation. */

import type { StudyReport } from "../../../study/study-report.ts";
import { barChart } from "../../charts/bar-chart.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { paragraph } from "../../html/components.ts";
import type { HtmlValue } from "../../html/html.ts";

/** The chapter's body. */
export async function distributionChapter({ dataset }: StudyReport): Promise<HtmlValue> {
  const { counts } = dataset;
  const rows = counts.flatMap(({ name, trainBefore, train }) => [
    { name, series: "as found", value: trainBefore },
    { name, series: "after curation", value: train },
  ]);
  return [
    paragraph(
      `Among the training images as found, the largest class has ${dataset.imbalanceBefore.toFixed(1)} times as many images as the smallest; after curation, ${dataset.imbalanceAfter.toFixed(1)} times as many.`,
    ),
    await chartFigures([
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
