/** The library without Node, `naevus/browser`: networks, training on the reference engine, augmentation, evaluation and the model file. */
import "./node-version.ts";

// Engines
export type {
  Awaitable,
  Engine,
  EngineDescription,
  ImmediateEngine,
  InferencePlan,
  OptimizerState,
  Precision,
  TrainingPlan,
} from "./engine/engine.ts";
export type { LossFunction } from "./engine/loss.ts";
export { adam, adamW, lion, type Optimizer, rmsProp, sgd } from "./engine/optimizer.ts";
export { referenceEngine } from "./engine/reference/reference-engine.ts";
export { EngineError, EvaluationError, NaevusError, NetworkError, SettingsError, TrainingError } from "./errors.ts";
// Evaluation
export { type Calibration, calibration } from "./evaluation/calibration/calibration.ts";
export { fitTemperature, type TemperatureFit } from "./evaluation/calibration/temperature.ts";
export {
  type CompleteEvaluation,
  type CompleteEvaluationOptions,
  completeEvaluation,
} from "./evaluation/judgement/complete-evaluation.ts";
export { type Evaluation, evaluateClassification } from "./evaluation/judgement/evaluation.ts";
export { formatEvaluation } from "./evaluation/judgement/format-evaluation.ts";
// Augmentation
export { Augmenter } from "./image/augmentation/augmenter.ts";
export { type Mixing, mixBatch } from "./image/augmentation/mixing.ts";
export {
  type Augmentation,
  type AugmentationPolicy,
  type PolicyName,
  policies,
  policyNames,
} from "./image/augmentation/policy.ts";
export type { Stem } from "./network/architectures/blocks.ts";
export { type ConvNeXtOptions, convNeXt } from "./network/architectures/convnext.ts";
export { type DenseNetOptions, denseNet } from "./network/architectures/densenet.ts";
export { type EfficientNetV2Options, efficientNetV2 } from "./network/architectures/efficientnet.ts";
export { type GoogLeNetOptions, googLeNet } from "./network/architectures/inception.ts";
export { type MobileNetV3Options, mobileNetV3 } from "./network/architectures/mobilenet.ts";
export { type ResNetOptions, resNet } from "./network/architectures/resnet.ts";
export { type VggOptions, vgg } from "./network/architectures/vgg.ts";
// Networks
export {
  type ArchitectureOptions,
  imageInput,
  type NetworkName,
  networkNames,
  networks,
} from "./network/architectures.ts";
export { buildGraph, type Graph, type GraphNode, printGraph } from "./network/graph.ts";
export { harmonicConv2d } from "./network/harmonic-conv2d.ts";
export { formatNetwork } from "./network/json/format-network.ts";
export { type NetworkReading, parseNetwork } from "./network/json/parse-network.ts";
export {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  elu,
  flatten,
  gate,
  gelu,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  type Layer,
  leakyRelu,
  maxPool,
  type Network,
  normalize,
  relu,
  relu6,
  residual,
  separableConv2d,
  sigmoid,
  silu,
  softplus,
  squeezeExcite,
  tanh,
} from "./network/layer.ts";
export { type NetworkFunction, type NetworkSource, networkName } from "./network/network-source.ts";
export { groupNorm, layerNorm, layerScale } from "./network/normalization.ts";
export { countTrainable, initialParameters } from "./network/parameters.ts";
export { blurPool, generalizedMeanPool, globalMaxPool } from "./network/pooling.ts";
export { withStochasticDepth } from "./network/stochastic-depth.ts";
// The model file
export { type ModelMetadata, onnxModel } from "./onnx/onnx-model.ts";
export { Random } from "./random.ts";
export type { Tensor, Tensors } from "./tensor.ts";
// Training
export type { OpenLoader, ReadImages } from "./training/batch-loader.ts";
export type { BatchPreparation } from "./training/batches.ts";
export { type FitOptions, type Fitted, fit, type ResolvedSettings, type ValidationImages } from "./training/fit.ts";
export type { OwnFunctions } from "./training/own-functions.ts";
export type { JudgedValidation, MetricFunction, Metrics } from "./training/own-metrics.ts";
export type { EpochMetrics, Progress } from "./training/progress.ts";
export type { ScheduleFunction, ScheduleNumbers, SchedulePosition } from "./training/schedule.ts";
export { parseSettings } from "./training/settings/parse.ts";
export { networkOf } from "./training/settings/resolve.ts";
export type { Settings, SettingsInput } from "./training/settings/schema.ts";
export {
  freshProgress,
  type StepReport,
  type TrainedNetwork,
  type TrainingImages,
  type TrainingOptions,
  trainNetwork,
  type ValidationFigures,
} from "./training/train.ts";
export type { Companions, TrainingState } from "./training/training-state.ts";
export { version } from "./version.ts";
