/** The conclusion of a study, written from its figures by rules. */

import type { CompleteEvaluation } from "../../evaluation/judgement/complete-evaluation.ts";
import { type Conclusion, isPublished, type StudyReport, trainingImages } from "../study-report.ts";
import { cautions, modelsCompared } from "./cautions.ts";
import { chosenOf, gainInWords, optimismInWords, visibleInWords } from "./chance-in-words.ts";
import { confoundWarnings } from "./confound-warnings.ts";
import { keptTogether, nothingShared, unknownLesions } from "./knowledge.ts";
import {
  comparedInWords,
  count,
  list,
  percent,
  plural,
  range,
  resolution,
  sentence,
  testedClasses,
  withInterval,
} from "./notation.ts";
import { skinTone } from "./statements.ts";
import { inWords } from "./strategy-names.ts";

/** Recall below it: more of the class is missed than found. */
const halfFound = 0.5;
/** Fewer test images than this say little of a class. */
const fewTestImages = 20;
/** A class with fewer training images is scarce. */
const fewTrainingImages = 100;
/** Fewer epochs than this are too few for a network from scratch. */
const fewEpochs = 30;

type Figures = Omit<StudyReport, "conclusion" | "modelCard">;

/** The sentences of the conclusion. */
export const conclude = (report: Figures): Conclusion => ({
  cautions: cautions(report),
  found: [
    ...testFindings(report),
    ...officialFindings(report),
    ...recipeFindings(report),
    ...report.evaluation.comparisons.map(modelsCompared),
    ...probabilityFindings(report.evaluation),
  ],
  hard: difficulties(report),
  next: nextSteps(report),
  limits: limits(report),
});

function testFindings({ evaluation, dataset, recipes, classes }: Figures): string[] {
  const { figures, samples } = evaluation;
  return [
    `On ${plural(samples, "test image")} that share ${nothingShared(dataset.known)} with the training images, accuracy is ` +
      `${withInterval(figures.accuracy)} and balanced accuracy is ${withInterval(figures.balancedAccuracy)} over ${testedClasses(evaluation)}; ` +
      `guessing would give a balanced accuracy of ${percent(1 / classes.length)}.`,
    `In cross-validation on ${plural(trainingImages(dataset), "training image")}, with ${keptTogether(dataset.known)} kept together, the ` +
      `chosen recipe (${recipes.chosen}) has a balanced accuracy of ${withInterval(chosenOf(recipes).balancedAccuracy)}. ${optimismInWords(recipes)}`,
  ];
}

function officialFindings({ official }: Figures): string[] {
  const { accuracy, accuracyInterval, samples } = official.evaluation;
  const published = isPublished(official);
  return [
    `As ${published ? "published" : "found"}, with its leaks and wrong labels, the notebook's network classifies ${percent(accuracy)} of ${plural(samples, "test image")} correctly ` +
      `(95 % interval ${range(accuracyInterval)}). ` +
      (published
        ? "This figure serves only for comparison with other work."
        : "No test set was published, so naevus drew one, and this figure serves only for comparison."),
  ];
}

function recipeFindings({ initial, augmentation, imbalance, recipes, budget }: Figures): string[] {
  const augmented = gainInWords(augmentation, "without");
  const balanced = gainInWords(imbalance, "with none");
  const other = comparedInWords(budget, "a");
  const better = gainInWords(recipes, "with the best recipe of the notebook's network");
  return [
    `The learning curve of the notebook's network on the raw images is classified as ${initial.curve.verdict}. ` +
      (augmented === undefined
        ? "No augmentation scored higher within this budget. "
        : `With augmentation (${augmentation.chosen}), balanced accuracy is ${augmented}. `) +
      visibleInWords(augmentation),
    (balanced === undefined
      ? "No strategy against class imbalance scored higher than none. "
      : `Of the strategies against class imbalance, ${inWords(imbalance).chosen} scored highest: balanced accuracy is ${balanced}. `) +
      visibleInWords(imbalance),
    ...(recipes.visible === null
      ? []
      : [
          (better === undefined
            ? `No recipe with ${other} scored higher than the best recipe of the notebook's network. `
            : `Of the recipes with ${other}, ${recipes.chosen} scored highest: balanced accuracy is ${better}. `) +
            visibleInWords(recipes),
        ]),
  ];
}

function probabilityFindings({ calibration, calibrated, questions }: CompleteEvaluation): string[] {
  const scaled = calibrated && [
    `The model's probabilities were ${calibrated.fit.temperature > 1 ? "overconfident" : "underconfident"} in cross-validation. A temperature of ${calibrated.fit.temperature.toFixed(2)}, fitted to out-of-fold ` +
      `predictions, changes the calibration error on the test images from ${percent(calibration.ece)} to ${percent(calibrated.calibration.ece)}; model.onnx applies it.`,
  ];
  const points = questions.flatMap(({ name, operatingPoints }) =>
    operatingPoints.slice(0, 1).map(({ target, test: { sensitivity, specificity } }) => {
      const reached = `a sensitivity of ${percent(sensitivity.value)} (${sensitivity.count} of ${sensitivity.of}) and a specificity of ${percent(specificity.value)}`;
      return `${sentence(name)}: on the test images, the threshold chosen for a sensitivity of ${percent(target)} reaches ${reached}.`;
    }),
  );
  return [...(scaled ?? []), ...points];
}

/** Thresholds whose sensitivity on the test images lies below the one that they were chosen for. */
const thresholdsThatFail = ({ questions }: CompleteEvaluation): string[] =>
  questions.flatMap(({ name, operatingPoints }) =>
    operatingPoints
      .filter(({ target, test: { sensitivity } }) => sensitivity.interval !== null && sensitivity.interval[1] < target)
      .map(
        ({ target, test: { sensitivity } }) =>
          `${sentence(name)}: the threshold chosen for a sensitivity of ${percent(target)} finds only ${sensitivity.count} of ${sensitivity.of} on the test images. ` +
          "It was chosen on training images and does not transfer: either the test images differ in kind, or the final model's probabilities differ from those of the cross-validated models.",
      ),
  );

function difficulties({ data, evaluation, classes }: Figures): string[] {
  const missed = evaluation.perClass.filter(({ support, recall }) => support > 0 && recall < halfFound);
  const confusion = evaluation.confusionMatrix
    .flatMap((row, truth) => row.map((images, predicted) => ({ truth, predicted, images })))
    .filter(({ truth, predicted, images }) => truth !== predicted && images > 0)
    .sort((a, b) => b.images - a.images)[0];
  const wrongLabels = Math.round(evaluation.labelErrors?.estimated ?? 0);
  return [
    ...confoundWarnings(data),
    ...thresholdsThatFail(evaluation),
    ...(missed.length > 0
      ? [
          `Recall is below 50 % for ${list(missed.map((one) => `${one.class} (${percent(one.recall)} of ${one.support})`))}.`,
        ]
      : []),
    ...(confusion
      ? [
          `The most frequent confusion is ${classes[confusion.truth]} predicted as ${classes[confusion.predicted]} (${plural(confusion.images, "image")}).`,
        ]
      : []),
    ...(wrongLabels > 0
      ? [
          `About ${plural(wrongLabels, "training label")} ${wrongLabels === 1 ? "looks" : "look"} wrong; these images need review before any label is changed.`,
        ]
      : []),
  ];
}

function nextSteps({ recipes, budget, dataset, data }: Figures): string[] {
  const { verdict } = chosenOf(recipes).curve;
  const improving = verdict === "still improving";
  // Without another network the recipe chosen is one of those that were compared.
  const epochs = budget.recipeEpochs || budget.comparisonEpochs;
  const known = dataset.counts.filter(({ train }) => train > 0);
  const scarce = known.filter(({ train }) => train < fewTrainingImages);
  const few = known.filter(({ test }) => test < fewTestImages);
  return [
    ...(improving || epochs < fewEpochs
      ? [
          `Allow more time: the budget of ${plural(budget.minutes, "minute")} gave ${plural(epochs, "epoch")} on ${budget.folds} folds${resolution(budget)}${improving ? ", and the chosen recipe was still improving" : ""}.`,
        ]
      : []),
    ...(verdict === "overfitting" ? ["Collect more images or regularise more: the chosen recipe overfits."] : []),
    ...(scarce.length > 0
      ? [
          `Collect more images of ${list(scarce.map(({ name, train }) => `${name} (${plural(train, "training image")})`))}.`,
        ]
      : []),
    ...(few.length > 0
      ? [
          `Collect more test images of ${list(few.map(({ name, test }) => `${name} (${test === 0 ? "none" : count(test)})`))}: with fewer than ${fewTestImages}, a class's recall means little.`,
        ]
      : []),
    ...(data.metadataFields.length === 0 ? ["Provide metadata (lesion, age, sex, site)."] : []),
  ];
}

function limits({ origin, evaluation, dataset, recipes }: Figures): string[] {
  const lesions = unknownLesions(dataset.known);
  return [
    ...(origin === "phantom"
      ? ["The images are phantom data, drawn by naevus, so no figure says anything about skin."]
      : []),
    `All test figures come from one test set of ${plural(evaluation.samples, "image")} in ${plural(evaluation.resampling.groups, "group")}; the intervals show how uncertain that leaves them.`,
    "The test images come from the same archives as the training images. With other cameras and other people, the model will do worse.",
    skinTone,
    ...(lesions === undefined ? [] : [lesions]),
    `The recipes were compared by ${plural(recipes.trainings, "training")} each on these training images; other images may rank them differently.`,
  ];
}
