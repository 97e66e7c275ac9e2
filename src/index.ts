/** The public interface of naevus: everything that `import ... from "naevus"` gives. */

export {
  type DownloadEvent,
  type DownloadOptions,
  type DownloadResult,
  downloadIsicImages,
} from "./acquire/isic-archive/isic-download.ts";
export { isic9Manifest, type ManifestEntry } from "./acquire/isic-archive/manifest.ts";
export { writePhantomDataset } from "./acquire/phantom/phantom-files.ts";
export { type AuditOptions, auditDataset } from "./audit/audit.ts";
// Data
export type { Audit, AuditCounts } from "./audit/findings.ts";
export { applyClassMap, type ClassMap, readClassMap } from "./dataset/class-map.ts";
export { type ContentHashes, type HashOptions, hashContents } from "./dataset/content-hashes.ts";
export { applyCuration } from "./dataset/curation/apply-curation.ts";
export { type CurationFindings, makeCurationPlan } from "./dataset/curation/curate.ts";
export {
  type CurationPlan,
  type CurationPlanFile,
  type CurationStep,
  formatCurationPlan,
  readCurationPlan,
} from "./dataset/curation/curation-plan.ts";
export type { Dataset, ImageRecord, Problem, Split } from "./dataset/dataset.ts";
export { type DiagnosisMapping, diagnosisMapping, readDiagnosisMapping } from "./dataset/diagnosis-mapping.ts";
export { type GroupOptions, type Groups, groupImages } from "./dataset/groups.ts";
export type { FoundNames, Likeness } from "./dataset/image-names.ts";
export { listLabelledImages } from "./dataset/list-images.ts";
export {
  type ImageMetadata,
  type MatchedMetadata,
  type Metadata,
  matchMetadata,
  readMetadata,
} from "./dataset/metadata.ts";
export type { CurationSummary, ProtocolSummary } from "./dataset/protocol-summary.ts";
export {
  applyProtocol,
  type Folds,
  foldDataset,
  foldIndices,
  foldsOf,
  groupsOf,
  type ProtocolOptions,
} from "./dataset/protocols.ts";
// Engines
export type {
  Engine,
  EngineDescription,
  EngineName,
  InferencePlan,
  OptimizerState,
  Precision,
  TrainingPlan,
} from "./engine/engine.ts";
export { adam, adamW, type Optimizer, sgd } from "./engine/optimizer.ts";
export { referenceEngine } from "./engine/reference/reference-engine.ts";
export { onednnEngine, selectEngine } from "./engine/select-engine.ts";
// Runs
// Training
export {
  CheckpointError,
  DatasetError,
  EngineError,
  EvaluationError,
  FileError,
  ImageError,
  ModelError,
  NetworkError,
  RunError,
  SettingsError,
  TrainingError,
} from "./errors.ts";
export { type Calibration, calibration } from "./evaluation/calibration/calibration.ts";
export { fitTemperature, type TemperatureFit } from "./evaluation/calibration/temperature.ts";
export { compareModels, type ModelComparison } from "./evaluation/comparison/model-comparison.ts";
export { compareRecipes, optimismOfBest, type RecipeComparison } from "./evaluation/comparison/recipe-comparison.ts";
export { lesionQuestions, type Question } from "./evaluation/decisions/lesion-questions.ts";
export {
  type BootstrapOptions,
  clusterBootstrap,
  type Estimate,
  type Estimates,
} from "./evaluation/intervals/cluster-bootstrap.ts";
// Judging
export { ageBand } from "./evaluation/judgement/age-band.ts";
export {
  type CompleteEvaluation,
  type CompleteEvaluationOptions,
  completeEvaluation,
} from "./evaluation/judgement/complete-evaluation.ts";
export { type Evaluation, evaluateClassification } from "./evaluation/judgement/evaluation.ts";
export { formatEvaluation } from "./evaluation/judgement/format-evaluation.ts";
export type { JudgedCheck, SeenCounts } from "./evaluation/judgement/judged-check.ts";
export { findLabelErrors, type LabelErrors } from "./evaluation/judgement/label-errors.ts";
// Augmentation
export { type Affine, affineMap, compose, invert } from "./image/augmentation/affine.ts";
export { Augmenter, Transformer } from "./image/augmentation/augmenter.ts";
export {
  brightness,
  type ColourMatrix,
  composeColour,
  contrast,
  hueRotation,
  saturation,
} from "./image/augmentation/colour-matrix.ts";
export { augmentationGallery, type GalleryRow } from "./image/augmentation/gallery.ts";
export { type Mixing, mixBatch } from "./image/augmentation/mixing.ts";
export {
  type Augmentation,
  type AugmentationPolicy,
  affine,
  colour,
  dihedral,
  erase,
  flip,
  type PolicyName,
  policies,
  policyNames,
  resizedCrop,
  withErasing,
} from "./image/augmentation/policy.ts";
export { drawTransform, type Transform } from "./image/augmentation/transform.ts";
export { decodeImage } from "./image/decoding/decode.ts";
export { withPixelLimit } from "./image/decoding/pixel-limit.ts";
export { type Geometry, geometryNames } from "./image/geometry.ts";
export { type PixelPictureOptions, pixelPicture } from "./image/pixel-picture.ts";
export { readDataset } from "./image/read-dataset.ts";
export { type ResamplingFilter, resamplingFilters } from "./image/resampling.ts";
export { type PackedImages, type PackOptions, packImages } from "./image/store/packed-store.ts";
export { loadModel, type Model } from "./inference/model.ts";
export { testTimeAugmented } from "./inference/test-time-augmentation.ts";
// Networks
export { type ArchitectureOptions, type NetworkName, networkNames, networks } from "./network/architectures.ts";
export { buildGraph, type Graph, type GraphNode, printGraph } from "./network/graph.ts";
export {
  averagePool,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  gate,
  globalAveragePool,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
  residual,
  sigmoid,
  squeezeExcite,
} from "./network/layer.ts";
export { countTrainable, initialParameters } from "./network/parameters.ts";
export { withStochasticDepth } from "./network/stochastic-depth.ts";
export { type ModelMetadata, onnxModel } from "./onnx/onnx-model.ts";
export { Random } from "./random.ts";
// Charts
export { type BarChart, barChart } from "./report/charts/bar-chart.ts";
export { drawChart } from "./report/charts/draw-chart.ts";
export { type HeatChart, heatChart } from "./report/charts/heat-chart.ts";
export { type IntervalChart, intervalChart } from "./report/charts/interval-chart.ts";
export { type LineChart, lineChart } from "./report/charts/line-chart.ts";
export { type SpreadChart, spreadChart } from "./report/charts/spread-chart.ts";
export { escapeHtml } from "./report/html/html.ts";
// The study
export { study } from "./report/study/study.ts";
export { compareRuns, type RunComparison, type RunsCompared } from "./run/compare.ts";
export { type CrossValidation, type CrossValidationResult, crossValidate } from "./run/cross-validate.ts";
export { type CurateOptions, type CurationResult, curate } from "./run/curate.ts";
export { nearDuplicatePairs, nearDuplicatePaths } from "./run/data/near-duplicate-pairs.ts";
export { type DataSettings, type JudgedData, openData, openJudgedData } from "./run/data/open-data.ts";
export { evaluate, type JudgedImages, type JudgingContext, judgeTestImages } from "./run/evaluate.ts";
export { readEvaluation } from "./run/folder/evaluation-file.ts";
export { type FollowedEvent, type FollowOptions, followRun } from "./run/folder/follow-run.ts";
export type { Runs } from "./run/folder/runs.ts";
export type { JudgingOptions } from "./run/models/open-models.ts";
export { type Prediction, type Predictions, predict } from "./run/predict.ts";
export { resume } from "./run/resume.ts";
export type { RunContext, RunEvent } from "./run/run-events.ts";
export type { TrainingResult } from "./run/run-training.ts";
export { train } from "./run/train.ts";
export type { StudyOptions } from "./study/open-study.ts";
export type { StudyEvent } from "./study/study-context.ts";
export type { StudyReport } from "./study/study-report.ts";
export type { Tensor, Tensors } from "./tensor.ts";
export type { EpochMetrics } from "./training/progress.ts";
export { parseSettings } from "./training/settings/parse.ts";
export type { Settings, SettingsInput } from "./training/settings/schema.ts";
