/** The networks on which every engine must compute what the reference computes, and random batches for them. */
import type { Graph } from "../../network/graph.ts";
import {
  averagePool,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  gate,
  globalAveragePool,
  maxPool,
  normalize,
  relu,
  residual,
  sigmoid,
  squeezeExcite,
} from "../../network/layer.ts";
import { Random } from "../../random.ts";
import type { Tensor } from "../../tensor.ts";
import { elements } from "../../tensor.ts";
import type { InputBatch } from "../engine.ts";
import { softmax } from "../loss.ts";
import { activationCases } from "./activation-cases.ts";
import { type ConformanceCase, convNorm, deep, head, single } from "./conformance-case.ts";
import { harmonicCases } from "./harmonic-cases.ts";
import { structureCases } from "./structure-cases.ts";
import { windowCases } from "./window-cases.ts";

const shallowCases: readonly ConformanceCase[] = [
  single("conv2d 3x3", [3, 8, 8], [conv2d(8, 3), ...head()]),
  single("conv2d, odd sizes", [3, 7, 9], [conv2d(5, 3), ...head()]),
  single("conv2d, stride 2", [4, 9, 7], [conv2d(6, 3, { stride: 2 }), ...head()]),
  single("conv2d, oblong everything", [3, 11, 8], [conv2d(7, [5, 3], { stride: [2, 1], padding: [2, 0] }), ...head()]),
  single("conv2d, even kernel, no padding", [2, 6, 6], [conv2d(3, 2, { padding: 0 }), ...head()]),
  single("conv2d, kernel as large as the input", [3, 4, 5], [conv2d(6, [4, 5], { padding: 0 }), ...head()]),
  single(
    "conv2d, rows and columns that the stride leaves out",
    [2, 8, 8],
    [conv2d(3, 3, { stride: 3, padding: 0 }), ...head()],
  ),
  single(
    "conv2d, stride 2 on a map of one column",
    [16, 9, 1],
    [conv2d(32, 3), relu(), conv2d(16, 3, { stride: 2 }), relu(), conv2d(16, 3, { stride: 2 }), ...head()],
  ),
  single("conv2d 1x1, stride 2", [16, 7, 7], [conv2d(32, 1, { stride: 2 }), ...head()]),
  single("conv2d, groups", [6, 6, 5], [conv2d(9, 3, { groups: 3 }), ...head()]),
  single("conv2d, groups of 16", [32, 5, 5], [conv2d(32, 3, { groups: 2 }), ...head()]),
  single("conv2d, depthwise", [7, 6, 6], [conv2d(7, 3, { groups: 7, stride: 2 }), ...head()]),
  single("conv2d, depthwise with multiplier", [4, 5, 5], [conv2d(8, 3, { groups: 4 }), ...head()]),
  single("conv2d, rows of 34", [16, 3, 34], [conv2d(16, 3), globalAveragePool(), dense(5)]),
  single("conv2d, rows of 67 to 34", [16, 5, 67], [conv2d(32, 3, { stride: 2 }), globalAveragePool(), dense(5)]),
  single("conv2d without bias", [3, 6, 6], [conv2d(16, 3, { bias: false }), ...head()]),
  single("conv2d, 17 to 33 channels", [17, 6, 6], [conv2d(33, 3), ...head()]),
  single("conv2d, batch 1", [3, 6, 6], [conv2d(8, 3), ...head()], { batch: 1 }),
  single("conv2d with relu", [3, 6, 7], [conv2d(9, 3), relu(), ...head()]),
  single("batchNorm", [5, 6, 7], [batchNorm(), ...head()]),
  single("batchNorm, other options", [16, 4, 4], [batchNorm({ momentum: 0.3, epsilon: 1e-3 }), ...head()]),
  single("batchNorm, batch 1", [3, 5, 5], [batchNorm(), ...head()], { batch: 1 }),
  single("relu", [3, 5, 5], [relu(), ...head()]),
  single("relu twice", [3, 5, 5], [relu(), relu(), ...head()]),
  single("sigmoid", [3, 5, 5], [sigmoid(), ...head()]),
  single("sigmoid of features", [1, 1, 19], [flatten(), dense(7), sigmoid(), dense(4)]),
  single("maxPool", [3, 8, 8], [maxPool(2), ...head()]),
  single("maxPool, odd sizes", [5, 7, 9], [maxPool(2), ...head()]),
  single("maxPool, overlapping, with padding", [4, 9, 8], [maxPool(3, { stride: 2, padding: 1 }), ...head()]),
  single("maxPool, oblong", [17, 6, 8], [maxPool([2, 3], { stride: [1, 2], padding: [0, 1] }), ...head()]),
  single("maxPool of 16 channels after relu", [3, 7, 9], [conv2d(16, 3), relu(), maxPool(2), ...head()]),
  deep("maxPool of 48 channels, oblong", [3, 5, 6], [conv2d(48, 3), maxPool([2, 1]), ...head()]),
  single("averagePool", [3, 8, 8], [averagePool(2), ...head()]),
  single("averagePool, overlapping, with padding", [4, 9, 8], [averagePool(3, { stride: 2, padding: 1 }), ...head()]),
  single("averagePool, oblong", [17, 6, 8], [averagePool([3, 2], { stride: [2, 1], padding: [1, 0] }), ...head()]),
  single("globalAveragePool", [6, 5, 7], [globalAveragePool(), dense(4)]),
  single("globalAveragePool as logits", [4, 5, 5], [conv2d(6, 3), globalAveragePool()]),
  single("flatten", [3, 4, 5], [flatten(), dense(7)]),
  single("flatten as logits", [3, 2, 1], [flatten()]),
  single("dense without bias", [3, 4, 4], [flatten(), dense(6, { bias: false })]),
  single("dense, batch 1", [3, 4, 4], [flatten(), dense(6)], { batch: 1 }),
  single("dense, many units", [1, 1, 19], [flatten(), dense(130), dense(37), dense(9)]),
  single("dropout of features", [1, 1, 64], [flatten(), dropout(0.5), dense(4)], { options: { seed: 7 } }),
  single("dropout of maps, twice", [5, 5, 5], [dropout(0.2), conv2d(6, 3), dropout(0.4), ...head()]),
  single("dropout of nothing", [2, 3, 3], [dropout(0), ...head()]),
  single("residual, identity", [5, 6, 6], [residual([conv2d(5, 3)]), ...head()]),
  single(
    "residual, projection",
    [5, 6, 6],
    [residual([conv2d(7, 3, { stride: 2 })], [conv2d(7, 1, { stride: 2 })]), ...head()],
  ),
  single("residual of vectors", [1, 1, 12], [flatten(), residual([dense(12), dense(12)]), dense(3)]),
  single("residual of nothing: twice the input", [3, 4, 4], [residual([]), ...head()]),
  single("stochastic depth", [5, 6, 6], [residual([conv2d(5, 3)], [], { stochasticDepth: 0.5 }), ...head()], {
    batch: 8,
    options: { seed: 5 },
  }),
  single(
    "stochastic depth of vectors",
    [1, 1, 12],
    [flatten(), residual([dense(12)], [], { stochasticDepth: 0.5 }), dense(3)],
    { batch: 8, options: { seed: 5 } },
  ),
  // As many images and channels as layouts take in blocks.
  single(
    "stochastic depth, batch 32",
    [32, 6, 6],
    [residual([conv2d(32, 3)], [], { stochasticDepth: 0.5 }), ...head()],
    {
      batch: 32,
      options: { seed: 5 },
    },
  ),
  single("stochastic depth of nothing", [3, 4, 4], [residual([], [], { stochasticDepth: 0.4 }), ...head()], {
    batch: 8,
    options: { seed: 5 },
  }),
  single("gate of maps", [5, 6, 7], [gate([globalAveragePool(), sigmoid()]), ...head()]),
  single("gate of nothing but means", [16, 5, 5], [gate([globalAveragePool()]), ...head()]),
  single("gate of maps of one pixel", [6, 1, 1], [gate([flatten(), sigmoid()]), ...head()]),
  single("gate of vectors", [1, 1, 12], [flatten(), gate([dense(12), sigmoid()]), dense(3)]),
  single("gate of nothing: the square", [1, 1, 12], [flatten(), gate([]), dense(3)]),
  single("gate in a gate", [4, 5, 5], [gate([gate([globalAveragePool()]), globalAveragePool()]), ...head()]),
  single("gate, batch 1", [17, 6, 6], [gate([globalAveragePool(), sigmoid()]), ...head()], { batch: 1 }),
  single("gate after a convolution", [3, 7, 6], [conv2d(20, 3), gate([globalAveragePool(), sigmoid()]), ...head()]),
  single("two logits", [3, 4, 4], [flatten(), dense(2)]),
  single("uint8 input", [3, 6, 7], [normalize([0.5, 0.4, 0.6], [0.2, 0.25, 0.3]), conv2d(8, 3), ...head()]),
  single(
    "uint8 input of 96x128",
    [3, 96, 128],
    [normalize(), conv2d(4, [1, 7], { stride: 8 }), sigmoid(), globalAveragePool(), dense(3)],
  ),
  single("uint8 input, luminance", [1, 6, 7], [normalize([0.5], [0.2]), conv2d(8, 3), ...head()]),
  single("uint8 input, luminance straight to dense", [1, 5, 4], [normalize([0.4]), ...head()]),
  single("uint8 input, luminance straight to pooling", [1, 8, 8], [normalize([0]), maxPool(2), ...head()]),
  single("uint8 input straight to dense", [3, 5, 4], [normalize(), ...head()]),
  single("soft targets", [3, 4, 4], head(), { targets: "soft", batch: 4 }),
  single("class weights", [3, 4, 4], head(), { options: { classWeights: [1, 0.5, 3, 0, 2] }, batch: 6 }),
  single("focal loss", [3, 4, 4], head(), { options: { focusing: 2, classWeights: [1, 0.5, 3, 0, 2] }, batch: 6 }),
  single("logit adjustment", [3, 4, 4], head(), { options: { logitOffsets: [-1, -0.2, -3, -2, -0.7] }, batch: 6 }),
  single("class weights and soft targets", [3, 4, 4], head(), {
    targets: "soft",
    options: { classWeights: [1, 0.5, 3, 0.1, 2] },
    batch: 4,
  }),
  single("label smoothing, class weights and soft targets", [3, 4, 4], head(), {
    targets: "soft",
    options: { labelSmoothing: 0.1, classWeights: [1, 0.5, 3, 0.1, 2] },
    batch: 4,
  }),
  single("label smoothing and focal loss", [3, 4, 4], head(), {
    options: { labelSmoothing: 0.2, focusing: 2, classWeights: [1, 0.5, 3, 0, 2] },
    batch: 6,
  }),
  single("label smoothing and logit adjustment", [3, 4, 4], head(), {
    options: { labelSmoothing: 0.2, logitOffsets: [-1, -0.2, -3, -2, -0.7] },
    batch: 6,
  }),
  single("label smoothing and rows of zeros", [3, 4, 4], head(), {
    targets: "withZeroRows",
    options: { labelSmoothing: 0.2 },
    batch: 5,
  }),
  single("rows of zeros", [3, 4, 4], head(), { targets: "withZeroRows", batch: 5 }),
];

const deepCases: readonly ConformanceCase[] = [
  deep("conv2d, batchNorm and relu", [3, 8, 8], [...convNorm(10, 3), relu(), ...head()]),
  deep(
    "batchNorm after pooling",
    [3, 8, 8],
    [conv2d(6, 3), maxPool(2), batchNorm(), relu(), averagePool(2), ...head()],
  ),
  deep("conv2d with bias before batchNorm", [3, 7, 7], [conv2d(8, 3), batchNorm(), relu(), ...head()]),
  deep("dense, relu and dropout", [3, 4, 4], [flatten(), dense(20), relu(), dropout(0.3), dense(6)]),
  deep(
    "a rectifier that shares its input",
    [3, 6, 6],
    [conv2d(8, 3), residual([relu(), conv2d(8, 3)]), batchNorm(), residual([relu(), conv2d(8, 3)]), ...head()],
  ),
  deep(
    "residual block",
    [8, 7, 7],
    [residual([...convNorm(8, 3), relu(), ...convNorm(8, 3)]), relu(), globalAveragePool(), dense(5)],
  ),
  deep(
    "residual block, projection",
    [8, 7, 7],
    [
      residual([...convNorm(16, 3, 2), relu(), ...convNorm(16, 3)], convNorm(16, 1, 2)),
      relu(),
      globalAveragePool(),
      dense(5),
    ],
  ),
  deep(
    "residual in residual",
    [4, 6, 6],
    [residual([conv2d(4, 3), residual([relu(), conv2d(4, 3)]), relu()], [residual([conv2d(4, 1)])]), relu(), ...head()],
  ),
  deep(
    "squeeze-and-excitation",
    [3, 8, 8],
    [...convNorm(32, 3), relu(), squeezeExcite(32, 8), conv2d(16, 1), globalAveragePool(), dense(5)],
  ),
  deep(
    "inverted bottleneck",
    [16, 8, 8],
    [
      residual([
        ...convNorm(48, 1),
        relu(),
        conv2d(48, 3, { groups: 48, bias: false }),
        batchNorm(),
        relu(),
        squeezeExcite(48, 4),
        ...convNorm(16, 1),
      ]),
      globalAveragePool(),
      dense(5),
    ],
  ),
  deep(
    "stochastic depth in residual blocks",
    [8, 7, 7],
    [
      residual([...convNorm(8, 3), relu(), ...convNorm(8, 3)], [], { stochasticDepth: 0.25 }),
      relu(),
      residual([...convNorm(16, 3, 2), relu(), ...convNorm(16, 3)], convNorm(16, 1, 2), { stochasticDepth: 0.5 }),
      relu(),
      globalAveragePool(),
      dense(5),
    ],
    { batch: 6, options: { seed: 5 }, bf16GradientError: 3e-2 },
  ),
  deep(
    "the input in two branches",
    [3, 6, 6],
    [residual([conv2d(3, 3), relu()], [maxPool(3, { stride: 1, padding: 1 })]), ...head()],
  ),
  deep(
    "uint8 residual network",
    [3, 8, 8],
    [
      normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
      ...convNorm(16, 3, 2),
      relu(),
      residual([...convNorm(16, 3), relu(), ...convNorm(16, 3)]),
      relu(),
      residual([...convNorm(24, 3, 2), relu(), ...convNorm(24, 3)], convNorm(24, 1, 2)),
      relu(),
      globalAveragePool(),
      dropout(0.1),
      dense(9),
    ],
    { bf16GradientError: 0.1 },
  ),
  deep("frozen conv2d and relu before the same", [3, 8, 8], [conv2d(6, 3), relu(), conv2d(8, 3), relu(), ...head()], {
    frozen: 2,
  }),
  deep("frozen dense", [1, 1, 12], [flatten(), dense(9), relu(), dense(8), relu(), dense(4)], { frozen: 2 }),
  deep(
    "frozen normalisation, pooling and dropout",
    [3, 8, 8],
    [...convNorm(16, 3), relu(), dropout(0.4), maxPool(2), ...convNorm(16, 3), relu(), ...head()],
    { frozen: 5, bf16GradientError: 0.1 },
  ),
  deep(
    "frozen residual block with stochastic depth",
    [8, 7, 7],
    [
      residual([...convNorm(8, 3), relu(), ...convNorm(8, 3)], [], { stochasticDepth: 0.5 }),
      relu(),
      residual([...convNorm(16, 3, 2), relu(), ...convNorm(16, 3)], convNorm(16, 1, 2)),
      relu(),
      globalAveragePool(),
      dense(5),
    ],
    { frozen: 1, batch: 6, options: { seed: 5 }, bf16GradientError: 3e-2 },
  ),
  deep(
    "frozen squeeze-and-excitation",
    [3, 8, 8],
    [...convNorm(32, 3), relu(), squeezeExcite(32, 8), conv2d(16, 1), globalAveragePool(), dense(5)],
    { frozen: 4 },
  ),
  deep("frozen normalisation of one value per channel", [5, 1, 1], [batchNorm(), ...head()], { frozen: 1, batch: 1 }),
  deep(
    "uint8 residual network, frozen but for a block",
    [3, 8, 8],
    [
      normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
      ...convNorm(16, 3, 2),
      relu(),
      residual([...convNorm(16, 3), relu(), ...convNorm(16, 3)], [], { stochasticDepth: 0.5 }),
      relu(),
      residual([...convNorm(24, 3, 2), relu(), ...convNorm(24, 3)], convNorm(24, 1, 2)),
      relu(),
      globalAveragePool(),
      dense(9),
    ],
    { frozen: 5, bf16GradientError: 0.1 },
  ),
  deep(
    "uint8 notebook, small, its convolutions frozen",
    [3, 20, 20],
    [
      normalize(),
      ...[4, 8, 12].flatMap((filters) => [conv2d(filters, 3), relu(), maxPool(2)]),
      flatten(),
      dense(16),
      relu(),
      dense(9),
    ],
    { frozen: 10 },
  ),
  deep(
    "uint8 notebook, small",
    [3, 20, 20],
    [
      normalize(),
      ...[4, 8, 12].flatMap((filters) => [conv2d(filters, 3), relu(), maxPool(2)]),
      flatten(),
      dense(16),
      relu(),
      dense(9),
    ],
  ),
];

export const conformanceCases: readonly ConformanceCase[] = [
  ...shallowCases,
  ...activationCases,
  ...harmonicCases,
  ...deepCases,
  ...structureCases,
  ...windowCases,
];

/** Parameters, a batch and its targets. */
export interface Example {
  readonly parameters: Map<string, Tensor<Float32Array>>;
  readonly input: InputBatch;
  readonly targets: Float32Array;
}

/** The nearest number that bfloat16 can hold (ties to even). */
export function roundToBf16(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer);
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0]!;
}

/**
 * Random values for a graph, no parameter at a special value such as a bias of 0.
 *
 * @param round applied to every float, so that both engines can start from what bf16 holds exactly
 */
export function exampleFor(
  graph: Graph,
  batch: number,
  targets: ConformanceCase["targets"],
  {
    seed = 1,
    round = (value: number) => value,
  }: { readonly seed?: number; readonly round?: (value: number) => number } = {},
): Example {
  const random = Random.of(seed);
  const fill = (length: number, draw: () => number) => Float32Array.from({ length }, () => round(draw()));
  const around = (centre: number, spread: number) => () => centre + spread * (2 * random.uniform() - 1);
  const parameters = new Map(
    graph.parameters.map(({ name, role, shape, fanIn }) => {
      const draw = {
        weight: () => random.normal() * Math.sqrt(2 / fanIn),
        bias: around(0, 0.5),
        scale: around(1, 0.5),
        shift: around(0, 0.5),
        runningMean: around(0, 0.5),
        power: around(3, 0.5),
        runningVariance: around(1, 0.5),
      }[role];
      return [name, { shape, data: fill(elements(shape), draw) }] as const;
    }),
  );
  const length = batch * elements(graph.inputShape);
  const input =
    graph.inputType === "uint8"
      ? Uint8Array.from({ length }, () => random.integer(256))
      : fill(length, () => random.normal());
  return { parameters, input, targets: targetsFor(graph.classes, batch, targets, random) };
}

function targetsFor(classes: number, batch: number, kind: ConformanceCase["targets"], random: Random): Float32Array {
  const targets = new Float32Array(batch * classes);
  if (kind === "soft") {
    for (let i = 0; i < targets.length; i++) targets[i] = random.normal();
    return softmax(targets, classes, targets);
  }
  for (let row = 0; row < batch; row++) {
    if (kind === "hard" || row % 2 === 0) targets[row * classes + random.integer(classes)] = 1;
  }
  return targets;
}

/** ||actual - expected|| / ||expected||, or over `atLeast` times the root of the length where that is larger. */
export function normError(actual: ArrayLike<number>, expected: ArrayLike<number>, atLeast = 0): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return ratio(Math.sqrt(difference), Math.max(Math.sqrt(size), atLeast * Math.sqrt(expected.length)));
}

/** The largest difference over the largest magnitude, or over `atLeast` where that is larger. */
function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>, atLeast = 0): number {
  let difference = 0;
  let largest = atLeast;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return ratio(difference, largest);
}

/** The greater of {@link normError} and {@link largestError}. */
export const relativeError = (actual: ArrayLike<number>, expected: ArrayLike<number>, atLeast = 0): number =>
  Math.max(normError(actual, expected, atLeast), largestError(actual, expected, atLeast));

/** 0 / 0 is no error; what is not a number is an infinite one. */
const ratio = (a: number, b: number): number => (a === 0 ? 0 : Number.isNaN(a) ? Number.POSITIVE_INFINITY : a / b);
