/** The confusion matrix as a table whose cells show or list their images, without any script. */

import type { StudyReport } from "../../../../study/study-report.ts";
import { fileName, percent } from "../../../../study/words/notation.ts";
import { aside, galleryHtml, paragraph, tableHtml } from "../../../html/components.ts";
import { type HtmlValue, html } from "../../../html/html.ts";
import { heatClass } from "../../../html/stylesheet.ts";

/** Pictures that one cell shows. */
const mostShown = 60;

const cellId = (truth: number, predicted: number): string => `cell-${truth}-${predicted}`;

/** Of more classes no matrix is drawn, but a list of the largest confusions. */
const mostClasses = 40;
const mostListed = 60;

/** The matrix, or the largest confusions of very many classes. */
export const confusionHtml = (report: StudyReport): HtmlValue =>
  report.classes.length > mostClasses ? listHtml(report) : matrixHtml(report);

function listHtml({ evaluation: { confusionMatrix: matrix }, classes }: StudyReport): HtmlValue {
  const confusions = matrix
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(({ truth, predicted, count }) => count > 0 && truth !== predicted)
    .sort((a, b) => b.count - a.count);
  return [
    html`<h3>Largest confusions</h3>`,
    paragraph(`report.json holds the whole matrix of ${classes.length} classes.`),
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
      const label = `${value} of ${total} images of ${classes[truth]} predicted as ${classes[predicted]}: ${pictures ? "show" : "list"} them`;
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
        html`<div class="panel" id="${cellId(truth, predicted)}"><strong>${classes[truth]}, predicted as ${classes[predicted]}: ${value}</strong> <a href="#confusion">close</a>${[
          galleryHtml(
            shown.map(({ path, picture, confidence }) => ({
              source: picture,
              alt: path,
              caption: `${fileName(path)}, ${percent(confidence)} confident`,
            })),
          ),
          missing > 0 && aside(`and ${missing} more`),
        ]}</div>`,
      ];
    }),
  );
  return [
    html`<h3>Confusion matrix</h3>`,
    paragraph(
      `Rows are true classes, columns predicted ones. A cell gives its count and its share of the row; selecting it ${pictures ? "shows" : "lists"} its images.`,
    ),
    html`<div class="scroll" id="confusion" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></div>`,
    panels,
  ];
}
