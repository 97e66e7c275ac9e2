/** The final model against others on the same test images. */
import type { CompleteEvaluation } from "../../../../evaluation/complete-evaluation.ts";
import { rateText, withInterval } from "../../notation.ts";
import { tableHtml } from "../../page.ts";

export const comparisonHtml = ({ comparisons }: CompleteEvaluation): string =>
  comparisons.length === 0
    ? ""
    : `<h3>Against the notebook's network</h3>${tableHtml(
        {
          columns: [
            "Against",
            "Final model right (Wilson)",
            "Other right (Wilson)",
            "Only final",
            "Only other",
            "McNemar's exact p",
            "Difference of accuracy",
            "Difference of balanced accuracy",
          ],
          rows: comparisons.map((one) => [
            one.rival,
            rateText(one.first),
            rateText(one.second),
            one.onlyFirst,
            one.onlySecond,
            one.mcnemar.toFixed(4),
            withInterval(one.accuracyDifference),
            withInterval(one.balancedAccuracyDifference),
          ]),
        },
        "The same test images, judged by both",
      )}`;
