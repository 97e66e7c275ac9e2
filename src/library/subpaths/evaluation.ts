/** `naevus/evaluation`: figures from labels and probabilities: scores, curves, intervals, calibration, decisions and comparisons. */
import "../../node-version.ts";

export { type Calibration, calibration } from "../../evaluation/calibration/calibration.ts";
export type { ReliabilityBin } from "../../evaluation/calibration/reliability.ts";
export type { LogitsOfImages } from "../../evaluation/calibration/temperature.ts";
export { fitTemperature, type TemperatureFit } from "../../evaluation/calibration/temperature.ts";
export type { ComparisonOptions } from "../../evaluation/comparison/model-comparison.ts";
export { compareModels, type ModelComparison } from "../../evaluation/comparison/model-comparison.ts";
export type {
  FoldedImages,
  OutOfFoldClasses,
  RecipeComparisonOptions,
  RecipeDifference,
} from "../../evaluation/comparison/recipe-comparison.ts";
export {
  compareRecipes,
  optimismOfBest,
  type RecipeComparison,
} from "../../evaluation/comparison/recipe-comparison.ts";
export type { Areas, ClassCurves } from "../../evaluation/curves/one-vs-rest.ts";
export type { PrecisionRecallPoint } from "../../evaluation/curves/precision-recall-curve.ts";
export type { RiskCoveragePoint, SelectiveAccuracy } from "../../evaluation/curves/risk-coverage.ts";
export type { RocPoint } from "../../evaluation/curves/roc-curve.ts";
export type { NetBenefit } from "../../evaluation/decisions/decision-curve.ts";
export { lesionQuestions, type Question } from "../../evaluation/decisions/lesion-questions.ts";
export type { GroupLabels } from "../../evaluation/image-groups.ts";
export type { Figures, Resampled } from "../../evaluation/intervals/cluster-bootstrap.ts";
export {
  type BootstrapOptions,
  clusterBootstrap,
  type Estimate,
  type Estimates,
} from "../../evaluation/intervals/cluster-bootstrap.ts";
export type { Proportion } from "../../evaluation/intervals/proportion.ts";
export type { Interval } from "../../evaluation/intervals/wilson-interval.ts";
export { ageBand } from "../../evaluation/judgement/age-band.ts";
export type { AncestorSummary } from "../../evaluation/judgement/ancestor.ts";
export {
  type CompleteEvaluation,
  type CompleteEvaluationOptions,
  completeEvaluation,
} from "../../evaluation/judgement/complete-evaluation.ts";
export type { ConfidentError } from "../../evaluation/judgement/confident-errors.ts";
export type { EvaluationSubject, IntervalMethod } from "../../evaluation/judgement/evaluation.ts";
export { type Evaluation, evaluateClassification } from "../../evaluation/judgement/evaluation.ts";
export { formatEvaluation } from "../../evaluation/judgement/format-evaluation.ts";
export type { Abstention, AbstentionThreshold } from "../../evaluation/judgement/judge-abstention.ts";
export type { DecisionEstimate, OperatingPoint, QuestionJudgement } from "../../evaluation/judgement/judge-question.ts";
export type { JudgedCheck, SeenCounts } from "../../evaluation/judgement/judged-check.ts";
export type { LabelErrorCandidate } from "../../evaluation/judgement/label-errors.ts";
export { findLabelErrors, type LabelErrors } from "../../evaluation/judgement/label-errors.ts";
export type { ClassFigures, MainFigures, MeanFigures, Rates } from "../../evaluation/judgement/main-figures.ts";
export type { NotStated } from "../../evaluation/judgement/not-stated.ts";
export type { Subgroup, SubgroupFigures, Subgrouping } from "../../evaluation/judgement/subgroups.ts";
export type { OtherPredictions, Predictions } from "../../evaluation/predictions.ts";
export type { Counts } from "../../evaluation/ranking.ts";
export type { ClassScores, Scores } from "../../evaluation/scores/class-scores.ts";
export type { ConfusionMatrix } from "../../evaluation/scores/confusion-matrix.ts";
export type { ClassRates, DiagnosticRates } from "../../evaluation/scores/diagnostic-rates.ts";
export type { ProperScores } from "../../evaluation/scores/proper-scores.ts";
export { Random } from "../../random.ts";
