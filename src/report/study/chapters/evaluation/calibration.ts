/** Whether probabilities are calibrated, before and after temperature scaling, and what abstaining would gain. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import {
  decimal,
  decimalRange,
  percent,
  range,
  rateText,
  short,
  withInterval,
} from "../../../../study/words/notation.ts";
import { type ChartFigure, chartFigures } from "../../../charts/chart-figure.ts";
import { lineChart } from "../../../charts/line-chart.ts";
import { tableHtml } from "../../../html/components.ts";
import { type HtmlValue, html } from "../../../html/html.ts";

/** Calibration, reliability and abstention. */
export async function calibrationHtml(evaluation: CompleteEvaluation): Promise<HtmlValue> {
  return [
    html`<h3>Are the probabilities calibrated?</h3>`,
    calibrationTable(evaluation),
    await chartFigures([reliabilityFigure(evaluation), riskFigure(evaluation)]),
    abstentionTable(evaluation),
  ];
}

/** The judgement as trained, and scaled where a temperature was found. */
const judgements = ({ calibration, calibrated, figures }: CompleteEvaluation) => [
  { name: "as trained", short: "as trained", one: calibration, own: figures },
  ...(calibrated
    ? [
        {
          name: `temperature ${calibrated.fit.temperature.toFixed(2)}`,
          short: "scaled",
          one: calibrated.calibration,
          own: calibrated.figures,
        },
      ]
    : []),
];

const calibrationTable = (evaluation: CompleteEvaluation): HtmlValue =>
  tableHtml(
    {
      columns: [
        "",
        "Calibration error (ECE)",
        "equal mass",
        "by class",
        "Brier",
        "95 % interval",
        "Log loss",
        "95 % interval",
        "Mean confidence",
      ],
      rows: judgements(evaluation).map(({ name, one, own }) => [
        name,
        percent(one.ece),
        percent(one.eceEqualMass),
        percent(one.classwiseEce),
        decimal(one.brier),
        decimalRange(own.brier.interval),
        decimal(one.negativeLogLikelihood),
        decimalRange(own.negativeLogLikelihood.interval),
        percent(one.meanConfidence),
      ]),
    },
    "Calibration, before and after temperature scaling",
  );

function reliabilityFigure(evaluation: CompleteEvaluation): ChartFigure {
  const { calibration, calibrated } = evaluation;
  const series = judgements(evaluation).map(({ short: name, one }) => ({ name, bins: one.equalMass }));
  return {
    title: "Reliability",
    alt: `Share of correct predictions against the stated probability. Calibration error ${percent(calibration.ece)}${calibrated ? `, after temperature scaling ${percent(calibrated.calibration.ece)}` : ""}.`,
    note: "On the dashed line the model is calibrated; below it, overconfident. The bins hold equal numbers of images.",
    spec: lineChart({
      x: "stated probability of the predicted class",
      y: "share of correct predictions",
      percent: "both",
      diagonal: true,
      dots: true,
      points: series.flatMap(({ name, bins }) =>
        bins.flatMap(({ stated, happened }) =>
          happened.value === null ? [] : [{ x: stated, y: happened.value, series: name }],
        ),
      ),
    }),
    table: {
      columns: ["", "Images", "Stated", "Correct", "95 % interval"],
      rows: series.flatMap(({ name, bins }) =>
        bins.map(({ stated, happened }) => [
          name,
          happened.of,
          percent(stated),
          short(happened.value),
          range(happened.interval),
        ]),
      ),
    },
  };
}

function riskFigure({ abstention, accuracy }: CompleteEvaluation): ChartFigure {
  return {
    title: "Gain by abstaining",
    alt: `Error rate of the answers by the share of images answered; with all answered, ${percent(1 - accuracy)} are wrong.`,
    note: `The model answers its most confident images first. The area under the curve is ${withInterval(abstention.area)}.`,
    spec: lineChart({
      x: "share of the images answered",
      y: "error rate of the answers",
      percent: "both",
      from0: true,
      points: abstention.curve.map(({ coverage: x, risk: y }) => ({ x, y, series: "wrong" })),
    }),
    table: {
      columns: ["Answered", "Least confidence", "Answers", "Correct"],
      rows: abstention.atCoverage.map(({ target, threshold, coverage, accuracy: right }) => [
        percent(target),
        decimal(threshold),
        coverage.count,
        rateText(right),
      ]),
    },
  };
}

const abstentionTable = ({ abstention }: CompleteEvaluation): HtmlValue =>
  abstention.thresholds.length === 0
    ? ""
    : tableHtml(
        {
          columns: ["Chosen for", "Least confidence", "Test images answered", "Correct among them"],
          rows: abstention.thresholds.map(({ goal, target, test }) => [
            goal === "coverage" ? `answering ${percent(target)}` : `${percent(target)} correct answers`,
            decimal(test.threshold),
            rateText(test.coverage),
            rateText(test.accuracy),
          ]),
        },
        "Abstention, with thresholds chosen on out-of-fold predictions",
      );
