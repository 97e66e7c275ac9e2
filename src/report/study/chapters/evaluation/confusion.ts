/** The confusion matrix as a table whose cells show their images, or name them, without any script. */

import type { StudyReport } from "../../../../study/study-report.ts";
import { fileName, percent } from "../../../../study/words/notation.ts";
import { type HtmlValue, html } from "../../../html.ts";
import { galleryHtml, heatClass, paragraph, tableHtml } from "../../page.ts";

/** Pictures that one cell shows. */
const mostShown = 60;

const cellId = (truth: number, predicted: number): string => `cell-${truth}-${predicted}`;

/** Of more classes no matrix is drawn, but a list of the largest confusions. */
const mostClasses = 40;
const mostListed = 60;

export const confusionHtml = (report: StudyReport): HtmlValue =>
  report.classes.length > mostClasses ? listHtml(report) : matrixHtml(report);

function listHtml({ evaluation: { confusionMatrix: matrix }, classes }: StudyReport): HtmlValue {
  const confusions = matrix
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(({ truth, predicted, count }) => count > 0 && truth !== predicted)
    .sort((a, b) => b.count - a.count);
  return [
    html`<h3>Largest confusions</h3>`,
    paragraph(`Of ${classes.length} classes, whose whole matrix is in report.json.`),
    tableHtml(
      {
        columns: ["Truth", "Prediction", "Images"],
        rows: confusions
          .slice(0, mostListed)
          .map(({ truth, predicted, count }) => [classes[truth]!, classes[predicted]!, count]),
      },
      `The largest of ${confusions.length} confusions`,
    ),
  ];
}

function matrixHtml({ evaluation, classes, testImages, pictures }: StudyReport): HtmlValue {
  const { confusionMatrix: matrix } = evaluation;
  const rows = matrix.map((row, truth) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    const cells = row.map((value, predicted) => {
      const share = total === 0 ? 0 : value / total;
      const own = truth === predicted && html` class="own"`;
      if (value === 0) return html`<td${own}><span class="${heatClass(undefined)}">0</span></td>`;
      const label = `${value} of ${total} images of ${classes[truth]} called ${classes[predicted]}: ${pictures ? "show" : "list"} them`;
      return html`<td${own}><a href="#${cellId(truth, predicted)}" class="${heatClass(share)}" aria-label="${label}">${value}<small>${(share * 100).toFixed(0)} %</small></a></td>`;
    });
    return html`<tr><th scope="row">${classes[truth]}</th>${cells}</tr>`;
  });
  const head = classes.map((name) => html`<th scope="col">${name}</th>`);
  const panels = matrix.flatMap((row, truth) =>
    row.flatMap((value, predicted) => {
      if (value === 0) return [];
      const shown = testImages
        .filter((image) => image.truth === truth && image.predicted === predicted)
        .filter(({ picture }) => !pictures || picture !== undefined)
        .sort((a, b) => b.confidence - a.confidence)
        .slice(0, mostShown);
      const missing = value - shown.length;
      return [
        html`<div class="cell" id="${cellId(truth, predicted)}"><strong>${classes[truth]}, called ${classes[predicted]}: ${value}</strong> <a href="#confusion">close</a>${[
          galleryHtml(
            shown.map(({ path, picture, confidence }) => ({
              source: picture,
              alt: path,
              caption: `${fileName(path)}, ${percent(confidence)} sure`,
            })),
          ),
          missing > 0 && html`<p class="note">and ${missing} more</p>`,
        ]}</div>`,
      ];
    }),
  );
  return [
    html`<h3>Confusion matrix</h3>`,
    paragraph(
      `Rows: what is true. Columns: what the model says. A cell shows its count and its part of the row; choosing one ${pictures ? "shows" : "names"} its images.`,
    ),
    html`<div class="scroll" id="confusion" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></div>`,
    panels,
  ];
}
