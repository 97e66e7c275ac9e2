/** Chapter 5: what augmentation does to an image and to the curves. */

import type { StudyReport } from "../../../study/study-report.ts";
import { type HtmlValue, html } from "../../html.ts";
import { figuresHtml, galleryHtml, paragraph } from "../page.ts";
import { choiceInWords, comparisonFigure, comparisonTable, curveFigures } from "./recipes.ts";

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
      `The same network with training images varied anew in every epoch. What that does ${rows.length > 0 ? "to one image, and " : ""}to the curves against the raw images:`,
    ),
    rows.length > 0 &&
      html`<div class="rows">${rows.slice(0, 1)}<details open><summary>Each augmentation on this image</summary>${rows.slice(1)}</details></div>`,
    await figuresHtml([
      ...curveFigures(augmentation.recipes, "by augmentation"),
      comparisonFigure(augmentation, "Augmentation compared", 1 / classes.length),
    ]),
    comparisonTable(augmentation, "Augmentation, on the same folds"),
    paragraph(choiceInWords(augmentation)),
  ];
}
