/** Chapter 2: what curation and protocol made of the data. */

import type { StudyReport } from "../../../study/study-report.ts";
import { unknownLesions } from "../../../study/words/knowledge.ts";
import { count, plural } from "../../../study/words/notation.ts";
import type { HtmlValue } from "../../html.ts";
import { listHtml, paragraph, tableHtml } from "../page.ts";

export function datasetChapter({ dataset, budget }: StudyReport): HtmlValue {
  const { groups, groupedBy, testLeftOut } = dataset;
  const lesions = unknownLesions(dataset.known);
  const left = Object.entries(dataset.classesLeftOut);
  return [
    paragraph(
      `The curation plan leaves out ${plural(dataset.leftOut, "image")}, gives ${count(dataset.relabelled)} another label and keeps ${count(dataset.known.grouped)} together in groups; ` +
        "every line of it says why (curation.csv). No image file was changed.",
    ),
    left.length > 0 ? listHtml(left.map(([name, why]) => `${name} is left out as a class: ${why}.`)) : "",
    paragraph(
      `Protocol ${dataset.protocol}: of the test images, ${testLeftOut.content} more were left out because their content stands in training and ` +
        `${testLeftOut.group} because another image of their group does${dataset.undecoded > 0 ? `; ${plural(dataset.undecoded, "image")} could not be decoded` : ""}. ` +
        `Grouped by ${groupedBy.join(", ")}: ${plural(groups.train, "group")} to learn from, ${count(groups.test)} to test on. ${lesions === undefined ? "" : `${lesions} `}` +
        `All choices below were made in ${budget.folds}-fold cross-validation inside the training images, with groups whole; the test images were judged once, at the end.`,
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
  ];
}
