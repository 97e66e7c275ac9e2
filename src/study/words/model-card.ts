/** A model card (Mitchell et al. 2019) from the figures of a study. */

import { trainingImages } from "../steps/dataset.ts";
import type { ModelCard, StudyReport } from "../study-report.ts";
import { nothingShared } from "./knowledge.ts";
import { count, withInterval } from "./notation.ts";

export function modelCard(report: Omit<StudyReport, "modelCard">): ModelCard {
  const { final, classes, dataset, evaluation, data, conclusion, budget, naevus } = report;
  const { recipe } = final;
  return {
    sections: [
      {
        heading: "Model",
        lines: [
          `${recipe.network}, ${final.parameters.toLocaleString("en-US")} parameters, trained from scratch with naevus ${naevus} on ${final.engine}, ${final.precision}.`,
          `Recipe: ${Object.entries(recipe)
            .map(([name, value]) => `${name} ${value}`)
            .join(", ")}.`,
          evaluation.calibrated
            ? `Probabilities are softmax(logits / ${evaluation.calibrated.fit.temperature.toFixed(3)}).`
            : "Probabilities are not calibrated.",
          final.hashes
            ? "model.onnx holds digests of its training and test images: whoever has the file and an image can tell whether the image was in the training set, and every judgement leaves such images out. A study with --no-hashes leaves them out."
            : "model.onnx holds no digests of its images: it does not tell whether an image was in its training set, so no judgement of it can leave such images out.",
        ],
      },
      {
        heading: "Intended use",
        lines: [
          "Research and teaching: to compare methods, to learn how such models are judged.",
          "Out of scope: judging anybody's skin, with or without a clinician; images of other kinds than those learned from.",
        ],
      },
      {
        heading: "Data",
        lines: [
          ...(data.origin === "phantom" ? ["Phantom data: images drawn by naevus, not photographs."] : []),
          `${count(trainingImages(dataset))} training images, ${count(evaluation.samples)} test images, of ${classes.length} classes: ${classes.join(", ")}.`,
          `Protocol: ${dataset.protocol}, grouped by ${dataset.groupedBy.join(", ")}: test images share ${nothingShared(dataset.known)} with training. Fingerprint ${evaluation.dataFingerprint?.slice(0, 16)}.`,
        ],
      },
      {
        heading: "Figures",
        lines: [
          ...conclusion.cautions,
          `Accuracy ${withInterval(evaluation.figures.accuracy)}; balanced accuracy ${withInterval(evaluation.figures.balancedAccuracy)}; macro F1 ${withInterval(evaluation.figures.macro.f1)}.`,
          `Recipes were chosen by balanced accuracy in ${budget.folds}-fold grouped cross-validation inside the training images; the test images were judged once, at the end.`,
        ],
      },
      { heading: "Limits", lines: conclusion.limits },
    ],
  };
}
