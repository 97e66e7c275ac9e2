/** Judges predictions on labelled images: the figures that are stored, printed and reported, each from a file of its own. */

import type { CurationSummary, ProtocolSummary } from "../../dataset/protocol-summary.ts";
import { nameList } from "../../text/name-list.ts";
import { percent } from "../../text/numbers.ts";
import { printableLine } from "../../text/printable.ts";
import { shorten, textTable } from "../../text/text-table.ts";
import { type GroupLabels, numberGroups, separateImages } from "../image-groups.ts";
import { meanInterval } from "../intervals/mean-of-proportions.ts";
import { type Interval, proportion } from "../intervals/proportion.ts";
import { checkPredictions, type Predictions, predictedClasses } from "../predictions.ts";
import {
  balancedAccuracy,
  type ClassScores,
  macroScores,
  type Scores,
  scoresByClass,
  weightedScores,
} from "../scores/class-scores.ts";
import { type ConfusionMatrix, confusionMatrix, correctCount, predictedCounts } from "../scores/confusion-matrix.ts";
import { recallsByClass } from "../scores/diagnostic-rates.ts";
import { confusionTable, largestConfusions } from "./confusion-table.ts";
import { checkLines } from "./format-check.ts";
import type { JudgedCheck } from "./judged-check.ts";

export { EvaluationError } from "../../errors.ts";

/** What was judged; it travels with the figures, so that none is read without it. */
export interface EvaluationSubject {
  /** How training and test images were separated, such as `official`, `clean` or `grouped:5`. */
  readonly protocol: string;
  /** Of `grouped:K`: the fold that was tested, from 0; absent where all were. */
  readonly fold?: number;
  /** What images never share with training images, such as content and lesion; absent where nothing was seen to. */
  readonly groupedBy?: readonly string[];
  /** Test images that were not judged, because they stand in training by content or by group. */
  readonly leftOut?: ProtocolSummary["leftOut"];
  /** Images that the weights were fitted to, and images that an epoch and a temperature were chosen on. */
  readonly trainingImages?: number;
  readonly validationImages?: number;
  /** What was found out about each image before it was judged. */
  readonly check?: JudgedCheck;
  /** What a curation plan did to the data; absent where there was none. */
  readonly curation?: CurationSummary;
  /** `phantom`: drawn images, not photographs; the figures then say nothing about skin. */
  readonly origin?: "folder" | "phantom";
  /** Models whose mean probabilities were judged; absent for one. */
  readonly models?: number;
  /** Views of each image over which a model's probabilities were averaged; absent for one. */
  readonly views?: number;
  /** The fingerprint of the data set that the images are from. */
  readonly dataFingerprint?: string;
}

/** How intervals of proportions were made: with every image for itself, or with images that share a group, such as a lesion. */
export type IntervalMethod = "Wilson" | "Wilson, on the effective number of images";

/** All figures of one evaluation, ready for JSON. Proportions are in [0, 1]. */
export interface Evaluation extends EvaluationSubject {
  /** Images judged. */
  readonly samples: number;
  /** Images whose most probable class is the true one. */
  readonly correct: number;
  readonly accuracy: number;
  /** The 95 % interval [low, high] of the accuracy. */
  readonly accuracyInterval: Interval;
  /** Absent in evaluations of earlier versions, whose interval is Wilson's for independent images. */
  readonly intervalMethod?: IntervalMethod;
  /** Groups, such as lesions, among the images; absent where it is not known which images belong together. */
  readonly groups?: number;
  /** Independent images that the accuracy is worth; absent as `groups` is. */
  readonly effectiveSamples?: number;
  /** The mean recall over the classes that have images. */
  readonly balancedAccuracy: number;
  /** Its 95 % interval, from those of the recalls; absent in evaluations of earlier versions. */
  readonly balancedAccuracyInterval?: Interval;
  readonly classes: readonly string[];
  /** In the order of `classes`. */
  readonly perClass: readonly ClassScores[];
  /** The plain mean over all classes; a class without images counts with 0. */
  readonly macro: Scores;
  /** The mean over the classes, weighted with their support. */
  readonly weighted: Scores;
  /** Rows: truth; columns: prediction; both in the order of `classes`. */
  readonly confusionMatrix: ConfusionMatrix;
}

/**
 * Judges probabilities (images, classes) against true labels (indices into `classes`). The prediction is the most probable class,
 * of equals the first.
 *
 * Agrees with scikit-learn given `labels` = all classes and `zero_division=0`: a class that is never predicted has precision 0,
 * a class without images has recall 0, and both count in the macro means. As there, balanced accuracy leaves classes without
 * images out. `groups` says which images belong together, such as those of one lesion; without it intervals take the images as
 * independent. Throws {@link EvaluationError} for predictions that cannot be judged.
 */
export function evaluateClassification({
  classes,
  truth,
  probabilities,
  groups: labels,
  ...subject
}: EvaluationSubject & Predictions & { readonly groups?: GroupLabels }): Evaluation {
  const predictions = { classes, truth, probabilities };
  checkPredictions(predictions);
  const samples = truth.length;
  const groups = numberGroups(labels ?? separateImages(samples), samples);
  const predicted = predictedClasses(predictions);
  const matrix = confusionMatrix(truth, predicted, classes.length);
  const perClass = scoresByClass(classes, matrix);
  const accuracy = proportion(
    Array.from(truth, (label, image) => predicted[image] === label),
    groups,
  );
  const recallInterval = meanInterval(recallsByClass(classes, { truth, predicted }, groups));
  return {
    ...subject,
    samples,
    correct: correctCount(matrix),
    accuracy: accuracy.value!,
    accuracyInterval: accuracy.interval!,
    intervalMethod: groups.count < samples ? "Wilson, on the effective number of images" : "Wilson",
    ...(labels && { groups: groups.count, effectiveSamples: accuracy.effective! }),
    balancedAccuracy: balancedAccuracy(perClass),
    balancedAccuracyInterval: recallInterval!,
    classes: [...classes],
    perClass,
    macro: macroScores(perClass),
    weighted: weightedScores(perClass),
    confusionMatrix: matrix,
  };
}

/** More classes than these are not printed one by one, but the worst of them and the largest confusions. */
const MOST_CLASSES = 40;
const WORST = 20;

/** Characters of a class name in the per-class table, which leaves room for the figures in 80 columns. */
const WIDEST_NAME = 40;

/** The classes that are printed, as indices: all, or of many those with the lowest recall, of equals those with the most images. */
function printedClasses(perClass: readonly ClassScores[]): readonly number[] {
  const all = perClass.map((_, index) => index);
  if (all.length <= MOST_CLASSES) return all;
  const recall = (index: number): number => perClass[index]!.recall;
  const support = (index: number): number => perClass[index]!.support;
  return all
    .filter((index) => support(index) > 0)
    .sort((a, b) => recall(a) - recall(b) || support(b) - support(a) || a - b)
    .slice(0, WORST);
}

function classTable({ perClass, confusionMatrix: matrix, macro, weighted, samples }: Evaluation): string {
  const printed = printedClasses(perClass);
  const predicted = predictedCounts(matrix);
  const mean = (name: string, { precision, recall, f1 }: Scores) => [
    name,
    ...[precision, recall, f1].map(percent),
    String(samples),
  ];
  let undefinedScores = false;
  const defined = (value: number, of: number): string => {
    undefinedScores ||= of === 0;
    return of === 0 ? "-" : percent(value);
  };
  const table = textTable([
    ["class", "precision", "recall", "F1", "images"],
    ...printed.map((index) => {
      const { class: name, precision, recall, f1, support } = perClass[index]!;
      return [
        shorten(name, WIDEST_NAME),
        defined(precision, predicted[index]!),
        defined(recall, support),
        defined(f1, predicted[index]! + support),
        String(support),
      ];
    }),
    [],
    mean("mean over classes", macro),
    mean("weighted by images", weighted),
  ]);
  return [
    table,
    ...(undefinedScores ? ["-  never predicted, or without images; counts as 0 in the means"] : []),
    ...(printed.length < perClass.length
      ? [
          `Shown are the ${printed.length} classes with the lowest recall, of ${perClass.length}. ` +
            "The JSON has all of them\n(--json, and evaluation.json in the run's folder).",
        ]
      : []),
  ].join("\n\n");
}

/** What was judged beside the images' number: the fold, what was kept apart, what curation did, and which data these are. */
function subjectLines({
  protocol,
  fold,
  groupedBy,
  leftOut,
  trainingImages,
  validationImages,
  check,
  curation,
  models,
  views,
  dataFingerprint,
}: EvaluationSubject): string[] {
  const means = [
    ...(models === undefined ? [] : [`${models} models`]),
    ...(views === undefined ? [] : [`${views} views of each image`]),
  ];
  const counts = [
    ...(fold === undefined ? [] : [`fold ${fold}`]),
    ...(trainingImages === undefined ? [] : [`${trainingImages} training images`]),
    ...(validationImages === undefined ? [] : [`${validationImages} validation images`]),
    ...(groupedBy === undefined ? [] : [`kept apart by ${groupedBy.join(", ")}`]),
  ];
  return [
    ...(check === undefined ? [] : checkLines(check, protocol)),
    ...(counts.length > 0 ? [counts.join(", ")] : []),
    ...(leftOut === undefined
      ? []
      : [`not judged: ${leftOut.content} whose content and ${leftOut.group} whose group stands in training`]),
    ...(curation === undefined
      ? []
      : [
          `curated: ${curation.leftOut} left out, ${curation.relabelled} relabelled` +
            (curation.classesLeftOut.length > 0 ? `, without ${nameList(curation.classesLeftOut)}` : "") +
            ` (plan ${curation.plan.slice(0, 12)})`,
        ]),
    ...(means.length > 0 ? [`mean over ${means.join(" and ")}`] : []),
    ...(dataFingerprint === undefined ? [] : [`data ${dataFingerprint.slice(0, 12)}`]),
  ];
}

/** Which interval it is, and of how many images. */
function methodText({ intervalMethod, samples, groups, effectiveSamples }: Evaluation): string {
  if (intervalMethod !== "Wilson, on the effective number of images") return "Wilson's";
  const effective = Math.round(effectiveSamples!);
  return `Wilson's for ${effective} effective image${effective === 1 ? "" : "s"}: the ${samples} are of ${groups} groups`;
}

/**
 * An evaluation for a terminal: what was judged, accuracy with its interval, the per-class table and the confusion matrix, within
 * `columns` (default 100) where class names and counts allow it. Of more than 40 classes only the worst and the largest confusions.
 * No newline at the end.
 */
export function formatEvaluation(
  evaluation: Evaluation,
  { columns = 100 }: { readonly columns?: number } = {},
): string {
  const {
    protocol,
    origin,
    samples,
    correct,
    accuracy,
    accuracyInterval,
    balancedAccuracyInterval,
    classes,
    perClass,
  } = evaluation;
  const absent = perClass.flatMap(({ class: name, support }) => (support === 0 ? [name] : []));
  const ofClasses =
    absent.length === 0
      ? `${classes.length} classes`
      : `${classes.length - absent.length} of the model's ${classes.length} classes (none of ${nameList(absent)})`;
  const between = (interval: Interval) => `95 % interval ${interval.map(percent).join(" to ")}`;
  const images = samples === 1 ? "1 image" : `${samples} images`;
  return [
    [
      `${protocol}: ${images} of ${ofClasses}${origin === "phantom" ? ", phantom data (drawn, not photographs)" : ""}`,
      ...subjectLines(evaluation),
    ]
      .map(printableLine)
      .join("\n"),
    [
      `accuracy           ${percent(accuracy).padStart(7)}  (${correct} of ${samples}; ${between(accuracyInterval)})`,
      `balanced accuracy  ${percent(evaluation.balancedAccuracy).padStart(7)}` +
        (balancedAccuracyInterval ? `  (${between(balancedAccuracyInterval)})` : ""),
      `intervals          ${methodText(evaluation)}`,
    ].join("\n"),
    classTable(evaluation),
    classes.length > MOST_CLASSES
      ? `largest confusions\n${largestConfusions(classes, evaluation.confusionMatrix, columns, WORST)}`
      : `confusion matrix (rows: truth, columns: prediction)\n${confusionTable(classes, evaluation.confusionMatrix, columns)}`,
  ].join("\n\n");
}
