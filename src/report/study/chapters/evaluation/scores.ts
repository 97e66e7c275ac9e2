/** The figures of the test images as tables: of all, by class, and of each class against the rest. */

import type { Estimate } from "../../../../evaluation/intervals/cluster-bootstrap.ts";
import type { CompleteEvaluation } from "../../../../evaluation/judgement/complete-evaluation.ts";
import { decimal, decimalRange, range, rateText, short } from "../../../../study/words/notation.ts";
import { tableHtml } from "../../../html/components.ts";
import type { Html } from "../../../html/html.ts";

/** The figures of all test images. */
export function figuresTableHtml({ figures }: CompleteEvaluation): Html {
  const share = (name: string, { value, interval }: Estimate) => [name, short(value), range(interval)];
  const number = (name: string, { value, interval }: Estimate) => [name, decimal(value), decimalRange(interval)];
  return tableHtml(
    {
      columns: ["Figure", "Value", "95 % interval"],
      rows: [
        share("accuracy", figures.accuracy),
        share("balanced accuracy", figures.balancedAccuracy),
        share("macro precision", figures.macro.precision),
        share("macro recall", figures.macro.recall),
        share("macro F1", figures.macro.f1),
        share("weighted precision", figures.weighted.precision),
        share("weighted recall", figures.weighted.recall),
        share("weighted F1", figures.weighted.f1),
        number("Matthews correlation", figures.mcc),
        number("Cohen's kappa", figures.kappa),
        number("mean area under ROC", figures.macro.auroc),
        number("mean average precision", figures.macro.averagePrecision),
        number("Brier score", figures.brier),
        number("log loss", figures.negativeLogLikelihood),
      ],
    },
    "Figures on the test images",
  );
}

/** Precision, recall and F1 by class, with their means. */
export function classTableHtml({ perClass, figures, macro, weighted, samples }: CompleteEvaluation): Html {
  const cell = (value: number | null, { interval }: Estimate) => `${short(value)}\n${range(interval)}`;
  return tableHtml(
    {
      columns: ["Class", "Images", "Precision", "Recall", "F1", "Area under ROC", "Average precision"],
      rows: [
        ...perClass.map(({ class: name, support, precision, recall, f1 }, label) => {
          const own = figures.perClass[label]!;
          return [
            name,
            support,
            cell(precision, own.ppv),
            cell(recall, own.sensitivity),
            cell(f1, own.f1),
            decimal(own.auroc.value),
            decimal(own.averagePrecision.value),
          ];
        }),
        ...[
          { name: "mean over classes", scores: macro, own: figures.macro },
          { name: "weighted by images", scores: weighted, own: figures.weighted },
        ].map(({ name, scores, own }) => [
          name,
          samples,
          cell(scores.precision, own.precision),
          cell(scores.recall, own.recall),
          cell(scores.f1, own.f1),
          decimal(own.auroc.value),
          decimal(own.averagePrecision.value),
        ]),
      ],
    },
    "By class, with 95 % intervals",
  );
}

/** Sensitivity, specificity and predictive values by class. */
export const ratesTableHtml = ({ rates }: CompleteEvaluation): Html =>
  tableHtml(
    {
      columns: ["Class", "Sensitivity", "Specificity", "PPV", "NPV"],
      rows: rates.map((one) => [
        one.class,
        rateText(one.sensitivity),
        rateText(one.specificity),
        rateText(one.ppv),
        rateText(one.npv),
      ]),
    },
    "Each class against the rest: rate (images), 95 % interval",
  );
