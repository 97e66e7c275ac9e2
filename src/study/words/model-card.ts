/** A model card (Mitchell et al. 2019) from the figures of a study. */

import { settingInWords } from "../../training/settings/data-setting.ts";
import { type ModelCard, type StudyReport, trainingImages } from "../study-report.ts";
import { nothingShared } from "./knowledge.ts";
import { count, withInterval } from "./notation.ts";

/** The card's sections. */
export function modelCard(report: Omit<StudyReport, "modelCard">): ModelCard {
  const { final, classes, dataset, evaluation, data, conclusion, budget, naevus } = report;
  const { recipe } = final;
  return {
    sections: [
      {
        heading: "Model",
        lines: [
          `The network ${settingInWords(recipe.network)} has ${count(final.parameters)} parameters. naevus ${naevus} trained it from scratch on ${final.engine}, ${final.precision}.`,
          `Recipe: ${Object.entries(recipe)
            .map(([name, value]) => `${name} ${settingInWords(value)}`)
            .join(", ")}.`,
          evaluation.calibrated
            ? `The probabilities are softmax(logits / ${evaluation.calibrated.fit.temperature.toFixed(3)}).`
            : "The probabilities are not calibrated.",
          final.hashes
            ? "model.onnx contains digests of its training and test images. With the file and an image one can tell whether the image was in the training set, and every evaluation leaves such images out. A study with --no-hashes omits the digests."
            : "model.onnx contains no digests of its images. It does not tell whether an image was in its training set, so no evaluation can leave such images out.",
        ],
      },
      {
        heading: "Intended use",
        lines: [
          "Research and teaching: comparing methods, and learning how such models are evaluated.",
          "Out of scope: judging anybody's skin, with or without a clinician, and images unlike the training images.",
        ],
      },
      {
        heading: "Data",
        lines: [
          ...(data.origin === "phantom" ? ["Phantom data: naevus drew the images; they are not photographs."] : []),
          `${count(trainingImages(dataset))} training images, ${count(evaluation.samples)} test images, of ${classes.length} classes: ${classes.join(", ")}.`,
          `Protocol: ${dataset.protocol}, grouped by ${dataset.groupedBy.join(", ")}. The test images share ${nothingShared(dataset.known)} with the training images. Fingerprint ${evaluation.dataFingerprint?.slice(0, 16)}.`,
        ],
      },
      {
        heading: "Figures",
        lines: [
          ...conclusion.cautions,
          `Accuracy ${withInterval(evaluation.figures.accuracy)}; balanced accuracy ${withInterval(evaluation.figures.balancedAccuracy)}; macro F1 ${withInterval(evaluation.figures.macro.f1)}.`,
          `The recipe was chosen by balanced accuracy in ${budget.folds}-fold grouped cross-validation on the training images; the final model was tested once, at the end.`,
        ],
      },
      { heading: "Limits", lines: conclusion.limits },
    ],
  };
}
