/** Conformance cases of windows: dilation, padding that is not the same on all sides, and poolings whose last window reaches over the end. */
import {
  averagePool,
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  maxPool,
  relu,
  separableConv2d,
  sigmoid,
} from "../../network/layer.ts";
import { blurPool, generalizedMeanPool, globalMaxPool } from "../../network/pooling.ts";
import { type ConformanceCase, deep, head, single } from "./conformance-case.ts";

/** A depthwise convolution. */
const depthwise = (
  channels: number,
  [height, width]: readonly [number, number],
  kernel: Parameters<typeof conv2d>[1],
  options: Parameters<typeof conv2d>[2],
): ConformanceCase => {
  const name = `conv2d, ${channels} channels ${height}x${width}, depthwise ${kernel}, ${JSON.stringify(options)}`;
  return single(
    name,
    [channels, height, width],
    [conv2d(channels, kernel, { ...options, groups: channels }), ...head()],
  );
};

/** Those of the sections below, each of which a network has as its first layers. */
export const windowCases: readonly ConformanceCase[] = [
  single("conv2d, dilation 2", [3, 9, 8], [conv2d(8, 3, { dilation: 2 }), ...head()]),
  single("conv2d, 16 channels, dilation 2, relu", [16, 9, 8], [conv2d(32, 3, { dilation: 2 }), relu(), ...head()]),
  single(
    "conv2d, dilation 3x2 at stride 2",
    [4, 11, 9],
    [conv2d(6, [3, 2], { dilation: [3, 2], stride: 2, padding: [2, 1, 3, 0] }), ...head()],
  ),
  single("conv2d, depthwise, dilation 2", [16, 9, 9], [conv2d(16, 3, { groups: 16, dilation: 2 }), ...head()]),
  single("conv2d 1x1, dilation 2", [5, 4, 4], [conv2d(6, 1, { dilation: 2 }), ...head()]),
  single(
    "conv2d, padding 0 0 1 1 at stride 2",
    [3, 8, 8],
    [conv2d(8, 3, { stride: 2, padding: [0, 0, 1, 1] }), ...head()],
  ),
  single(
    "conv2d, 32 channels, padding 0 1 2 0",
    [32, 6, 7],
    [conv2d(32, 3, { padding: [0, 1, 2, 0], bias: false }), batchNorm(), relu(), ...head()],
  ),
  single(
    "conv2d, padding 0 2 1 0 at stride 1, 16 channels",
    [16, 8, 8],
    [conv2d(16, 3, { padding: [0, 2, 1, 0] }), ...head()],
  ),
  single("conv2d, sameUpper at stride 2", [3, 8, 9], [conv2d(8, 3, { stride: 2, padding: "sameUpper" }), ...head()]),
  single(
    "conv2d, sameUpper, depthwise at stride 2",
    [16, 8, 8],
    [conv2d(16, 5, { stride: 2, padding: "sameUpper", groups: 16 }), ...head()],
  ),
  ...[
    depthwise(16, [9, 7], 5, { padding: 2 }),
    depthwise(7, [11, 6], 5, { stride: 2, padding: [0, 1, 3, 2], bias: false }),
    depthwise(40, [7, 13], 7, { stride: 2, padding: "same" }),
    depthwise(20, [9, 24], 7, { padding: [3, 5, 1, 0] }),
    depthwise(32, [3, 4], 7, { padding: 3 }),
    depthwise(24, [12, 10], [3, 5], { dilation: [2, 1], padding: 1 }),
  ].flatMap((each) => [each, { ...each, name: `${each.name}, batch 1`, batch: 1 }]),
  single("conv2d, sameUpper, even kernel", [3, 6, 7], [conv2d(6, [2, 4], { padding: "sameUpper" }), ...head()]),
  single(
    "conv2d, sameUpper, stride larger than the kernel",
    [3, 8, 7],
    [conv2d(6, 2, { stride: 3, padding: "sameUpper" }), ...head()],
  ),
  single(
    "conv2d, sameUpper at stride 2 on a map of one column",
    [16, 8, 1],
    [
      conv2d(32, 3, { stride: 2, padding: "sameUpper" }),
      relu(),
      conv2d(16, 3, { stride: 2, padding: [0, 0, 1, 2] }),
      ...head(),
    ],
  ),
  deep(
    "conv2d, dilation 2 between normalisations, 32 channels",
    [32, 8, 8],
    [
      conv2d(32, 3, { dilation: 2, bias: false }),
      batchNorm(),
      relu(),
      conv2d(32, 3, { dilation: 2, padding: 1, bias: false }),
      batchNorm(),
      relu(),
      globalAveragePool(),
      dense(5),
    ],
  ),
  single("maxPool, sameUpper", [3, 8, 7], [maxPool(3, { stride: 2, padding: "sameUpper" }), ...head()]),
  single("maxPool, padding 0 0 1 1", [16, 8, 8], [maxPool(3, { stride: 2, padding: [0, 0, 1, 1] }), ...head()]),
  single("maxPool, padding 1 0 0 1 of windows of 2", [16, 6, 6], [maxPool(2, { padding: [1, 0, 0, 1] }), ...head()]),
  single("maxPool, ceil", [16, 7, 9], [maxPool(2, { ceil: true }), ...head()]),
  single("maxPool, ceil, with padding", [5, 8, 6], [maxPool(3, { stride: 2, padding: 1, ceil: true }), ...head()]),
  single("maxPool, ceil, map smaller than the window", [4, 2, 2], [maxPool(3, { stride: 2, ceil: true }), ...head()]),
  deep("maxPool after relu, ceil", [3, 7, 9], [conv2d(16, 3), relu(), maxPool(2, { ceil: true }), ...head()]),
  single("averagePool, sameUpper", [3, 8, 7], [averagePool(3, { stride: 2, padding: "sameUpper" }), ...head()]),
  single("averagePool, padding 2 0 1 1", [5, 8, 8], [averagePool(3, { padding: [2, 0, 1, 1] }), ...head()]),
  single("averagePool, ceil", [16, 7, 9], [averagePool(2, { ceil: true }), ...head()]),
  single(
    "averagePool, padding counted",
    [5, 8, 7],
    [averagePool(3, { stride: 2, padding: 1, countPadding: true }), ...head()],
  ),
  single(
    "averagePool, padding 0 1 2 1 counted",
    [16, 8, 7],
    [averagePool(3, { stride: 2, padding: [0, 1, 2, 1], countPadding: true }), ...head()],
  ),
  single(
    "averagePool, padding counted, ceil",
    [16, 8, 6],
    [averagePool(3, { stride: 2, padding: 1, countPadding: true, ceil: true }), ...head()],
  ),
  single(
    "averagePool, nothing padded and counted, ceil",
    [5, 7, 5],
    [averagePool([2, 3], { stride: 2, countPadding: true, ceil: true }), ...head()],
  ),
  single("globalMaxPool", [6, 5, 7], [globalMaxPool(), dense(4)]),
  single("globalMaxPool of 32 channels", [32, 4, 4], [globalMaxPool(), dense(4)]),
  single("globalMaxPool as logits", [4, 5, 5], [conv2d(6, 3), globalMaxPool()]),
  single("generalizedMeanPool", [6, 5, 7], [sigmoid(), generalizedMeanPool(), dense(4)]),
  single("generalizedMeanPool, values below epsilon", [16, 5, 4], [generalizedMeanPool({ epsilon: 0.1 }), dense(4)]),
  single(
    "generalizedMeanPool, p fixed",
    [5, 4, 4],
    [sigmoid(), generalizedMeanPool({ p: 2, learned: false }), dense(4)],
  ),
  single("generalizedMeanPool as logits", [4, 5, 5], [conv2d(16, 3), sigmoid(), generalizedMeanPool()]),
  single("blurPool", [3, 8, 8], [blurPool(), ...head()]),
  single(
    "blurPool of 4 at stride 2x1, 16 channels",
    [16, 7, 6],
    [conv2d(16, 3), blurPool(4, { stride: [2, 1] }), ...head()],
  ),
  single("blurPool of 5 at stride 3", [17, 8, 9], [blurPool(5, { stride: 3 }), ...head()]),
  single("separableConv2d", [5, 8, 8], [...separableConv2d(5, 8, 3, { stride: 2, padding: "sameUpper" }), ...head()]),
];
