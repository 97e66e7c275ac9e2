/** `report.html`: the ten chapters of a study as one page that needs nothing else. */

import { chapters, type StudyReport, trainingImages } from "../../study/study-report.ts";
import { nothingShared } from "../../study/words/knowledge.ts";
import { count, decimal, duration, percent, plural, range } from "../../study/words/notation.ts";
import { type Card, callout, cards, paragraph } from "../html/components.ts";
import { type Html, type HtmlValue, html } from "../html/html.ts";
import { htmlPage } from "../html/page.ts";
import { augmentationChapter } from "./chapters/augmentation.ts";
import { conclusionChapter } from "./chapters/conclusion.ts";
import { dataChapter } from "./chapters/data.ts";
import { datasetChapter } from "./chapters/dataset.ts";
import { distributionChapter } from "./chapters/distribution.ts";
import { evaluationChapter } from "./chapters/evaluation/evaluation.ts";
import { finalChapter } from "./chapters/final.ts";
import { imbalanceChapter } from "./chapters/imbalance.ts";
import { initialChapter } from "./chapters/initial.ts";
import { looksChapter } from "./chapters/looks.ts";

const mainFigures = ({ evaluation: { figures } }: StudyReport): readonly Card[] => [
  { value: percent(figures.accuracy.value), text: `test accuracy, ${range(figures.accuracy.interval)}` },
  {
    value: percent(figures.balancedAccuracy.value),
    text: `balanced accuracy, ${range(figures.balancedAccuracy.interval)}`,
  },
  { value: percent(figures.macro.f1.value), text: `macro F1, ${range(figures.macro.f1.interval)}` },
  { value: decimal(figures.macro.auroc.value), text: "mean area under the ROC curves, each class against the rest" },
];

function leadOf(report: StudyReport): HtmlValue {
  const { classes, evaluation, dataset, conclusion } = report;
  return [
    report.origin === "phantom" &&
      callout("Phantom data.", "naevus drew these images. No figure here says anything about real skin."),
    paragraph(
      `This study trained a convolutional network from scratch on ${count(trainingImages(dataset))} images of ${classes.length} classes ` +
        `and tested it once on ${count(evaluation.samples)} images that share ${nothingShared(dataset.known)} with them.`,
    ),
    conclusion.cautions.map((text) => callout("Read this first.", text)),
    !report.pictures && paragraph("This report has no pictures (--no-images); it names the files instead."),
    cards(mainFigures(report)),
  ];
}

const footerOf = ({ naevus, budget, evaluation, data }: StudyReport): Html =>
  html`<p>${
    `naevus ${naevus} made this report with a budget of ${plural(budget.minutes, "minute")}; its steps took ${duration(budget.spentSeconds)}. ` +
    `The data have the fingerprint ${evaluation.dataFingerprint?.slice(0, 16) ?? ""}; the protocol is ${evaluation.protocol}. `
  }<code>report.json</code> holds every figure, and <code>audit.json</code> the findings about the data.${data.origin === "phantom" && " Phantom data."}</p>`;

/** The report as HTML. */
export async function studyPage(report: StudyReport): Promise<string> {
  const bodies = [
    ["data", dataChapter(report)],
    ["dataset", datasetChapter(report)],
    ["looks", await looksChapter(report)],
    ["initial", await initialChapter(report)],
    ["augmentation", await augmentationChapter(report)],
    ["distribution", await distributionChapter(report)],
    ["imbalance", await imbalanceChapter(report)],
    ["final", await finalChapter(report)],
    ["evaluation", await evaluationChapter(report)],
    ["conclusion", conclusionChapter(report)],
  ] as const;
  return htmlPage({
    title: "Study of a skin-lesion classifier",
    lead: leadOf(report),
    sections: bodies.map(([id, body], i) => ({ id, body, title: chapters[i]! })),
    numbered: true,
    badge: report.origin === "phantom" ? "phantom data" : undefined,
    footer: footerOf(report),
  });
}
