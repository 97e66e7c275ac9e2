/** `report.html`: the ten chapters of a study as one page that needs nothing else. */

import { trainingImages } from "../../study/steps/dataset.ts";
import { chapters, type StudyReport } from "../../study/study-report.ts";
import { nothingShared } from "../../study/words/knowledge.ts";
import { count, duration, percent, range } from "../../study/words/notation.ts";
import { researchOnly } from "../../study/words/statements.ts";
import { html } from "../html.ts";
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
import { noticeHtml, pageHtml, paragraph } from "./page.ts";

/** The report as HTML. */
export async function htmlReport(report: StudyReport): Promise<string> {
  const { classes, evaluation, budget, data, dataset } = report;
  const phantom = report.origin === "phantom";
  const { figures: main } = evaluation;
  const lead = html`${[
    phantom &&
      noticeHtml("Phantom data.", "The images were drawn by naevus. No figure here says anything about real skin."),
    html`<p class="lead">${
      `A convolutional network trained from scratch on ${count(trainingImages(dataset))} images of ${classes.length} classes, ` +
      `judged once on ${count(evaluation.samples)} that share ${nothingShared(dataset.known)} with them. ${researchOnly}`
    }</p>`,
    report.conclusion.cautions.map((text) => noticeHtml("Read this first.", text)),
    !report.pictures &&
      paragraph(
        "This report was made without pictures of the images (--no-images); where they would stand, their files are named.",
      ),
    html`<ul class="key">${[
      [percent(main.accuracy.value), `accuracy on test, ${range(main.accuracy.interval)}`],
      [percent(main.balancedAccuracy.value), `balanced accuracy, ${range(main.balancedAccuracy.interval)}`],
      [percent(main.macro.f1.value), `macro F1, ${range(main.macro.f1.interval)}`],
      [
        main.macro.auroc.value === null ? "–" : main.macro.auroc.value.toFixed(3),
        "mean area under the ROC curves, one class against the rest",
      ],
    ].map(([value, about]) => html`<li><b>${value}</b><span>${about}</span></li>`)}</ul>`,
  ]}`;
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
  return pageHtml({
    title: "A skin-lesion classifier, studied",
    lead,
    notice: phantom ? "phantom data" : undefined,
    sections: bodies.map(([id, body], i) => ({ id, body, title: chapters[i]! })),
    footer: html`<p>${
      `Made by naevus ${report.naevus} with a budget of ${budget.minutes} minutes; its steps took ${duration(budget.spentSeconds)}. ` +
      `Data: fingerprint ${evaluation.dataFingerprint?.slice(0, 16) ?? ""}, protocol ${evaluation.protocol}. `
    }Every figure stands in <code>report.json</code>, the findings about the data in <code>audit.json</code>. ${data.origin === "phantom" && "Phantom data."}</p>`,
  });
}
