/** ROC and precision-recall curves, each class against the rest. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import { decimal, decimalRange } from "../../../../study/words/notation.ts";
import { type ChartFigure, chartFigures } from "../../../charts/chart-figure.ts";
import { lineChart } from "../../../charts/line-chart.ts";
import type { HtmlValue } from "../../../html/html.ts";

/** The curves, with areas and intervals as tables. */
export async function curvesHtml({ curves, perClass, figures, classes }: CompleteEvaluation): Promise<HtmlValue> {
  const drawn = curves.filter((_, label) => perClass[label]!.support > 0);
  const of = (name: "auroc" | "averagePrecision", heading: string): Pick<ChartFigure, "table"> => ({
    table: {
      columns: ["Class", heading, "95 % interval"],
      rows: classes.map((one, label) => {
        const { value, interval } = figures.perClass[label]![name];
        return [one, decimal(value), decimalRange(interval)];
      }),
    },
  });
  const listed = (name: "auroc" | "averagePrecision") =>
    classes.map((one, label) => `${one} ${decimal(figures.perClass[label]![name].value, 2)}`).join(", ");
  return chartFigures([
    {
      title: "ROC, each class against the rest",
      alt: `ROC curves; areas: ${listed("auroc")}.`,
      note: "On the dashed line the model separates a class from the rest no better than chance.",
      spec: lineChart({
        x: "false positive rate",
        y: "sensitivity",
        percent: "both",
        diagonal: true,
        points: drawn.flatMap((one) =>
          one.roc.map(({ falsePositiveRate: x, sensitivity: y }) => ({ x, y, series: one.class })),
        ),
      }),
      ...of("auroc", "Area"),
    },
    {
      title: "Precision and recall, each class against the rest",
      alt: `Precision-recall curves; average precision: ${listed("averagePrecision")}.`,
      note: "An uninformed model has the precision of the class's share of all images.",
      spec: lineChart({
        x: "recall",
        y: "precision",
        percent: "both",
        from0: true,
        steps: true,
        points: drawn.flatMap((one) =>
          one.precisionRecall.map(({ recall: x, precision: y }) => ({ x, y, series: one.class })),
        ),
      }),
      ...of("averagePrecision", "Average precision"),
    },
  ]);
}
