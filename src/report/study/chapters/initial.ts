/** Chapter 4: the course notebook's network on the raw images, and what its learning curves are called. */

import { isPublished, type StudyReport } from "../../../study/study-report.ts";
import { count, percent, plural, range, resolution, sentence, withInterval } from "../../../study/words/notation.ts";
import { chartFigures } from "../../charts/chart-figure.ts";
import { paragraph } from "../../html/components.ts";
import { type HtmlValue, html } from "../../html/html.ts";
import { networkFigure } from "../../network/network-figure.ts";
import { curveFigures } from "./recipes.ts";

/** The chapter's body. */
export async function initialChapter({ initial, official, budget, networks }: StudyReport): Promise<HtmlValue> {
  const published = isPublished(official);
  return [
    paragraph(
      `The course notebook's network (three convolutions, two dense layers) was trained on the raw images${resolution(budget)}, for ${plural(budget.comparisonEpochs, "epoch")} on each of ${budget.folds} folds. ` +
        `On held-out images its balanced accuracy is ${withInterval(initial.balancedAccuracy)} and its accuracy is ${percent(initial.accuracy)}.`,
    ),
    networkFigure(networks.initial),
    html`<p><strong>Verdict: ${initial.curve.verdict}.</strong> ${sentence(initial.curve.why)}.</p>`,
    await chartFigures(curveFigures([initial], "mean over folds")),
    paragraph(
      "The verdict follows a rule. Overfitting: the held-out loss has risen 5 % (and 0.005) above its minimum, or training accuracy is 10 points above held-out accuracy. Underfitting: training accuracy is within 10 points of " +
        "always predicting the most frequent class, or below half of the way from there to 100 %, whichever is less. Still improving: the held-out loss fell by 2 % in the last quarter. Otherwise: balanced.",
    ),
    html`<h3>On the data as ${published ? "published" : "found"}</h3>`,
    paragraph(
      `${published ? "For comparison with other work" : "For comparison"}, the same network was also trained on the training images as ${published ? "published" : "found"}, for ${plural(official.epochs, "epoch")}, and tested once on the ` +
        `${count(official.evaluation.samples)} test images ${published ? "as published" : "that naevus drew"} (protocol ${official.evaluation.protocol}). Its accuracy is ${percent(official.evaluation.accuracy)} ` +
        `(95 % interval ${range(official.evaluation.accuracyInterval)}), its balanced accuracy ${percent(official.evaluation.balancedAccuracy)} and its macro F1 ${percent(official.evaluation.macro.f1)}. ` +
        "These figures include copies, wrong labels and lesions on both sides of the split, so no choice below uses them.",
    ),
  ];
}
