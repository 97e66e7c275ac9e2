/** The final model against others on the same test images. */

import type { Estimate } from "../../../../evaluation/intervals/cluster-bootstrap.ts";
import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import { pValueText, rateText, signedPoints } from "../../../../study/words/notation.ts";
import { tableHtml } from "../../../html/components.ts";
import { type HtmlValue, html } from "../../../html/html.ts";

/** In points, with the 95 % interval. */
const difference = ({ value, interval }: Estimate): string =>
  value === null ? "–" : `${signedPoints(value)}\n${interval ? interval.map(signedPoints).join(" to ") : "–"}`;

/** The comparisons; nothing where there is none. */
export const comparisonHtml = ({ comparisons }: CompleteEvaluation): HtmlValue =>
  comparisons.length === 0
    ? ""
    : html`<h3>Comparison with the notebook's network</h3>${tableHtml(
        {
          columns: [
            "Other model",
            "Correct: final model",
            "Correct: other",
            "Only final",
            "Only other",
            "Test",
            "Difference of accuracy, points",
            "Of balanced accuracy, points",
          ],
          rows: comparisons.map((one) => [
            one.rival,
            rateText(one.first),
            rateText(one.second),
            one.onlyFirst,
            one.onlySecond,
            pValueText(one),
            difference(one.accuracyDifference),
            difference(one.balancedAccuracyDifference),
          ]),
        },
        "Both models on the same test images",
      )}`;
