/** Chapter 5: what augmentation does to an image and to the curves. */
import { escapeHtml } from "../../html.ts";
import { figuresHtml, galleryHtml, paragraph } from "../page.ts";
import type { StudyReport } from "../study-report.ts";
import { choiceInWords, comparisonFigure, comparisonTable, curveFigures } from "./recipes.ts";

export async function augmentationChapter(report: StudyReport): Promise<string> {
  const { gallery, augmentation, classes } = report;
  const rows = gallery.map(
    ({ title, pictures }) =>
      `<h4>${escapeHtml(title)}</h4>${galleryHtml(
        pictures.map(({ label, picture }) => ({ source: picture, alt: `${title}: ${label}`, caption: label })),
      )}`,
  );
  return [
    paragraph(
      `The same network with training images varied anew in every epoch. What that does ${rows.length > 0 ? "to one image, and " : ""}to the curves against the raw images:`,
    ),
    rows.length > 0
      ? `<div class="rows">${rows.slice(0, 1).join("")}<details open><summary>Each augmentation on this image</summary>${rows.slice(1).join("")}</details></div>`
      : "",
    await figuresHtml([
      ...curveFigures(augmentation.recipes, "by augmentation"),
      comparisonFigure(augmentation, "Augmentation compared", 1 / classes.length),
    ]),
    comparisonTable(augmentation, "Augmentation, on the same folds"),
    paragraph(choiceInWords(augmentation)),
  ].join("");
}
