/** The same figures by age, sex and site, and what cannot be assessed. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import type { Subgrouping } from "../../../../evaluation/judgement/subgroups.ts";
import { decimal, range, rateText, sentence, short } from "../../../../study/words/notation.ts";
import { skinTone } from "../../../../study/words/statements.ts";
import { type ChartFigure, chartFigures } from "../../../charts/chart-figure.ts";
import { intervalChart } from "../../../charts/interval-chart.ts";
import { paragraph } from "../../../html/components.ts";
import { type HtmlValue, html } from "../../../html/html.ts";

/** Accuracy by subgroup, and what is said of skin tone. */
export async function subgroupsHtml({ subgroups, accuracy }: CompleteEvaluation): Promise<HtmlValue> {
  return [
    html`<h3>Subgroups</h3>`,
    subgroups.length === 0
      ? paragraph("Age, sex and site are unknown: the metadata do not have them.")
      : await chartFigures(subgroups.filter(isJudged).map((grouping) => subgroupFigure(grouping, accuracy))),
    subgroups
      .filter((grouping) => !isJudged(grouping))
      .map(({ grouping, minimum, subgroups: parts }) =>
        paragraph(
          `No subgroup by ${grouping} has the ${minimum} images that a figure needs: ${parts.map(({ name, images }) => `${nameOf(name)} (${images})`).join(", ")}.`,
        ),
      ),
    paragraph(skinTone),
  ];
}

const nameOf = (name: string | null): string => name ?? "unknown";

const isJudged = ({ subgroups }: Subgrouping): boolean => subgroups.some(({ figures }) => figures !== null);

function subgroupFigure({ grouping, minimum, subgroups }: Subgrouping, overall: number): ChartFigure {
  const judged = subgroups.flatMap(({ name, images, figures }) =>
    figures ? [{ name: `${nameOf(name)} (${images})`, ...figures.accuracy }] : [],
  );
  const few = subgroups
    .filter(({ figures }) => figures === null)
    .map(({ name, images }) => `${nameOf(name)} (${images})`);
  const tests = subgroups.find(({ figures }) => figures)?.figures?.tests ?? [];
  return {
    title: `Accuracy by ${grouping}`,
    alt: `Accuracy with 95 % intervals: ${judged.map(({ name, value, interval }) => `${name} ${short(value)}, ${range(interval)}`).join("; ")}.`,
    note:
      "Brackets give the number of test images, lines the 95 % intervals, the dashed line the accuracy on all images. Subgroups also differ in their classes, so a difference need not come from the people." +
      (few.length > 0 ? ` Too small for a figure (below ${minimum} images): ${few.join(", ")}.` : ""),
    spec: intervalChart({ title: "accuracy", rows: judged, reference: overall }),
    table: {
      columns: [
        sentence(grouping),
        "Images",
        "Groups",
        "Accuracy",
        "Balanced accuracy",
        "95 % interval",
        "Classes",
        ...tests.flatMap(({ name, threshold }) => [
          `${sentence(name)} (${decimal(threshold)}): sensitivity`,
          "specificity",
        ]),
      ],
      rows: subgroups.map(({ name, images, groups, figures }) => [
        nameOf(name),
        images,
        groups,
        ...(figures
          ? [
              rateText(figures.accuracy),
              short(figures.balancedAccuracy.value),
              range(figures.balancedAccuracy.interval),
              figures.classes.length,
              ...figures.tests.flatMap((test) => [rateText(test.sensitivity), rateText(test.specificity)]),
            ]
          : [`fewer than ${minimum} images`, null, null, null, ...tests.flatMap(() => [null, null])]),
      ]),
    },
  };
}
