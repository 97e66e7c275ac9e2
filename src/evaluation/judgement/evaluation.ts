/** Judges predictions on labelled images: the figures that are stored, printed and reported. */

import type { ClassMapSummary, CurationSummary, ProtocolSummary } from "../../dataset/protocol-summary.ts";
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
import { type ConfusionMatrix, confusionMatrix, correctCount } from "../scores/confusion-matrix.ts";
import { recallsByClass } from "../scores/diagnostic-rates.ts";
import type { AncestorSummary } from "./ancestor.ts";
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
  /** The models that the judged ones went on from, nearest first; absent where there are none. */
  readonly lineage?: readonly AncestorSummary[];
  /** What was found out about each image before it was judged. */
  readonly check?: JudgedCheck;
  /** What a curation plan did to the data; absent where there was none. */
  readonly curation?: CurationSummary;
  /** Which classes a class map renamed, merged or left out; absent where there was none. */
  readonly classMap?: ClassMapSummary;
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
