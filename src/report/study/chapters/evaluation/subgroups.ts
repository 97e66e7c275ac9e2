/** The same figures by age, sex and site, and what cannot be assessed. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import type { Subgrouping } from "../../../../evaluation/judgement/subgroups.ts";
import { decimal, range, rateText, sentence, short } from "../../../../study/words/notation.ts";
import { skinTone } from "../../../../study/words/statements.ts";
import { intervalChart } from "../../../charts/charts.ts";
import { type HtmlValue, html } from "../../../html.ts";
import { type Figure, figuresHtml, paragraph } from "../../page.ts";

export async function subgroupsHtml({ subgroups, accuracy }: CompleteEvaluation): Promise<HtmlValue> {
  return [
    html`<h3>Subgroups</h3>`,
    subgroups.length === 0
      ? paragraph("Age, sex and site are not known: no metadata tell them.")
      : await figuresHtml(subgroups.filter(isJudged).map((grouping) => subgroupFigure(grouping, accuracy))),
    subgroups
      .filter((grouping) => !isJudged(grouping))
      .map(({ grouping, minimum, subgroups: parts }) =>
        paragraph(
          `By ${grouping} no part has the ${minimum} images that a figure needs: ${parts.map(({ name, images }) => `${nameOf(name)} (${images})`).join(", ")}.`,
        ),
      ),
    paragraph(skinTone),
  ];
}

const nameOf = (name: string | null): string => name ?? "not known";

const isJudged = ({ subgroups }: Subgrouping): boolean => subgroups.some(({ figures }) => figures !== null);

function subgroupFigure({ grouping, minimum, subgroups }: Subgrouping, overall: number): Figure {
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
      "In brackets: test images. Lines: 95 % intervals. Dashed: all images. Parts differ in their classes too, so that a difference need not be one of the people." +
      (few.length > 0 ? ` Too few to speak of (below ${minimum}): ${few.join(", ")}.` : ""),
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
          `${sentence(name)} from ${decimal(threshold)}: sensitivity`,
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
