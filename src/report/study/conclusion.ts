/** The conclusion of a study, written from its figures by rules. */
import { confoundWarnings } from "./confound-warnings.ts";
import { list, percent, plural, pValueText, resolution, sentence, withInterval } from "./notation.ts";
import { skinTone } from "./statements.ts";
import { inWords } from "./strategy-names.ts";
import type { Conclusion, StudyReport } from "./study-report.ts";

const points = (value: number): string => `${Math.abs(value * 100).toFixed(1)} points`;

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
    `On ${evaluation.samples} test images that share no content and no known lesion with training, accuracy is ` +
      `${withInterval(figures.accuracy)} and balanced accuracy ${withInterval(figures.balancedAccuracy)} over ${classes.length} classes; ` +
      `guessing evenly would have a balanced accuracy of ${percent(1 / classes.length)}.`,
  );
  const chosenRecipe = recipes.recipes.find(({ name }) => name === recipes.chosen)!;
  found.push(
    `Cross-validation on ${report.dataset.counts.reduce((sum, { train }) => sum + train, 0)} training images, lesions whole, puts the ` +
      `balanced accuracy of the chosen recipe (${recipes.chosen}) at ${withInterval(chosenRecipe.balancedAccuracy)}.`,
  );
  const { evaluation: published } = report.official;
  found.push(
    `As published, leaks and wrong labels included, the notebook's network gets ${percent(published.accuracy)} of ${published.samples} test images right ` +
      `(95 % Wilson interval ${percent(published.accuracyInterval[0])} to ${percent(published.accuracyInterval[1])}); for comparison with other work only.`,
  );
  const best = augmentation.recipes.find(({ name }) => name === augmentation.chosen)!;
  found.push(
    `The notebook's network on the raw images was judged as ${initial.curve.verdict}. ` +
      (best.against === null
        ? "No augmentation did better in this time."
        : `Augmentation (${augmentation.chosen}) changed its balanced accuracy by ${signed(best.against.difference.value)}, ` +
          `${best.against.distinguishable ? "more than chance explains" : "no more than chance may explain"}.`),
  );
  const strategy = imbalance.recipes.find(({ name }) => name === imbalance.chosen)!;
  found.push(
    strategy.against === null
      ? "Against the imbalance of the classes, nothing did better than doing nothing."
      : `Against the imbalance of the classes, ${inWords(imbalance).chosen} did best: ${signed(strategy.against.difference.value)} of balanced accuracy over ` +
          `doing nothing, ${strategy.against.distinguishable ? "more than chance explains" : "no more than chance may explain"}.`,
  );
  for (const { rival, accuracyDifference, ...compared } of comparisons) {
    found.push(
      `On the test images the accuracy of the final model differs by ${signed(accuracyDifference.value)} from that of ${rival} ` +
        `(${pValueText(compared)}).`,
    );
  }
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
  if (evaluation.labelErrors && evaluation.labelErrors.estimated !== null) {
    hard.push(
      `About ${Math.round(evaluation.labelErrors.estimated)} training labels look wrong; the images are to be looked at, not to be believed.`,
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
  if (data.metadataFields.length === 0)
    next.push("Metadata (lesion, age, sex, site): without them one lesion may stand on both sides.");

  if (report.origin === "phantom")
    limits.push("The images are phantom data, drawn by naevus: no figure says anything about skin.");
  limits.push(
    `One test set of ${evaluation.samples} images, ${evaluation.resampling.groups} groups: the intervals say how little that pins down.`,
  );
  limits.push(
    "The test images come from the same archives as those learned from; elsewhere, with other cameras and other people, it will do worse.",
  );
  limits.push(skinTone);
  if (budget.folds < 5)
    limits.push(`Recipes were compared on ${budget.folds} folds, in one run each: another seed may choose otherwise.`);
  return { found, hard, next, limits };
}

const signed = (value: number | null): string =>
  value === null ? "nothing that can be stated" : `${value < 0 ? "-" : "+"}${points(value)}`;
