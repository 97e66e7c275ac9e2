/** Chapter 5: what augmentation does to an image and to the curves. */

import type { StudyReport } from "../../../study/study-report.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { disclosure, galleryHtml, paragraph } from "../../html/components.ts";
import { type HtmlValue, html } from "../../html/html.ts";
import { choiceInWords, comparisonFigure, comparisonTable, curveFigures } from "./recipes.ts";

/** The chapter's body. */
export async function augmentationChapter(report: StudyReport): Promise<HtmlValue> {
  const { gallery, augmentation, classes } = report;
  const rows = gallery.map(
    ({ title, pictures }) =>
      html`<h4>${title}</h4>${galleryHtml(
        pictures.map(({ label, picture }) => ({ source: picture, alt: `${title}: ${label}`, caption: label })),
      )}`,
  );
  return [
    paragraph(
      "Augmentation varies the training images anew in every epoch. " +
        `${rows.length > 0 ? "The pictures show its effect on one image. " : ""}The curves compare the same network with and without it.`,
    ),
    rows.length > 0 && [rows.slice(0, 1), disclosure("Each augmentation on this image", rows.slice(1), { open: true })],
    await chartFigures([
      ...curveFigures(augmentation.recipes, "by augmentation"),
      comparisonFigure(augmentation, "Augmentations compared", 1 / classes.length),
    ]),
    comparisonTable(augmentation, "Augmentations on the same folds"),
    paragraph(choiceInWords(augmentation)),
  ];
}
