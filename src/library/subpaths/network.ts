/** `naevus/network`: the layers that networks are made of, the named architectures, and what follows from a network: its graph and parameters. */
import "../../node-version.ts";

export type { Stem } from "../../network/architectures/blocks.ts";
export { type ConvNeXtOptions, convNeXt } from "../../network/architectures/convnext.ts";
export { type DenseNetOptions, denseNet } from "../../network/architectures/densenet.ts";
export { type EfficientNetV2Options, efficientNetV2 } from "../../network/architectures/efficientnet.ts";
export { type GoogLeNetOptions, googLeNet } from "../../network/architectures/inception.ts";
export { type MobileNetV3Options, mobileNetV3 } from "../../network/architectures/mobilenet.ts";
export { type ResNetOptions, resNet } from "../../network/architectures/resnet.ts";
export { type VggOptions, vgg } from "../../network/architectures/vgg.ts";
export {
  type ArchitectureOptions,
  imageInput,
  type NetworkName,
  networkNames,
  networks,
} from "../../network/architectures.ts";
export type { BranchName } from "../../network/branches.ts";
export { buildGraph, type Graph, type GraphNode, printGraph } from "../../network/graph.ts";
export { harmonicConv2d } from "../../network/harmonic-conv2d.ts";
export type { Harmonics } from "../../network/harmonics.ts";
export {
  type InitialDistribution,
  type Initialization,
  type InitializationName,
  type InitializationOptions,
  initializationNames,
  type ScalingScheme,
} from "../../network/initialization.ts";
export { formatNetwork } from "../../network/json/format-network.ts";
export { type NetworkReading, parseNetwork } from "../../network/json/parse-network.ts";
export { readNetwork } from "../../network/json/read-network.ts";
export type {
  Activation,
  Add,
  AveragePool,
  AveragePoolingOptions,
  BatchNorm,
  Concatenate,
  Conv2d,
  ConvolutionOptions,
  Dense,
  DenseOptions,
  Dropout,
  Elu,
  Flatten,
  Gate,
  Gelu,
  GlobalAveragePool,
  HardSigmoid,
  HardSwish,
  HeightWidth,
  Join,
  LeakyRelu,
  Luminance,
  MaxPool,
  Multiply,
  Normalize,
  Operation,
  Padding,
  PaddingOption,
  PoolingOptions,
  Relu,
  Relu6,
  Residual,
  Resolved,
  ResolvedAveragePool,
  ResolvedConv2d,
  ResolvedMaxPool,
  SeparableConvolutionOptions,
  Sides,
  Sigmoid,
  Silu,
  Softplus,
  Tanh,
  WeightOptions,
} from "../../network/layer.ts";
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
} from "../../network/layer.ts";
export { type NetworkFunction, type NetworkSource, networkName } from "../../network/network-source.ts";
export {
  type GroupNorm,
  groupNorm,
  type LayerNorm,
  type LayerScale,
  layerNorm,
  layerScale,
} from "../../network/normalization.ts";
export type { ParameterRole, ParameterSpec } from "../../network/parameters.ts";
export { countTrainable, initialParameters } from "../../network/parameters.ts";
export {
  type BlurPool,
  blurPool,
  type GeneralizedMeanPool,
  type GlobalMaxPool,
  generalizedMeanPool,
  globalMaxPool,
} from "../../network/pooling.ts";
export type { ReceptiveField } from "../../network/receptive-field.ts";
export type { Shape } from "../../network/shape.ts";
export { withStochasticDepth } from "../../network/stochastic-depth.ts";
export {
  type BranchSummary,
  type LayerSummary,
  type NetworkSummary,
  type NetworkTotals,
  summarize,
} from "../../network/summary.ts";
export type { RandomState } from "../../random.ts";
export { Random } from "../../random.ts";
export type { Tensor, Tensors } from "../../tensor.ts";
