/** Pictures of what went wrong, labels that may be wrong, and what is not stated. */

import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import type { StudyReport } from "../../../../study/study-report.ts";
import { count, fileName, percent, sentence } from "../../../../study/words/notation.ts";
import { bullets, disclosure, galleryHtml, type Picture, paragraph } from "../../../html/components.ts";
import { type HtmlValue, html } from "../../../html/html.ts";

/** The wrong predictions with the highest confidence. */
export function confidentErrorsHtml({ evaluation, testImages, pictures }: StudyReport): HtmlValue {
  const errors = evaluation.confidentErrors.flatMap(({ image, truth, predicted, confidence }): Picture[] => {
    const { path, picture } = testImages[image]!;
    const what = `${truth}, predicted as ${predicted}`;
    const caption = `${what} (${percent(confidence)} confident)`;
    if (!pictures) return [{ source: undefined, alt: what, caption: `${fileName(path)}: ${caption}` }];
    return picture === undefined ? [] : [{ source: picture, alt: what, caption }];
  });
  return [html`<h3>The most confident errors</h3>`, errors.length > 0 ? galleryHtml(errors) : paragraph("None.")];
}

/** Training images whose label may be wrong. */
export function doubtfulLabelsHtml({ evaluation, doubtfulLabels }: StudyReport): HtmlValue {
  const { candidates = [], estimated = null, notEstimated } = evaluation.labelErrors ?? {};
  return [
    html`<h3>Labels to review</h3>`,
    paragraph(
      "Confident learning (Northcutt et al. 2021) ranks training images by how poorly their out-of-fold predictions fit the label. " +
        (estimated === null
          ? `The number of wrong labels is not estimated: ${notEstimated ?? "no reason is given"}. `
          : `It finds ${count(candidates.length)} whose label may be wrong, and estimates ${Math.round(estimated)} wrong labels. `) +
        "These labels need review; the ranking alone does not prove them wrong. The images that fit their label least:",
    ),
    galleryHtml(
      doubtfulLabels.map(({ picture, label, suggested, suggestedProbability, path }) => ({
        source: picture,
        alt: `${path}, labelled ${label}`,
        caption: `${fileName(path)}: ${label}; the models predict ${suggested} (${percent(suggestedProbability)})`,
      })),
    ),
  ];
}

/** Figures that could not be stated; nothing where there are none. */
export const notStatedHtml = ({ notStated }: CompleteEvaluation): HtmlValue =>
  notStated.length === 0
    ? ""
    : disclosure(
        "What is not stated, and why",
        bullets(notStated.map(({ what, why }) => `${sentence(what)}: ${why}.`)),
      );
