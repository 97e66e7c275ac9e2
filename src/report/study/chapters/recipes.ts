/** How recipes are shown beside each other: learning curves, intervals, a table, and the choice in words. */

import type { ComparedRecipe, Comparison } from "../../../study/study-report.ts";
import { gainInWords, optimismInWords, visibleInWords } from "../../../study/words/chance-in-words.ts";
import { percent, range, short, signedPoints, withInterval } from "../../../study/words/notation.ts";
import type { ChartFigure } from "../../charts/chart-figure.ts";
import { intervalChart } from "../../charts/interval-chart.ts";
import { lineChart } from "../../charts/line-chart.ts";
import { tableHtml } from "../../html/components.ts";
import type { Html } from "../../html/html.ts";

/** Loss and accuracy by epoch, for one recipe on training and held-out images, for several on held-out images. */
export function curveFigures(recipes: readonly ComparedRecipe[], about: string): ChartFigure[] {
  const several = recipes.length > 1;
  const table = {
    columns: [
      several ? "Recipe" : "Epoch",
      ...(several ? ["Epoch"] : []),
      "Training loss",
      "Held-out loss",
      "Training accuracy",
      "Held-out accuracy",
    ],
    rows: recipes.flatMap(({ name, curve }) =>
      curve.points.map((point) => [
        ...(several ? [name, point.epoch] : [String(point.epoch)]),
        point.trainingLoss.toFixed(3),
        point.validationLoss.toFixed(3),
        percent(point.trainingAccuracy),
        percent(point.validationAccuracy),
      ]),
    ),
  };
  const pointsOf = (what: "Loss" | "Accuracy") =>
    recipes.flatMap(({ name, curve }) =>
      curve.points.flatMap((point) => {
        const [training, held] =
          what === "Loss"
            ? [point.trainingLoss, point.validationLoss]
            : [point.trainingAccuracy, point.validationAccuracy];
        return several
          ? [{ x: point.epoch, y: held, series: name }]
          : [
              { x: point.epoch, y: training, series: "training" },
              { x: point.epoch, y: held, series: "held out" },
            ];
      }),
    );
  return (["Loss", "Accuracy"] as const).map((what) => ({
    title: `${what}${several ? " on held-out images" : ""}, ${about}`,
    alt: `${what} by epoch, mean over the folds. ${recipes.map(({ name, curve }) => `${several ? `${name}: ` : ""}${curve.why}`).join(". ")}.`,
    spec: lineChart({
      x: "epoch",
      y: what.toLowerCase(),
      points: pointsOf(what),
      dots: true,
      ...(what === "Accuracy" && { percent: "y" }),
    }),
    table,
  }));
}

/** All figures of the recipes, one row each. */
export function comparisonTable({ recipes, chosen }: Comparison, caption: string): Html {
  return tableHtml(
    {
      columns: [
        "",
        "Balanced accuracy",
        "95 % interval",
        "Difference from the first row",
        "Simultaneous 95 % interval",
        "Accuracy",
        "Macro F1",
        "Log loss",
        "Curve",
      ],
      rows: recipes.map((one) => [
        one.name === chosen ? `${one.name} (chosen)` : one.name,
        short(one.balancedAccuracy.value),
        range(one.balancedAccuracy.interval),
        one.difference?.value == null ? "–" : signedPoints(one.difference.value),
        one.difference?.interval ? one.difference.interval.map(signedPoints).join(" to ") : "–",
        short(one.accuracy),
        short(one.macroF1),
        one.loss.toFixed(3),
        one.curve.verdict,
      ]),
    },
    caption,
  );
}

/** Balanced accuracy of the recipes with intervals. */
export const comparisonFigure = ({ recipes, chosen }: Comparison, title: string, chance: number): ChartFigure => ({
  title,
  alt: `Balanced accuracy with 95 % intervals: ${recipes.map(({ name, balancedAccuracy }) => `${name} ${withInterval(balancedAccuracy)}`).join("; ")}.`,
  note: "The lines are 95 % intervals over groups of images and over training seeds. The dashed line is guessing. The other colour marks the chosen one.",
  spec: intervalChart({
    title: "balanced accuracy",
    rows: recipes.map(({ name, balancedAccuracy: { value, interval } }) => ({
      name,
      value,
      interval,
      chosen: name === chosen,
    })),
    reference: chance,
  }),
  table: {
    columns: ["Recipe", "Balanced accuracy", "95 % interval"],
    rows: recipes.map(({ name, balancedAccuracy: { value, interval } }) => [name, short(value), range(interval)]),
  },
});

/** The choice in words: what was chosen, whether chance explains it, and what its figure is worth. */
export function choiceInWords(comparison: Comparison): string {
  const gain = gainInWords(comparison, "the first row");
  return [
    gain === undefined
      ? `No other row scored higher than the first (${comparison.chosen}), which stays.`
      : `The row with the highest balanced accuracy is chosen: ${comparison.chosen}, ${gain}.`,
    visibleInWords(comparison),
    optimismInWords(comparison),
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}
