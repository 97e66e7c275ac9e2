/** The conclusion of a study, written from its figures by rules. */

import { trainingImages } from "../steps/dataset.ts";
import { isPublished } from "../steps/trained-model.ts";
import type { Conclusion, StudyReport } from "../study-report.ts";
import { cautions, modelsCompared } from "./cautions.ts";
import { chosenOf, gainInWords, optimismInWords, visibleInWords } from "./chance-in-words.ts";
import { confoundWarnings } from "./confound-warnings.ts";
import { keptTogether, nothingShared, unknownLesions } from "./knowledge.ts";
import { list, percent, plural, resolution, sentence, testedClasses, withInterval } from "./notation.ts";
import { skinTone } from "./statements.ts";
import { inWords } from "./strategy-names.ts";

/** Recall below it: more of the class is missed than found. */
const halfFound = 0.5;
/** Fewer test images than this say little of a class. */
const fewImages = 20;

export function conclude(report: Omit<StudyReport, "conclusion" | "modelCard">): Conclusion {
  const { evaluation, data, dataset, initial, augmentation, imbalance, recipes, budget, classes } = report;
  const { figures, calibration, calibrated, questions, comparisons } = evaluation;
  const found: string[] = [];
  const hard: string[] = [];
  const next: string[] = [];
  const limits: string[] = [];

  found.push(
    `On ${evaluation.samples} test images that share ${nothingShared(dataset.known)} with training, accuracy is ` +
      `${withInterval(figures.accuracy)} and balanced accuracy ${withInterval(figures.balancedAccuracy)} over ${testedClasses(evaluation)}; ` +
      `guessing evenly would have a balanced accuracy of ${percent(1 / classes.length)}.`,
  );
  const chosenRecipe = chosenOf(recipes);
  found.push(
    `Cross-validation on ${trainingImages(dataset)} training images, with ${keptTogether(dataset.known)} kept together, puts the ` +
      `balanced accuracy of the chosen recipe (${recipes.chosen}) at ${withInterval(chosenRecipe.balancedAccuracy)}. ${optimismInWords(recipes)}`,
  );
  const { evaluation: published } = report.official;
  found.push(
    `As ${isPublished(report.official) ? "published" : "found"}, leaks and wrong labels included, the notebook's network gets ${percent(published.accuracy)} of ${published.samples} test images right ` +
      `(95 % interval ${percent(published.accuracyInterval[0])} to ${percent(published.accuracyInterval[1])}); for comparison ` +
      `${isPublished(report.official) ? "with other work only" : "only: nobody published a test set, so this one was drawn"}.`,
  );
  const augmented = gainInWords(augmentation, "without");
  found.push(
    `The notebook's network on the raw images was judged as ${initial.curve.verdict}. ` +
      (augmented === undefined
        ? "No augmentation scored higher in this time. "
        : `With augmentation (${augmentation.chosen}) it has ${augmented}. `) +
      visibleInWords(augmentation),
  );
  const balanced = gainInWords(imbalance, "doing nothing");
  found.push(
    (balanced === undefined
      ? "Against the imbalance of the classes, nothing scored higher than doing nothing. "
      : `Against the imbalance of the classes, ${inWords(imbalance).chosen} scored highest: ${balanced}. `) +
      visibleInWords(imbalance),
  );
  if (recipes.visible !== null) {
    const larger = gainInWords(recipes, "the best recipe of the notebook's network");
    found.push(
      (larger === undefined
        ? "No recipe with a larger network scored higher than the best one of the notebook's network. "
        : `Of the recipes with a larger network, ${recipes.chosen} scored highest: ${larger}. `) +
        visibleInWords(recipes),
    );
  }
  found.push(...comparisons.map(modelsCompared));
  if (calibrated) {
    const { temperature } = calibrated.fit;
    found.push(
      `Its probabilities were ${temperature > 1 ? "too certain" : "not certain enough"}: a temperature of ${temperature.toFixed(2)}, found on out-of-fold ` +
        `predictions, changes the calibration error on the test images from ${percent(calibration.ece)} to ${percent(calibrated.calibration.ece)}; it is part of model.onnx.`,
    );
  }
  for (const { name, operatingPoints } of questions) {
    const point = operatingPoints[0];
    if (!point) continue;
    const { sensitivity, specificity } = point.test;
    found.push(
      `${sentence(name)}: at the threshold chosen for ${percent(point.target)} sensitivity, ${sensitivity.count} of ${sensitivity.of} are found on the test ` +
        `images, and ${percent(specificity.value)} of the others are left alone.`,
    );
  }

  hard.push(...confoundWarnings(data));
  for (const { name, operatingPoints } of questions) {
    for (const { target, test } of operatingPoints) {
      const { sensitivity } = test;
      if (sensitivity.interval === null || sensitivity.interval[1] >= target) continue;
      hard.push(
        `${sentence(name)}: the threshold for ${percent(target)} sensitivity finds only ${sensitivity.count} of ${sensitivity.of} on the test images; ` +
          "chosen on training images, it does not carry over, so that the test images are of another kind or the final model states other probabilities.",
      );
    }
  }
  const missed = evaluation.perClass.filter(({ support, recall }) => support > 0 && recall < halfFound);
  if (missed.length > 0) {
    hard.push(
      `Less than half is found of ${list(missed.map((scores) => `${scores.class} (${percent(scores.recall)} of ${scores.support})`))}.`,
    );
  }
  const confusion = evaluation.confusionMatrix
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(({ truth, predicted }) => truth !== predicted)
    .sort((a, b) => b.count - a.count)[0];
  if (confusion && confusion.count > 0) {
    hard.push(
      `The most frequent confusion takes ${classes[confusion.truth]} for ${classes[confusion.predicted]} (${confusion.count} ${confusion.count === 1 ? "image" : "images"}).`,
    );
  }
  const wrongLabels = Math.round(evaluation.labelErrors?.estimated ?? 0);
  if (wrongLabels > 0) {
    hard.push(
      `About ${plural(wrongLabels, "training label")} ${wrongLabels === 1 ? "looks" : "look"} wrong; the images are to be looked at, not to be believed.`,
    );
  }

  if (chosenRecipe.curve.verdict === "still improving" || budget.recipeEpochs < 30) {
    next.push(
      `Give more time: ${plural(budget.minutes, "minute")} allowed ${plural(budget.recipeEpochs, "epoch")} on ${budget.folds} folds${resolution(budget)}` +
        (chosenRecipe.curve.verdict === "still improving" ? ", and the chosen recipe was still improving." : "."),
    );
  }
  if (chosenRecipe.curve.verdict === "overfitting")
    next.push("The chosen recipe overfits: more images, or stronger regularisation.");
  const scarce = dataset.counts.filter(({ train }) => train > 0 && train < 100);
  if (scarce.length > 0)
    next.push(`More images of ${list(scarce.map(({ name, train }) => `${name} (${train} to learn from)`))}.`);
  const few = dataset.counts.filter(({ test }) => test < fewImages);
  if (few.length > 0) {
    next.push(
      `A larger test set: of ${list(few.map(({ name, test }) => `${name} there are ${test}`))}, which says little of them.`,
    );
  }
  if (data.metadataFields.length === 0) next.push("Give metadata (lesion, age, sex, site).");

  const lesions = unknownLesions(dataset.known);
  if (report.origin === "phantom")
    limits.push("The images are phantom data, drawn by naevus: no figure says anything about skin.");
  limits.push(
    `One test set of ${evaluation.samples} images, ${evaluation.resampling.groups} groups: the intervals say how little that pins down.`,
  );
  limits.push(
    "The test images come from the same archives as those learned from; elsewhere, with other cameras and other people, it will do worse.",
  );
  limits.push(skinTone);
  if (lesions !== undefined) limits.push(lesions);
  limits.push(
    `Recipes were compared by ${plural(recipes.trainings, "training")} each on these training images; those of other images may rank otherwise.`,
  );
  return { cautions: cautions(report), found, hard, next, limits };
}
