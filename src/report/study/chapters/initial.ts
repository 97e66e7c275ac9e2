/** Chapter 4: the course notebook's network on the raw images, and what its learning curves are called. */
import { escapeHtml } from "../../html.ts";
import { sentence, withInterval } from "../notation.ts";
import { figuresHtml, paragraph } from "../page.ts";
import type { StudyReport } from "../study-report.ts";
import { curveFigures } from "./recipes.ts";

export async function initialChapter({ initial, budget }: StudyReport): Promise<string> {
  return [
    paragraph(
      `The course notebook's network (three convolutions, two dense layers) on the raw images, for ${budget.comparisonEpochs} epochs on each of ${budget.folds} folds. ` +
        `Balanced accuracy on images held out: ${withInterval(initial.balancedAccuracy)}; accuracy ${withInterval(initial.accuracy)}.`,
    ),
    `<p><strong>Verdict: ${escapeHtml(initial.curve.verdict)}.</strong> ${escapeHtml(sentence(initial.curve.why))}.</p>`,
    await figuresHtml(curveFigures([initial], "mean over folds")),
    paragraph(
      "The rule: overfitting where the loss held out has risen 5 % above its least, or training accuracy is 10 points above accuracy held out; underfitting where training accuracy is within 10 points of " +
        "always naming the most frequent class; still improving where the loss held out fell by 2 % in the last quarter; otherwise balanced.",
    ),
  ].join("");
}
