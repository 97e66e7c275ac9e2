/** Everything that a trustworthy evaluation holds, in one object ready for JSON: each part comes from a file of its own. */

import { EvaluationError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { type Calibration, calibration } from "../calibration/calibration.ts";
import type { TemperatureFit } from "../calibration/temperature.ts";
import { compareModels, type ModelComparison } from "../comparison/model-comparison.ts";
import { type ClassCurves, oneVsRestCurves, rankByClass } from "../curves/one-vs-rest.ts";
import { lesionQuestions, type Question } from "../decisions/lesion-questions.ts";
import { type GroupLabels, numberGroups, separateImages } from "../image-groups.ts";
import { clusterBootstrap, type Estimates } from "../intervals/cluster-bootstrap.ts";
import { proportion } from "../intervals/proportion.ts";
import { checkPredictions, type OtherPredictions, type Predictions } from "../predictions.ts";
import { type ClassRates, ratesByClass } from "../scores/diagnostic-rates.ts";
import { type ProperScores, properScores } from "../scores/proper-scores.ts";
import { verdicts } from "../verdicts.ts";
import { calibratedPredictions } from "./calibrated-predictions.ts";
import { type ConfidentError, confidentErrors } from "./confident-errors.ts";
import { type Evaluation, type EvaluationSubject, evaluateClassification } from "./evaluation.ts";
import { type Abstention, askAbstention } from "./judge-abstention.ts";
import { askQuestion, type QuestionJudgement } from "./judge-question.ts";
import { findLabelErrors, type LabelErrors } from "./label-errors.ts";
import { type MainFigures, mainFigures } from "./main-figures.ts";
import { mainIntervals, properIntervals } from "./main-intervals.ts";
import type { Miss, NotStated } from "./not-stated.ts";
import { judgeSubgroups, type Subgrouping } from "./subgroups.ts";

/** What a complete evaluation needs. */
export interface CompleteEvaluationOptions extends EvaluationSubject, Predictions {
  /** Which images are of one lesion; unless given, every image stands alone. */
  readonly groups?: GroupLabels;
  /** Images neither trained on nor tested with: temperature and thresholds are chosen on them. */
  readonly validation?: OtherPredictions;
  /** Out-of-fold predictions on training images, searched for label errors. */
  readonly outOfFold?: OtherPredictions;
  /** Of melanoma and malignancy, where the classes are named so, unless given. */
  readonly questions?: readonly Question[];
  /** Sensitivities that thresholds are chosen for. */
  readonly sensitivities?: readonly number[];
  /** A name per image for each grouping, such as { sex, age, site }. */
  readonly groupings?: { readonly [grouping: string]: readonly (string | null)[] };
  readonly smallestSubgroup?: number;
  /** Other classifiers' probabilities for the same images. */
  readonly rivals?: readonly { readonly name: string; readonly probabilities: Float32Array }[];
  readonly bins?: number;
  readonly replicates?: number;
  readonly random: Random;
}

/** Every figure of an evaluation, ready for JSON. */
export interface CompleteEvaluation extends Evaluation {
  /** How intervals were made that no formula gives; those of proportions are as `intervalMethod` says. */
  readonly resampling: {
    readonly method: "bootstrap of whole groups";
    readonly level: 0.95;
    readonly replicates: number;
    /** Groups (lesions) among the test images. */
    readonly groups: number;
  };
  readonly figures: Estimates<MainFigures>;
  /** One class against the rest at the most probable class, in the order of the classes. */
  readonly rates: readonly ClassRates[];
  readonly curves: readonly ClassCurves[];
  readonly calibration: Calibration;
  /** With the temperature found on the validation images; null without those, or where no temperature could be found. */
  readonly calibrated: {
    readonly fit: TemperatureFit;
    readonly calibration: Calibration;
    readonly figures: Estimates<ProperScores>;
  } | null;
  readonly validation: {
    readonly images: number;
    /** Groups that stand among the test images as well; above 0 thresholds and temperature have seen them. */
    readonly sharedGroups: number;
  } | null;
  /** Which probabilities questions and abstention use: those a calibrated model would state, where there is a temperature. */
  readonly decisionsFrom: "calibrated probabilities" | "probabilities as given";
  readonly questions: readonly QuestionJudgement[];
  readonly abstention: Abstention;
  readonly subgroups: readonly Subgrouping[];
  readonly comparisons: readonly (ModelComparison & { readonly rival: string })[];
  readonly confidentErrors: readonly ConfidentError[];
  readonly labelErrors: LabelErrors | null;
  /** What could not be stated, and why. */
  readonly notStated: readonly NotStated[];
}

/** Points of a stored curve: more cannot be told apart on a screen. */
const CURVE_POINTS = 200;

function sharedGroups(test: GroupLabels, validation: GroupLabels | undefined): number {
  const known = new Set(Array.from(test).filter((label) => label !== null));
  return new Set(Array.from(validation ?? []).filter((label) => label !== null && known.has(label))).size;
}

/**
 * Judges predictions in full. The fields of `evaluateClassification` stand in the result unchanged; the same options and the same
 * state of `random` give the same result.
 *
 * Temperature and thresholds come from `validation` alone, and are then applied to the test images; their intervals hold the
 * threshold fixed, so they tell how it does on such images, not how well it was chosen. Throws EvaluationError for bad input.
 */
export function completeEvaluation(options: CompleteEvaluationOptions): CompleteEvaluation {
  const {
    classes,
    truth,
    probabilities,
    groups: labels,
    validation,
    outOfFold,
    questions = lesionQuestions(classes),
    sensitivities = [0.9, 0.95],
    groupings = {},
    smallestSubgroup,
    rivals = [],
    bins = 15,
    replicates = 1000,
    random,
    ...subject
  } = options;
  const predictions = { classes, truth, probabilities };
  const evaluation = evaluateClassification({ ...subject, ...predictions, ...(labels && { groups: labels }) });
  const groups = labels ?? separateImages(truth.length);
  const imageGroups = numberGroups(groups, truth.length);
  if (validation) checkPredictions({ classes, ...validation });

  const notStated: NotStated[] = [];
  const miss: Miss = (what, why) => notStated.push({ what, why });
  const calibrated = calibratedPredictions({ ...predictions, groups: imageGroups }, validation, miss);
  const forDecisions = { test: calibrated.test, validation: calibrated.validation, points: CURVE_POINTS, miss };
  const asked = questions.map((question) => askQuestion({ question, sensitivities, ...forDecisions }));
  if (asked.length === 0)
    miss("operating points and decision curves", "no class has the name of melanoma or a carcinoma");
  const abstention = askAbstention(forDecisions);

  const rankings = rankByClass(predictions);
  const main = mainFigures(predictions, rankings);
  const calibratedScores = properScores(calibrated.test);
  const estimates = clusterBootstrap({
    groups,
    replicates,
    random,
    statistic: (counts) => ({
      main: main(counts),
      calibrated: calibratedScores(counts),
      asked: asked.map((question) => question.statistic(counts)),
      abstention: abstention.statistic(counts),
    }),
  });
  const said = verdicts(predictions);
  const rates = ratesByClass(classes, { truth, predicted: said.predicted }, imageGroups);
  const judged = asked.map((question, index) => question.judge(estimates.asked[index]!));
  missUnjudged(evaluation, { outOfFold, groupings }, miss);

  return {
    ...evaluation,
    resampling: { method: "bootstrap of whole groups", level: 0.95, replicates, groups: imageGroups.count },
    figures: mainIntervals({
      estimates: estimates.main,
      accuracy: proportion(said.correct, imageGroups),
      rates,
      predictions,
      groups: imageGroups,
    }),
    rates,
    curves: oneVsRestCurves(classes, rankings, CURVE_POINTS),
    calibration: calibration(predictions, { bins, groups }),
    calibrated: calibrated.fit && {
      fit: calibrated.fit,
      calibration: calibration(calibrated.test, { bins, groups }),
      figures: properIntervals(estimates.calibrated, calibrated.test, imageGroups),
    },
    validation: validation
      ? { images: validation.truth.length, sharedGroups: sharedGroups(groups, validation.groups) }
      : null,
    decisionsFrom: calibrated.fit ? "calibrated probabilities" : "probabilities as given",
    questions: judged,
    abstention: abstention.judge(estimates.abstention),
    subgroups: judgeSubgroups({
      ...calibrated.test,
      groupings,
      groups,
      ...(smallestSubgroup === undefined ? {} : { minimum: smallestSubgroup }),
      tests: asked.flatMap((question) => question.tests),
    }),
    comparisons: compareWithRivals(predictions, rivals, groups),
    confidentErrors: confidentErrors(predictions),
    labelErrors: outOfFold ? findLabelErrors({ classes, ...outOfFold }) : null,
    notStated,
  };
}

/** Takes note of what the images and the options give no figures for. */
function missUnjudged(
  { perClass }: Evaluation,
  { outOfFold, groupings }: Pick<CompleteEvaluationOptions, "groupings"> & { readonly outOfFold: unknown },
  miss: Miss,
): void {
  for (const { class: name, support } of perClass) {
    if (support === 0) miss(`sensitivity, areas and curves of ${name}`, "the class has no test image");
  }
  if (!outOfFold) miss("likely label errors", "no out-of-fold predictions were given");
  if (Object.keys(groupings ?? {}).length === 0) miss("subgroups", "no groupings of the images were given");
  miss(
    "the interval of the calibration error",
    "a resample has a larger calibration error than its data, so a bootstrap gives no valid interval",
  );
}

function compareWithRivals(
  { classes, truth, probabilities: first }: Predictions,
  rivals: NonNullable<CompleteEvaluationOptions["rivals"]>,
  groups: GroupLabels,
): CompleteEvaluation["comparisons"] {
  const names = new Set(rivals.map(({ name }) => name));
  if (names.size < rivals.length) throw new EvaluationError("evaluation: expected rivals with different names");
  return rivals.map(({ name, probabilities: second }) => ({
    rival: name,
    ...compareModels({ classes, truth, first, second, groups }),
  }));
}
