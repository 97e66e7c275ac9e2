/** Whether probabilities mean what they say, before and after temperature scaling, and what not answering would gain. */

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
import { lineChart } from "../../../charts/charts.ts";
import { type HtmlValue, html } from "../../../html.ts";
import { type Figure, figuresHtml, tableHtml } from "../../page.ts";

export async function calibrationHtml(evaluation: CompleteEvaluation): Promise<HtmlValue> {
  return [
    html`<h3>Do the probabilities mean what they say?</h3>`,
    calibrationTable(evaluation),
    await figuresHtml([reliabilityFigure(evaluation), riskFigure(evaluation)]),
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

function reliabilityFigure(evaluation: CompleteEvaluation): Figure {
  const { calibration, calibrated } = evaluation;
  const series = judgements(evaluation).map(({ short: name, one }) => ({ name, bins: one.equalMass }));
  return {
    title: "Reliability of the stated probability",
    alt: `How often the model is right against how sure it is. Calibration error ${percent(calibration.ece)}${calibrated ? `, after temperature scaling ${percent(calibrated.calibration.ece)}` : ""}.`,
    note: "On the dashed line probabilities mean what they say; below it the model is too sure. Bins of equal numbers of images.",
    spec: lineChart({
      x: "stated probability of the predicted class",
      y: "part that is right",
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
      columns: ["", "Images", "Stated", "Right", "95 % interval"],
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

function riskFigure({ abstention, accuracy }: CompleteEvaluation): Figure {
  return {
    title: "What not answering would gain",
    alt: `Errors among the answers by the part of images answered; all answered: ${percent(1 - accuracy)} wrong.`,
    note: `The surest images are answered first. Area under the curve: ${withInterval(abstention.area)}.`,
    spec: lineChart({
      x: "part of the images answered",
      y: "part of the answers that is wrong",
      percent: "both",
      from0: true,
      points: abstention.curve.map(({ coverage: x, risk: y }) => ({ x, y, series: "wrong" })),
    }),
    table: {
      columns: ["Answered", "Confidence of at least", "Answers", "Right"],
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
          columns: ["Chosen for", "Confidence of at least", "Test images answered", "Right among them"],
          rows: abstention.thresholds.map(({ goal, target, test }) => [
            goal === "coverage" ? `answering ${percent(target)}` : `being right in ${percent(target)} of the answers`,
            decimal(test.threshold),
            rateText(test.coverage),
            rateText(test.accuracy),
          ]),
        },
        "Abstaining with a threshold chosen on out-of-fold predictions",
      );
