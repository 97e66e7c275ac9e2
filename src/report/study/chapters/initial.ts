/** Chapter 4: the course notebook's network on the raw images, and what its learning curves are called. */

import { isPublished } from "../../../study/steps/trained-model.ts";
import type { StudyReport } from "../../../study/study-report.ts";
import { count, percent, plural, range, resolution, sentence, withInterval } from "../../../study/words/notation.ts";
import { type HtmlValue, html } from "../../html.ts";
import { figuresHtml, paragraph } from "../page.ts";
import { curveFigures } from "./recipes.ts";

export async function initialChapter({ initial, official, budget }: StudyReport): Promise<HtmlValue> {
  const published = isPublished(official);
  return [
    paragraph(
      `The course notebook's network (three convolutions, two dense layers) on the raw images${resolution(budget)}, for ${plural(budget.comparisonEpochs, "epoch")} on each of ${budget.folds} folds. ` +
        `Balanced accuracy on images held out: ${withInterval(initial.balancedAccuracy)}; accuracy ${percent(initial.accuracy)}.`,
    ),
    html`<p><strong>Verdict: ${initial.curve.verdict}.</strong> ${sentence(initial.curve.why)}.</p>`,
    await figuresHtml(curveFigures([initial], "mean over folds")),
    paragraph(
      "The rule: overfitting where the loss held out has risen 5 % (and 0.005) above its least, or training accuracy is 10 points above accuracy held out; underfitting where training accuracy is within 10 points of " +
        "always naming the most frequent class, or has not come half of the way from there to 100 %, whichever is less; still improving where the loss held out fell by 2 % in the last quarter; otherwise balanced.",
    ),
    html`<h3>On the data as ${published ? "published" : "found"}</h3>`,
    paragraph(
      `${published ? "For comparison with other work" : "For comparison"} the same network was also trained on the training images as ${published ? "published" : "found"}, for ${plural(official.epochs, "epoch")}, and judged once on the ` +
        `${count(official.evaluation.samples)} test images ${published ? "as published" : "that were drawn"} (protocol ${official.evaluation.protocol}): accuracy ${percent(official.evaluation.accuracy)} ` +
        `(95 % interval ${range(official.evaluation.accuracyInterval)}), balanced accuracy ${percent(official.evaluation.balancedAccuracy)}, macro F1 ${percent(official.evaluation.macro.f1)}. ` +
        "Copies, wrong labels and lesions on both sides of the split count in it, so nothing below is chosen by it.",
    ),
  ];
}
