/** An evaluation as text for a terminal. */

import { classMapInWords } from "../../dataset/protocol-summary.ts";
import { nameList } from "../../text/name-list.ts";
import { count, percent, plural } from "../../text/numbers.ts";
import { printableLine } from "../../text/printable.ts";
import { shorten, textTable } from "../../text/text-table.ts";
import type { Interval } from "../intervals/proportion.ts";
import type { ClassScores, Scores } from "../scores/class-scores.ts";
import { predictedCounts } from "../scores/confusion-matrix.ts";
import type { AncestorSummary } from "./ancestor.ts";
import { confusionTable, largestConfusions } from "./confusion-table.ts";
import type { Evaluation, EvaluationSubject } from "./evaluation.ts";
import { checkLines } from "./format-check.ts";

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
    ...(undefinedScores ? ["-  undefined (never predicted, or without images); counts as 0 in the means"] : []),
    ...(printed.length < perClass.length
      ? [
          `The table shows the ${printed.length} classes with the lowest recall, of ${count(perClass.length)}. ` +
            "The JSON lists all of them\n(--json, and evaluation.json in the run's folder).",
        ]
      : []),
  ].join("\n\n");
}

/** A model that the judged one went on from, such as `notebook, trained on 1,200 images of 4 classes (data fingerprint 0123456789ab)`. */
function ancestorInWords({ network, classes, trainingImages, origin, dataFingerprint }: AncestorSummary): string {
  const images = trainingImages === undefined ? "images that are not told" : plural(trainingImages, "image");
  const drawn = origin === "phantom" ? "phantom data, " : "";
  return `${network}, trained on ${images} of ${classes.length} classes (${drawn}data fingerprint ${dataFingerprint.slice(0, 12)})`;
}

/** What was judged: the fold, the groups, what curation and a class map did, and which data these are. */
function subjectLines({
  protocol,
  fold,
  groupedBy,
  leftOut,
  trainingImages,
  validationImages,
  lineage = [],
  check,
  curation,
  classMap,
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
    ...(trainingImages === undefined ? [] : [plural(trainingImages, "training image")]),
    ...(validationImages === undefined ? [] : [plural(validationImages, "validation image")]),
    ...(groupedBy === undefined ? [] : [`grouped by ${groupedBy.join(", ")}`]),
  ];
  return [
    ...(check === undefined ? [] : checkLines(check, protocol)),
    ...(counts.length > 0 ? [counts.join(", ")] : []),
    ...lineage.map((ancestor) => `went on from ${ancestorInWords(ancestor)}`),
    ...(leftOut === undefined
      ? []
      : [
          `left out: ${plural(leftOut.content, "test image")} whose content, and ${leftOut.group} whose group, is in training`,
        ]),
    ...(curation === undefined
      ? []
      : [
          `curated: ${curation.leftOut} left out, ${curation.relabelled} relabelled` +
            (curation.classesLeftOut.length > 0 ? `, without ${nameList(curation.classesLeftOut)}` : "") +
            ` (plan ${curation.plan.slice(0, 12)})`,
        ]),
    ...[classMapInWords(classMap)].flatMap((words) => (words === "" ? [] : [`classes mapped: ${words}`])),
    ...(means.length > 0 ? [`mean over ${means.join(" and ")}`] : []),
    ...(dataFingerprint === undefined ? [] : [`data fingerprint ${dataFingerprint.slice(0, 12)}`]),
  ];
}

/** Which interval it is, and of how many images. */
function methodText({ intervalMethod, samples, groups, effectiveSamples }: Evaluation): string {
  if (intervalMethod !== "Wilson, on the effective number of images") return "Wilson's";
  const effective = plural(Math.round(effectiveSamples!), "effective image");
  return `Wilson's, on ${effective} (${plural(samples, "image")} in ${plural(groups!, "group")})`;
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
  return [
    [
      `${protocol}: ${plural(samples, "image")} of ${ofClasses}${origin === "phantom" ? ", phantom data (drawn, not photographs)" : ""}`,
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
