/** Chapter 2: what curation and protocol made of the data. */
import { count } from "../notation.ts";
import { listHtml, paragraph, tableHtml } from "../page.ts";
import type { StudyReport } from "../study-report.ts";

export function datasetChapter({ dataset, budget }: StudyReport): string {
  const { groups, groupedBy, testLeftOut } = dataset;
  const left = Object.entries(dataset.classesLeftOut);
  return [
    paragraph(
      `The curation plan leaves out ${count(dataset.leftOut)} images, gives ${count(dataset.relabelled)} another label and keeps ${count(dataset.grouped)} together in groups; ` +
        "every line of it says why (curation.csv). No image file was changed.",
    ),
    left.length > 0 ? listHtml(left.map(([name, why]) => `${name} is left out as a class: ${why}.`)) : "",
    paragraph(
      `Protocol ${dataset.protocol}: of the test images, ${testLeftOut.content} more were left out because their content stands in training and ` +
        `${testLeftOut.group} because another image of their group does. Grouped by ${groupedBy.join(", ")}: ${count(groups.train)} groups to learn from, ${count(groups.test)} to test on. ` +
        `All choices below were made in ${budget.folds}-fold cross-validation inside the training images, groups whole; the test images were judged once, at the end.`,
    ),
    tableHtml(
      {
        columns: ["Class", "Train as found", "Train", "Test as found", "Test"],
        rows: [
          ...dataset.counts.map((one) => [one.name, one.trainBefore, one.train, one.testBefore, one.test]),
          [
            "all",
            ...(["trainBefore", "train", "testBefore", "test"] as const).map((key) =>
              dataset.counts.reduce((sum, one) => sum + one[key], 0),
            ),
          ],
        ],
      },
      "Images before and after",
    ),
  ].join("");
}
