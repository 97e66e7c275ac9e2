/** Draws a judged run's learning curve and confusion matrix as one SVG: node scripts/run-figure.js RUN FILE. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawChart } from "../dist/report/charts/draw-chart.js";
import { percent } from "../dist/text/numbers.js";

const [run, file] = process.argv.slice(2);
if (run === undefined || file === undefined) {
  console.error("usage: node scripts/run-figure.js RUN FILE");
  process.exit(1);
}
const evaluation = JSON.parse(readFileSync(join(run, "evaluation.json"), "utf8"));
const epochs = readFileSync(join(run, "metrics.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
/** @type {import("../src/evaluation/judgement/evaluation.ts").Evaluation} */
const { classes, confusionMatrix, accuracy, accuracyInterval, correct, samples, protocol, origin } = evaluation;
/** @param {number} value */

const cells = confusionMatrix.flatMap((row, truth) => {
  const support = row.reduce((sum, count) => sum + count, 0);
  return row.map((count, predicted) => ({
    truth: classes[truth],
    predicted: classes[predicted],
    count,
    share: support === 0 ? 0 : count / support,
  }));
});
const learned = {
  title: "Training images",
  width: 260,
  height: 300,
  data: { values: epochs },
  mark: { type: "line", point: true },
  encoding: {
    x: { field: "epoch", type: "quantitative", title: "epoch", axis: { tickMinStep: 1 } },
    y: {
      field: "accuracy",
      type: "quantitative",
      title: "accuracy in training mode",
      axis: { format: "%" },
      scale: { domain: [0, 1] },
    },
  },
};
const axis = { sort: classes, scale: { paddingInner: 0.04 } };
const judged = {
  title: {
    text: `Test images (${protocol}): ${percent(accuracy)} right, 95 % interval ${accuracyInterval.map(percent).join(" to ")}`,
    subtitle: "rows: truth; shade: share of the row",
    subtitleColor: "currentColor",
  },
  width: 330,
  height: 300,
  data: { values: cells },
  encoding: {
    y: { field: "truth", title: null, ...axis },
    x: { field: "predicted", title: "predicted", axis: { labelAngle: -40 }, ...axis },
  },
  layer: [
    {
      mark: "rect",
      encoding: {
        color: { field: "share", type: "quantitative", scale: { range: ["#f3eee8", "#c0603a"] }, legend: null },
      },
    },
    {
      transform: [{ filter: "datum.count > 0" }],
      mark: { type: "text", color: "#222" },
      encoding: { text: { field: "count" } },
    },
  ],
};
const subject = origin === "phantom" ? "Phantom data. " : "";
const description = `${subject}Learning curve over ${epochs.length} epochs, and confusion matrix on ${samples} test images, ${correct} of them right`;
writeFileSync(file, `${await drawChart({ hconcat: [learned, judged] }, description, { background: "white" })}\n`);
