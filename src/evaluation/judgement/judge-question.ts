/** All that is said of one question with two answers: areas, operating points and decision curve, with intervals. */

import { chosenPercent } from "../../text/numbers.ts";
import type { Areas } from "../curves/one-vs-rest.ts";
import { averagePrecision, type PrecisionRecallPoint, precisionRecallCurve } from "../curves/precision-recall-curve.ts";
import { type RocPoint, rocArea, rocCurve } from "../curves/roc-curve.ts";
import { thinCurve } from "../curves/thin-curve.ts";
import { checkDecision, decisionThresholds, type NetBenefit, netBenefits } from "../decisions/decision-curve.ts";
import { answersTo, type Question } from "../decisions/lesion-questions.ts";
import { ratesAtThreshold, thresholdForSensitivity } from "../decisions/operating-point.ts";
import { groupSizes } from "../image-groups.ts";
import { boundedInterval, groupsOfArea } from "../intervals/bounded-interval.ts";
import type { Estimate, Estimates, Resampled } from "../intervals/cluster-bootstrap.ts";
import { kishSize } from "../intervals/effective-size.ts";
import type { GroupedPredictions } from "../predictions.ts";
import { type Counts, rankImages } from "../ranking.ts";
import type { DiagnosticRates } from "../scores/diagnostic-rates.ts";
import type { Miss } from "./not-stated.ts";
import type { SubgroupTest } from "./subgroups.ts";

/** A threshold for a question, and its rates on validation and test images. */
export interface OperatingPoint {
  /** The sensitivity that the threshold was chosen for, on the validation images. */
  readonly target: number;
  /** Images with this score or a higher one are called positive. */
  readonly threshold: number;
  readonly validation: DiagnosticRates;
  readonly test: DiagnosticRates;
}

/** Net benefit at one threshold probability, with intervals. */
export interface DecisionEstimate extends Estimates<NetBenefit> {
  readonly threshold: number;
}

/** All that is stated of one question. */
export interface QuestionJudgement extends Question {
  /** Test images of the classes looked for. */
  readonly positives: number;
  readonly auroc: Estimate;
  readonly averagePrecision: Estimate;
  readonly roc: readonly RocPoint[];
  readonly precisionRecall: readonly PrecisionRecallPoint[];
  readonly operatingPoints: readonly OperatingPoint[];
  readonly decisionCurve: readonly DecisionEstimate[];
}

/** The figures of a question that the bootstrap resamples. */
export type QuestionFigures = {
  readonly areas: Areas;
  readonly benefits: readonly NetBenefit[];
};

/** A question put to the test images: what the bootstrap resamples, and the judgement that its estimates complete. */
export interface AskedQuestion {
  readonly tests: readonly SubgroupTest[];
  readonly statistic: (counts: Counts) => QuestionFigures;
  readonly judge: (estimates: Estimates<QuestionFigures, Resampled>) => QuestionJudgement;
}

/** What the judgement of a question needs. */
export interface QuestionOptions {
  readonly question: Question;
  readonly test: GroupedPredictions;
  readonly validation: GroupedPredictions | undefined;
  readonly sensitivities: readonly number[];
  /** Told of what cannot be stated. */
  readonly miss: Miss;
  /** The most points of a stored curve. */
  readonly points: number;
}

/** Asks a question of checked predictions, with thresholds chosen on those for validation where there are any. */
export function askQuestion({
  question,
  test,
  validation,
  sensitivities,
  miss,
  points,
}: QuestionOptions): AskedQuestion {
  const images = answersTo(question, test);
  checkDecision(images, decisionThresholds);
  const ranking = rankImages(images.positive, images.scores);
  const chosenOn = validation && answersTo(question, validation);
  const chosen = sensitivities.flatMap((target) => {
    const threshold = chosenOn ? thresholdForSensitivity(chosenOn, target) : null;
    if (!chosenOn || threshold === null) return [];
    return [{ target, threshold, validation: ratesAtThreshold(chosenOn, threshold, validation!.groups) }];
  });
  if (validation && chosen.length < sensitivities.length) {
    miss(`operating points of ${question.name}`, "no validation image is positive");
  }
  const positives = images.positive.filter(Boolean).length;
  if (positives === 0) miss(`areas of ${question.name}`, "no test image is positive");

  return {
    tests: chosen.map(({ target, threshold }) => ({
      name: `${question.name}, threshold for ${chosenPercent(target)} sensitivity`,
      threshold,
      ...images,
    })),
    statistic: (counts) => ({
      areas: { auroc: rocArea(ranking, counts), averagePrecision: averagePrecision(ranking, counts) },
      benefits: netBenefits(images, decisionThresholds, counts),
    }),
    judge: (estimates) => ({
      name: question.name,
      positive: [...question.positive],
      positives,
      ...areasOf(estimates.areas),
      roc: thinCurve(rocCurve(ranking), ["falsePositiveRate", "sensitivity"], points),
      precisionRecall: thinCurve(precisionRecallCurve(ranking), ["recall", "precision"], points),
      operatingPoints: chosen.map((point) => ({
        ...point,
        test: ratesAtThreshold(images, point.threshold, test.groups),
      })),
      decisionCurve: estimates.benefits.map((benefit, index) => benefitAt(decisionThresholds[index]!, benefit)),
    }),
  };

  function areasOf({ auroc, averagePrecision }: Estimates<Areas, Resampled>): Estimates<Areas> {
    const own = kishSize(groupSizes(test.groups, images.positive));
    const others = images.positive.map((flag) => !flag);
    const ofArea = groupsOfArea(auroc.value ?? 0.5, own, kishSize(groupSizes(test.groups, others)));
    return {
      auroc: boundedInterval(auroc, { low: 0, high: 1, groups: ofArea }),
      averagePrecision: boundedInterval(averagePrecision, { low: 0, high: 1, groups: own }),
    };
  }

  /** Of an image, net benefit is 1 (found), less the odds (a needless act), or 0; what is spared is 1, or less 1 / odds (missed). */
  function benefitAt(threshold: number, { model, all, avoided }: Estimates<NetBenefit, Resampled>): DecisionEstimate {
    const groups = kishSize(groupSizes(test.groups));
    const odds = threshold / (1 - threshold);
    return {
      threshold,
      model: boundedInterval(model, { low: -odds, high: 1, groups }),
      all: boundedInterval(all, { low: -odds, high: 1, groups }),
      avoided: boundedInterval(avoided, { low: -1 / odds, high: 1, groups }),
    };
  }
}
