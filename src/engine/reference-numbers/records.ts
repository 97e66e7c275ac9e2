/** PyTorch's recorded numbers (made by scripts/references) and the networks that they belong to. */
import { readFileSync } from "node:fs";
import { networks } from "../../network/architectures.ts";
import { buildGraph, type Graph } from "../../network/graph.ts";
import { averagePool, batchNorm, conv2d, dense, flatten, maxPool, relu } from "../../network/layer.ts";
import type { Tensor } from "../../tensor.ts";
import { elements } from "../../tensor.ts";
import type { InputBatch } from "../engine.ts";
import { formulaBytes, formulaParameters, formulaUniform } from "./formula.ts";

/** A tensor too large to record: its norm, its sum and some of its entries. */
export interface TensorSummary {
  readonly norm: number;
  readonly sum: number;
  readonly samples: readonly number[];
}

export interface NetworkRecord {
  readonly batch: number;
  /** Of the batch's values. */
  readonly salt: number;
  /** The relative error of all gradients together when PyTorch computes in mixed bf16. */
  readonly bf16Error: number;
  readonly loss: number;
  readonly logits: readonly number[];
  readonly evaluationLogits: readonly number[];
  readonly gradients: Readonly<Record<string, TensorSummary>>;
  /** Running statistics after one step of training, and all of frozen layers. */
  readonly running: Readonly<Record<string, TensorSummary>>;
  readonly inputGradient: TensorSummary;
}

export interface OptimizerRecord {
  readonly lastLoss: number;
  /** Weight, bias, weight, bias. */
  readonly parameters: readonly (readonly number[])[];
}

export interface LossRecord {
  readonly logits: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[] | null;
  readonly smoothing: number;
  readonly loss: number;
  readonly gradient: readonly number[];
}

const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));

export const networkRecords = (): Readonly<Record<RecordedName, NetworkRecord>> => ({
  ...read("networks.json").networks,
  ...read("architectures.json").networks,
});
export const optimizerRecords = (): Readonly<Record<string, OptimizerRecord>> => read("optimizers.json").optimizers;
export const lossRecords = (): Readonly<Record<string, LossRecord>> => read("losses.json").losses;

const size = { classes: 9, imageSize: 64 };

/** One of each family of architectures, small, and without dropout, which would draw other values in PyTorch: those of scripts/references/architectures.py. */
const families = {
  "vgg11:width=4": networks.vgg11({ ...size, width: 4 }),
  "resnet18:width=4,stem=3x3": networks.resnet18({ ...size, width: 4, stem: "3x3" }),
  "resnet50:width=4,stages=1-1-1-1": networks.resnet50({ ...size, width: 4, stages: [1, 1, 1, 1] }),
  "densenet121:growth=4,stages=2-2-2-2": networks.densenet121({ ...size, growth: 4, stages: [2, 2, 2, 2] }),
  "googlenet:width=8,dropout=0": networks.googlenet({ ...size, width: 8, dropout: 0 }),
  "convnext-tiny:width=8,stages=1-1-1-1": networks["convnext-tiny"]({ ...size, width: 8, stages: [1, 1, 1, 1] }),
  "mobilenetv3-small:width=0.25,dropout=0": networks["mobilenetv3-small"]({ ...size, width: 0.25, dropout: 0 }),
  "efficientnetv2-b0:width=0.25,depth=0.5,dropout=0": networks["efficientnetv2-b0"]({
    ...size,
    width: 0.25,
    depth: 0.5,
    dropout: 0,
  }),
};

/** Their names. */
export const familyNames = Object.keys(families) as (keyof typeof families)[];

/** The networks of scripts/references/networks.py and those of the families. */
export const recordedNetworks = {
  ...families,
  notebook: networks.notebook({ classes: 9 }),
  "resnet18-w32": networks["resnet18-w32"]({ classes: 9 }),
  "resnet18-w32, small": networks["resnet18-w32"]({ classes: 9, imageSize: 32 }),
  "efficientnetv2-mini": networks["efficientnetv2-mini"]({ classes: 9 }),
  "efficientnetv2-mini, small": networks["efficientnetv2-mini"]({ classes: 9, imageSize: 64 }),
  poolings: {
    name: "poolings",
    input: { channels: 4, height: 9, width: 11 },
    layers: [
      conv2d(6, [3, 2], { stride: [1, 2], padding: [1, 0], groups: 2 }),
      maxPool(3, { stride: 2, padding: 1 }),
      averagePool([3, 2], { stride: [2, 1], padding: [1, 1] }),
      flatten(),
      dense(5),
    ],
  },
  batchNorm: {
    name: "batchNorm",
    input: { channels: 4, height: 5, width: 3 },
    layers: [batchNorm({ epsilon: 1e-3, momentum: 0.3 }), relu(), flatten(), dense(4)],
  },
  "resnet18-w32, frozen": { ...networks["resnet18-w32"]({ classes: 9, imageSize: 32 }), frozen: 12 },
  "batchNorm, frozen": {
    name: "batchNorm, frozen",
    input: { channels: 4, height: 5, width: 3 },
    layers: [batchNorm({ epsilon: 1e-3 }), relu(), conv2d(6, 3), batchNorm(), flatten(), dense(4)],
    frozen: 2,
  },
};

export type RecordedName = keyof typeof recordedNetworks;

export interface RecordedProblem {
  readonly graph: Graph;
  readonly parameters: Map<string, Tensor<Float32Array>>;
  readonly input: InputBatch;
  readonly targets: Float32Array;
}

/** The parameters and the batch that the Python side used. */
export function recordedProblem(
  name: RecordedName,
  { batch, salt }: Pick<NetworkRecord, "batch" | "salt">,
): RecordedProblem {
  const graph = buildGraph(recordedNetworks[name]);
  const length = batch * elements(graph.inputShape);
  const targets = new Float32Array(batch * graph.classes);
  for (let row = 0; row < batch; row++) targets[row * graph.classes + ((2 * row) % graph.classes)] = 1;
  return {
    graph,
    parameters: formulaParameters(graph),
    input: graph.inputType === "uint8" ? formulaBytes(length, salt) : formulaUniform(length, salt, 0, 1),
    targets,
  };
}

const SAMPLES = 16;

/** The same summary as scripts/references/networks.py makes, of `count` entries. */
export function summarise(values: ArrayLike<number>, count = SAMPLES): TensorSummary {
  let squares = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    squares += values[i]! ** 2;
    sum += values[i]!;
  }
  const indices = Array.from({ length: count }, (_, i) => Math.floor(((2 * i + 1) * values.length) / (2 * count)));
  return { norm: Math.sqrt(squares), sum, samples: [...new Set(indices)].map((i) => values[i]!) };
}
