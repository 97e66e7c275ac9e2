/** The final model against others on the same test images. */

import type { Estimate } from "../../../../evaluation/intervals/cluster-bootstrap.ts";
import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import { pValueText, rateText, signedPoints } from "../../../../study/words/notation.ts";
import { type HtmlValue, html } from "../../../html.ts";
import { tableHtml } from "../../page.ts";

/** In points, with the 95 % interval. */
const difference = ({ value, interval }: Estimate): string =>
  value === null ? "–" : `${signedPoints(value)}\n${interval ? interval.map(signedPoints).join(" to ") : "–"}`;

export const comparisonHtml = ({ comparisons }: CompleteEvaluation): HtmlValue =>
  comparisons.length === 0
    ? ""
    : html`<h3>Against the notebook's network</h3>${tableHtml(
        {
          columns: [
            "Against",
            "Final model right",
            "Other right",
            "Only final",
            "Only other",
            "Test",
            "Difference of accuracy, points",
            "of balanced accuracy, points",
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
        "The same test images, judged by both",
      )}`;
