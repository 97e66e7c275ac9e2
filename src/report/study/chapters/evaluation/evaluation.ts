/** Chapter 9: the final model judged on the test images, once. */

import type { StudyReport } from "../../../../study/study-report.ts";
import { count } from "../../../../study/words/notation.ts";
import { paragraph } from "../../../html/components.ts";
import type { HtmlValue } from "../../../html/html.ts";
import { calibrationHtml } from "./calibration.ts";
import { comparisonHtml } from "./comparison.ts";
import { confusionHtml } from "./confusion.ts";
import { curvesHtml } from "./curves.ts";
import { confidentErrorsHtml, doubtfulLabelsHtml, notStatedHtml } from "./errors.ts";
import { questionsHtml } from "./questions.ts";
import { classTableHtml, figuresTableHtml, ratesTableHtml } from "./scores.ts";
import { subgroupsHtml } from "./subgroups.ts";

/** The chapter's body. */
export async function evaluationChapter(report: StudyReport): Promise<HtmlValue> {
  const { evaluation } = report;
  const { samples, resampling } = evaluation;
  return [
    paragraph(
      `The final model was tested once, on ${count(samples)} test images in ${count(resampling.groups)} groups. All intervals are 95 % intervals that respect the groups: Wilson's on the effective number of images for rates and balanced accuracy, and ${count(resampling.replicates)} resamples of whole groups for other figures.`,
    ),
    figuresTableHtml(evaluation),
    classTableHtml(evaluation),
    confusionHtml(report),
    ratesTableHtml(evaluation),
    await curvesHtml(evaluation),
    await calibrationHtml(evaluation),
    await questionsHtml(evaluation),
    await subgroupsHtml(evaluation),
    comparisonHtml(evaluation),
    confidentErrorsHtml(report),
    doubtfulLabelsHtml(report),
    notStatedHtml(evaluation),
  ];
}
