/** `naevus`: ten functions that lead from a folder of images to a judged model, the errors that they throw, and the types that they name. */
import "./node-version.ts";

export type { AuditProgress } from "./audit/audit.ts";
export type { Audit } from "./audit/findings.ts";
export type { Dataset, ImageRecord, Problem, Split } from "./dataset/dataset.ts";
export type { ImageSource } from "./dataset/image-source.ts";
export type { LabelledImage, LabelledImages } from "./dataset/listed-images.ts";
export type { LossFunction } from "./engine/loss.ts";
export {
  ArgumentError,
  CheckpointError,
  DatasetError,
  EngineError,
  EvaluationError,
  FileError,
  ImageError,
  InstallationError,
  MemoryError,
  ModelError,
  NaevusError,
  NetworkError,
  RunError,
  SettingsError,
  TrainingError,
} from "./errors.ts";
export type { Evaluation } from "./evaluation/judgement/evaluation.ts";
export { type AuditOptions, audit } from "./library/audit.ts";
export type { WithClassNames } from "./library/class-names.ts";
export { type CrossValidateContext, crossValidate } from "./library/cross-validate.ts";
export type { DataSource, OpenContext } from "./library/data-source.ts";
export { compare, type EvaluateOptions, evaluate } from "./library/evaluate.ts";
export {
  type ClassProbability,
  type ImagePrediction,
  type LoadedModel,
  loadModel,
  type PredictImageOptions,
  type UnreadImage,
} from "./library/load-model.ts";
export { openDataset } from "./library/open-dataset.ts";
export type { TrainFunctions, TrainOptions } from "./library/own-functions.ts";
export { predict } from "./library/predict.ts";
export { study } from "./library/study.ts";
export { type ResumeContext, resume, type TrainContext, type Training, train } from "./library/train.ts";
export type { NetworkFunction, NetworkSource } from "./network/network-source.ts";
export type { Callback } from "./run/callback.ts";
export type { RunComparison, RunsCompared } from "./run/compare.ts";
export type { CrossValidation, CrossValidationResult } from "./run/cross-validate.ts";
export type { DataSettings } from "./run/data/open-data.ts";
export type { JudgingContext } from "./run/evaluate.ts";
export type { Runs } from "./run/folder/runs.ts";
export type { JudgingOptions } from "./run/models/open-models.ts";
export type { JudgedSources, NamedImage, Prediction, Predictions, PredictOptions } from "./run/predict.ts";
export type { RunContext, RunEvent } from "./run/run-events.ts";
export type { TrainingResult } from "./run/run-training.ts";
export type { StudyOptions } from "./study/open-study.ts";
export type { StudyEvent } from "./study/study-context.ts";
export type { StudyReport } from "./study/study-report.ts";
export type { OwnFunctions } from "./training/own-functions.ts";
export type { JudgedValidation, MetricFunction, Metrics } from "./training/own-metrics.ts";
export type { EpochMetrics } from "./training/progress.ts";
export type { ScheduleFunction, SchedulePosition } from "./training/schedule.ts";
export type { Settings, SettingsInput } from "./training/settings/schema.ts";
export type { TrainSettings } from "./training/settings/train-settings.ts";
