/** Pictures of what went wrong, labels that may be wrong, and what is not stated. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import type { StudyReport } from "../../../../study/study-report.ts";
import { count, fileName, percent, sentence } from "../../../../study/words/notation.ts";
import { type HtmlValue, html } from "../../../html.ts";
import { galleryHtml, listHtml, type Picture, paragraph } from "../../page.ts";

export function confidentErrorsHtml({ evaluation, testImages, pictures }: StudyReport): HtmlValue {
  const errors = evaluation.confidentErrors.flatMap(({ image, truth, predicted, confidence }): Picture[] => {
    const { path, picture } = testImages[image]!;
    const what = `${truth}, taken for ${predicted}`;
    const caption = `${what} (${percent(confidence)} sure)`;
    if (!pictures) return [{ source: undefined, alt: what, caption: `${fileName(path)}: ${caption}` }];
    return picture === undefined ? [] : [{ source: picture, alt: what, caption }];
  });
  return [html`<h3>The errors it was surest of</h3>`, errors.length > 0 ? galleryHtml(errors) : paragraph("None.")];
}

export function doubtfulLabelsHtml({ evaluation, doubtfulLabels }: StudyReport): HtmlValue {
  const { candidates = [], estimated = null, notEstimated } = evaluation.labelErrors ?? {};
  return [
    html`<h3>Labels to look at again</h3>`,
    paragraph(
      "Confident learning (Northcutt et al. 2021) on out-of-fold predictions ranks training images by how little they fit their label. " +
        (estimated === null
          ? `How many labels are wrong is not stated: ${notEstimated ?? "it was not estimated"}. `
          : `It finds ${count(candidates.length)} whose label may be wrong, and puts the number of wrong labels at ${Math.round(estimated)}. `) +
        "They are to be looked at, not to be believed. Those that fit their label least:",
    ),
    galleryHtml(
      doubtfulLabels.map(({ picture, label, suggested, suggestedProbability, path }) => ({
        source: picture,
        alt: `${path}, labelled ${label}`,
        caption: `${fileName(path)}: ${label}; the models say ${suggested} (${percent(suggestedProbability)})`,
      })),
    ),
  ];
}

export const notStatedHtml = ({ notStated }: CompleteEvaluation): HtmlValue =>
  notStated.length === 0
    ? ""
    : html`<details><summary>What is not stated, and why</summary>${listHtml(notStated.map(({ what, why }) => `${sentence(what)}: ${why}.`))}</details>`;
