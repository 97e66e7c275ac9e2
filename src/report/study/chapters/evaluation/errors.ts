/** Pictures of what went wrong, labels that may be wrong, and what is not stated. */
import type { CompleteEvaluation } from "../../../../evaluation/complete-evaluation.ts";
import { count, percent, sentence } from "../../notation.ts";
import { galleryHtml, listHtml, paragraph } from "../../page.ts";
import type { StudyReport } from "../../study-report.ts";

export function confidentErrorsHtml({ evaluation, testImages }: StudyReport): string {
  const pictures = evaluation.confidentErrors.flatMap(({ image, truth, predicted, confidence }) => {
    const { picture } = testImages[image]!;
    const what = `${truth}, taken for ${predicted}`;
    return picture === undefined
      ? []
      : [{ source: picture, alt: what, caption: `${what} (${percent(confidence)} sure)` }];
  });
  return `<h3>The errors it was surest of</h3>${pictures.length > 0 ? galleryHtml(pictures) : paragraph("None.")}`;
}

export function doubtfulLabelsHtml({ evaluation, doubtfulLabels }: StudyReport): string {
  const { candidates = [], estimated = null, notEstimated } = evaluation.labelErrors ?? {};
  return (
    "<h3>Labels to look at again</h3>" +
    paragraph(
      "Confident learning (Northcutt et al. 2021) on out-of-fold predictions ranks training images by how little they fit their label. " +
        (estimated === null
          ? `How many labels are wrong is not stated: ${notEstimated ?? "it was not estimated"}. `
          : `It finds ${count(candidates.length)} whose label may be wrong, and puts the number of wrong labels at ${Math.round(estimated)}. `) +
        "They are to be looked at, not to be believed. Those that fit their label least:",
    ) +
    galleryHtml(
      doubtfulLabels.map(({ picture, label, suggested, suggestedProbability, path }) => ({
        source: picture,
        alt: `${path}, labelled ${label}`,
        caption: `${path.slice(path.lastIndexOf("/") + 1)}: ${label}; the models say ${suggested} (${percent(suggestedProbability)})`,
      })),
    )
  );
}

export const notStatedHtml = ({ notStated }: CompleteEvaluation): string =>
  notStated.length === 0
    ? ""
    : `<details><summary>What is not stated, and why</summary>${listHtml(notStated.map(({ what, why }) => `${sentence(what)}: ${why}.`))}</details>`;
