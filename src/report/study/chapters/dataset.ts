/** Chapter 2: what curation and protocol made of the data. */

import { classMapInWords } from "../../../dataset/protocol-summary.ts";
import type { StudyReport } from "../../../study/study-report.ts";
import { unknownLesions } from "../../../study/words/knowledge.ts";
import { count, list, plural } from "../../../study/words/notation.ts";
import { bullets, paragraph, tableHtml } from "../../html/components.ts";
import type { HtmlValue } from "../../html/html.ts";

/** The chapter's body. */
export function datasetChapter({ dataset, budget }: StudyReport): HtmlValue {
  const { groups, groupedBy, testLeftOut } = dataset;
  const lesions = unknownLesions(dataset.known);
  const left = Object.entries(dataset.classesLeftOut);
  return [
    paragraph(
      `The curation plan leaves out ${plural(dataset.leftOut, "image")}, relabels ${count(dataset.relabelled)} and assigns ${count(dataset.known.grouped)} to groups. ` +
        "curation.csv gives the reason in every line. No image file was changed.",
    ),
    dataset.classMap === undefined ? "" : paragraph(`Classes were mapped: ${classMapInWords(dataset.classMap)}.`),
    left.length > 0 ? bullets(left.map(([name, why]) => `The class ${name} is left out: ${why}.`)) : "",
    paragraph(
      `The protocol ${dataset.protocol} leaves out further test images: ${testLeftOut.content} because the same image is in training, and ` +
        `${testLeftOut.group} because another image of their group is.${dataset.undecoded > 0 ? ` ${plural(dataset.undecoded, "image")} could not be decoded.` : ""} ` +
        `Images are grouped by ${list(groupedBy)}, which gives ${plural(groups.train, "training group")} and ${plural(groups.test, "test group")}. ${lesions === undefined ? "" : `${lesions} `}` +
        `All choices below come from ${budget.folds}-fold cross-validation on the training images, which never splits a group; the final model was tested once, at the end.`,
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
      "Images before and after curation",
    ),
  ];
}
