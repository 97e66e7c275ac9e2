/** Melanoma, and malignant against benign: operating points and decision curves. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import type { QuestionJudgement } from "../../../../evaluation/judgement/judge-question.ts";
import { decimal, decimalRange, list, percent, plural, rateText, sentence } from "../../../../study/words/notation.ts";
import { type ChartFigure, chartFigures } from "../../../charts/chart-figure.ts";
import { lineChart } from "../../../charts/line-chart.ts";
import { paragraph, tableHtml } from "../../../html/components.ts";
import { type HtmlValue, html } from "../../../html/html.ts";

/** Each question with its operating points and curves. */
export async function questionsHtml({ questions }: CompleteEvaluation): Promise<HtmlValue> {
  return Promise.all(questions.map(questionHtml));
}

async function questionHtml(question: QuestionJudgement): Promise<HtmlValue> {
  const { name, positive, positives, operatingPoints } = question;
  return [
    html`<h3>${sentence(name)}</h3>`,
    paragraph(
      `${plural(positives, "test image")} ${positives === 1 ? "is" : "are"} positive (${list(positive)}). The thresholds were chosen on out-of-fold predictions of training images and then kept fixed.`,
    ),
    tableHtml(
      {
        columns: ["Chosen for", "Threshold", "Sensitivity", "Specificity", "PPV", "NPV"],
        rows: operatingPoints.map(({ target, threshold, test }) => [
          `${percent(target)} sensitivity`,
          decimal(threshold),
          rateText(test.sensitivity),
          rateText(test.specificity),
          rateText(test.ppv),
          rateText(test.npv),
        ]),
      },
      `Operating points on the test images (${name}): rate (images), 95 % interval`,
    ),
    await chartFigures([rocFigure(question), benefitFigure(question)]),
  ];
}

const rocFigure = ({ name, roc, auroc, averagePrecision, operatingPoints }: QuestionJudgement): ChartFigure => ({
  title: `ROC: ${name}`,
  alt: `ROC curve of ${name}, area ${decimal(auroc.value)}. ${operatingPoints
    .map(
      ({ target, test }) =>
        `At the threshold for ${percent(target)}: sensitivity ${percent(test.sensitivity.value)}, specificity ${percent(test.specificity.value)}`,
    )
    .join(". ")}.`,
  note: "The dots are the operating points of the table.",
  spec: lineChart({
    x: "false positive rate",
    y: "sensitivity",
    percent: "both",
    diagonal: true,
    points: roc.map(({ falsePositiveRate: x, sensitivity: y }) => ({ x, y, series: name })),
    marks: operatingPoints.flatMap(({ test: { sensitivity, specificity } }) =>
      sensitivity.value === null || specificity.value === null
        ? []
        : [{ x: 1 - specificity.value, y: sensitivity.value }],
    ),
  }),
  table: {
    columns: ["Figure", "Value", "95 % interval"],
    rows: [
      ["area under ROC", decimal(auroc.value), decimalRange(auroc.interval)],
      ["average precision", decimal(averagePrecision.value), decimalRange(averagePrecision.interval)],
    ],
  },
});

/** Treating all is worth far less than nothing at high thresholds, which would flatten the rest. */
const leastDrawn = -0.1;

const benefitFigure = ({ name, decisionCurve }: QuestionJudgement): ChartFigure => ({
  title: `Decision curve: ${name}`,
  alt: `Net benefit of treating by the model, treating all and treating none, by threshold probability. ${decisionCurve
    .filter(({ threshold }) => [0.1, 0.2, 0.3].some((at) => Math.abs(threshold - at) < 1e-6))
    .map(
      ({ threshold, model, all }) =>
        `At ${percent(threshold)}: model ${decimal(model.value)}, all ${decimal(all.value)}`,
    )
    .join(". ")}.`,
  note: "Net benefit is true positives per image minus false positives weighted by the odds of the threshold (Vickers and Elkin 2006). The shaded area is the 95 % interval.",
  spec: lineChart({
    x: "threshold probability",
    y: "net benefit per image",
    percent: "x",
    points: decisionCurve.flatMap(({ threshold: x, model, all }) => [
      { x, y: Math.max(model.value ?? 0, leastDrawn), series: "treat by the model" },
      ...(all.value !== null && all.value >= leastDrawn ? [{ x, y: all.value, series: "treat all" }] : []),
      { x, y: 0, series: "treat none" },
    ]),
    band: decisionCurve.flatMap(({ threshold: x, model: { interval } }) =>
      interval ? [{ x, low: Math.max(interval[0], leastDrawn), high: interval[1] }] : [],
    ),
  }),
  table: {
    columns: ["Threshold", "Model", "95 % interval", "All"],
    rows: decisionCurve
      .filter((_, i) => i % 5 === 4)
      .map(({ threshold, model, all }) => [
        percent(threshold),
        decimal(model.value),
        decimalRange(model.interval),
        decimal(all.value),
      ]),
  },
});
