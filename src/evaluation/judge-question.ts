/** All that is said of one question with two answers: areas, operating points and decision curve, with intervals. */
import type { Estimate, Estimates } from "./cluster-bootstrap.ts";
import { type ClusteredRates, clusteredRates } from "./clustered-rates.ts";
import { checkDecision, decisionThresholds, type NetBenefit, netBenefits } from "./decision-curve.ts";
import type { DiagnosticRates } from "./diagnostic-rates.ts";
import { answersTo, type Question } from "./lesion-questions.ts";
import { type Rates, ratesOf } from "./main-figures.ts";
import type { Areas } from "./one-vs-rest.ts";
import { countsAtThreshold, ratesAtThreshold, thresholdForSensitivity } from "./operating-point.ts";
import { averagePrecision, type PrecisionRecallPoint, precisionRecallCurve } from "./precision-recall-curve.ts";
import type { Predictions } from "./predictions.ts";
import { type Counts, rankImages } from "./ranking.ts";
import { type RocPoint, rocArea, rocCurve } from "./roc-curve.ts";
import type { SubgroupTest } from "./subgroups.ts";
import { thinCurve } from "./thin-curve.ts";

export interface OperatingPoint {
  /** The sensitivity that the threshold was chosen for, on the validation images. */
  readonly target: number;
  /** Images with this score or a higher one are called positive. */
  readonly threshold: number;
  readonly validation: DiagnosticRates;
  readonly test: ClusteredRates;
}

export interface DecisionEstimate extends Estimates<NetBenefit> {
  readonly threshold: number;
}

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

export type QuestionFigures = {
  readonly areas: Areas;
  readonly points: readonly Rates[];
  readonly benefits: readonly NetBenefit[];
};

/** A question put to the test images: what the bootstrap resamples, and the judgement that its estimates complete. */
export interface AskedQuestion {
  readonly tests: readonly SubgroupTest[];
  readonly statistic: (counts: Counts) => QuestionFigures;
  readonly judge: (estimates: Estimates<QuestionFigures>) => QuestionJudgement;
}

export interface QuestionOptions {
  readonly question: Question;
  readonly test: Predictions;
  readonly validation: Predictions | undefined;
  readonly sensitivities: readonly number[];
  /** Told of what cannot be stated. */
  readonly miss: (what: string, why: string) => void;
  /** The most points of a stored curve. */
  readonly points: number;
}

const percent = (part: number): string => `${Number((part * 100).toFixed(2))} %`;

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
    return [{ target, threshold, validation: ratesAtThreshold(chosenOn, threshold) }];
  });
  if (validation && chosen.length < sensitivities.length) {
    miss(`operating points of ${question.name}`, "no validation image is of a class looked for");
  }
  const positives = images.positive.filter(Boolean).length;
  if (positives === 0) miss(`areas of ${question.name}`, "no test image is of a class looked for");

  return {
    tests: chosen.map(({ target, threshold }) => ({
      name: `${question.name}, threshold for ${percent(target)} sensitivity`,
      threshold,
      ...images,
    })),
    statistic: (counts) => ({
      areas: { auroc: rocArea(ranking, counts), averagePrecision: averagePrecision(ranking, counts) },
      points: chosen.map(({ threshold }) => ratesOf(countsAtThreshold(images, threshold, counts))),
      benefits: netBenefits(images, decisionThresholds, counts),
    }),
    judge: (estimates) => ({
      name: question.name,
      positive: [...question.positive],
      positives,
      ...estimates.areas,
      roc: thinCurve(rocCurve(ranking), ["falsePositiveRate", "sensitivity"], points),
      precisionRecall: thinCurve(precisionRecallCurve(ranking), ["recall", "precision"], points),
      operatingPoints: chosen.map((point, index) => ({
        ...point,
        test: clusteredRates(ratesAtThreshold(images, point.threshold), estimates.points[index]!),
      })),
      decisionCurve: estimates.benefits.map((benefit, index) => ({
        threshold: decisionThresholds[index]!,
        ...benefit,
      })),
    }),
  };
}
