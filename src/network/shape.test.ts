/** Shape rules, and the refusal of compositions that do not fit, word for word. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NetworkError } from "../errors.ts";
import { buildGraph } from "./graph.ts";
import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  flatten,
  gate,
  globalAveragePool,
  type Layer,
  maxPool,
  normalize,
  relu,
  residual,
  sigmoid,
  squeezeExcite,
} from "./layer.ts";
import { groupNorm, layerNorm, layerScale } from "./normalization.ts";
import { operationOf, type Unplaced } from "./resolve-windows.ts";
import { outputShape, type Shape } from "./shape.ts";

const shapeAfter = (layer: Unplaced, input: Shape): Shape => outputShape(operationOf(layer, input), [input]);

const input = { channels: 3, height: 8, width: 6 };

describe("a network that does not fit is refused", () => {
  test.each<readonly [string, readonly Layer[]]>([
    ["layers[0]: dense: expected a vector, got 3x8x6; put flatten() before it", [dense(2)]],
    ["layers[1]: conv2d: expected feature maps (channels x height x width), got 144", [flatten(), conv2d(4, 3)]],
    ["layers[1]: maxPool: expected feature maps (channels x height x width), got 144", [flatten(), maxPool(2)]],
    [
      "layers[1]: globalAveragePool: expected feature maps (channels x height x width), got 144",
      [flatten(), globalAveragePool()],
    ],
    ["layers[0]: conv2d: expected a positive whole number of filters, got 0", [conv2d(0, 3)]],
    ["layers[0]: conv2d: 2 groups do not divide 3 input channels and 4 filters", [conv2d(4, 3, { groups: 2 })]],
    ["layers[0]: conv2d: 3 groups do not divide 3 input channels and 4 filters", [conv2d(4, 3, { groups: 3 })]],
    ["layers[0]: conv2d: expected a positive whole kernel, got 0x0", [conv2d(4, 0)]],
    ["layers[0]: conv2d: expected a positive whole stride, got 1.5x1.5", [conv2d(4, 3, { stride: 1.5 })]],
    [
      "layers[0]: conv2d: expected a whole padding of at least 0, for each axis or each side, got -1x-1",
      [conv2d(4, 3, { padding: -1 })],
    ],
    [
      "layers[0]: conv2d: expected a whole padding of at least 0, for each axis or each side, got 0 0 -1 1",
      [conv2d(4, 3, { padding: [0, 0, -1, 1] })],
    ],
    [
      "layers[0]: maxPool: expected a whole padding of at least 0, for each axis or each side, got 0 1 1",
      [maxPool(3, { padding: [0, 1, 1] as never })],
    ],
    [
      "layers[0]: conv2d: expected a positive whole dilation, got 0x2",
      [conv2d(4, 3, { dilation: [0, 2], padding: 0 })],
    ],
    [
      "layers[0]: conv2d: a 3x3 kernel with dilation 4x2 and padding 0x0 does not fit 8x6; take larger images or a",
      [conv2d(4, 3, { dilation: [4, 2], padding: 0 })],
    ],
    [
      'layers[0]: conv2d: padding "same" needs odd kernels, as it is the same on both sides, and the kernel is 2x2; ' +
        'take an odd kernel, or "sameUpper", which pads one more below and at the right, or give the padding as a number, such as 0',
      [conv2d(4, 2)],
    ],
    ['layers[0]: conv2d: padding "same" needs odd kernels', [conv2d(3, [3, 4], { groups: 3, stride: 2 })]],
    [
      "layers[0]: conv2d: expected a whole padding of at least 0, for each axis or each side, got 1.5x1.5",
      [conv2d(4, 3, { padding: 1.5 })],
    ],
    [
      "layers[0]: conv2d: a 9x9 kernel with padding 0x0 does not fit 8x6; take larger images or a smaller kernel",
      [conv2d(4, 9, { padding: 0 })],
    ],
    ["layers[0]: maxPool: a 7x7 kernel with padding 0x0 does not fit 8x6", [maxPool(7)]],
    [
      "layers[0]: averagePool: padding 3x3 leaves windows without a value; take less than the 3x3 kernel on each side",
      [averagePool(3, { padding: 3 })],
    ],
    ["layers[0]: maxPool: padding 0 0 2 0 leaves windows without a value", [maxPool(2, { padding: [0, 0, 2, 0] })]],
    ["layers[1]: dense: expected a positive whole number of units, got -1", [flatten(), dense(-1)]],
    ["layers[0]: dropout: expected a rate in [0, 1), got 1", [dropout(1)]],
    ["layers[0]: stochasticDepth: expected a rate in [0, 1), got 1", [residual([], [], { stochasticDepth: 1 })]],
    ["layers[0]: normalize: expected 3 means and deviations, got 2 and 2", [normalize([0, 0])]],
    ["layers[0]: normalize: standard deviations must be above 0", [normalize([0, 0, 0], [1, 0, 1])]],
    [
      "layers[0]: normalize: means, standard deviations and their reciprocals must be finite in",
      [normalize([1e39, 0, 0], [1, 1, 1])],
    ],
    [
      "layers[0]: normalize: means, standard deviations and their reciprocals must be finite in",
      [normalize([0, 0, 0], [1e-40, 1, 1])],
    ],
    ["layers[1]: normalize: only the first layer of a network can normalize", [relu(), normalize()]],
    ["layers[0]: residual: the body gives 4x8x6, the shortcut 3x8x6; project the shortcut", [residual([conv2d(4, 3)])]],
    ["layers[0]: gate: expected one factor for each channel, place or value of 3x8x6, got 4", [squeezeExcite(4, 2)]],
    [
      "layers[0]: gate: expected one factor for each channel, place or value of 3x8x6, got 2x8x6",
      [gate([conv2d(2, 1)])],
    ],
    [
      "layers[0]: gate: expected one factor for each channel, place or value of 3x8x6, got 1x4x3",
      [gate([conv2d(1, 1), maxPool(2)])],
    ],
    [
      "layers[1]: gate: expected one factor for each channel, place or value of 144, got 1",
      [flatten(), gate([dense(1)])],
    ],
    ["layers[0]: groupNorm: 2 groups do not divide 3 channels", [groupNorm(2)]],
    ["layers[0]: groupNorm: 0 groups do not divide 3 channels", [groupNorm(0)]],
    ["layers[0]: groupNorm: expected an epsilon above 0, got 0", [groupNorm(3, { epsilon: 0 })]],
    ["layers[0]: layerNorm: expected an epsilon above 0, got -1", [layerNorm({ epsilon: -1 })]],
    ["layers[0]: layerScale: expected a finite initial factor, got NaN", [layerScale({ initial: Number.NaN })]],
    ["layers[0]: concatenate: expected at least one branch", [concatenate([])]],
    [
      "layers[0]: concatenate: the branches give 3x8x6, 4x4x3; all must give maps of one size, or vectors",
      [concatenate([[], [conv2d(4, 3, { stride: 2 })]])],
    ],
    [
      "layers[0]: concatenate: the branches give 3x8x6, 3; all must give maps of one size, or vectors",
      [concatenate([[], [globalAveragePool()]])],
    ],
    [
      "layers[0].branches[1][1]: dense: expected a vector, got 3x8x6; put flatten() before it",
      [concatenate([[], [relu(), dense(3)]])],
    ],
    ["layers[0].body[1]: dense: expected a vector, got 3x8x6; put flatten() before it", [residual([relu(), dense(3)])]],
  ])("%s", (message, layers) => {
    const build = () => buildGraph({ name: "wrong", input, layers: [...layers, flatten(), dense(2)] });
    expect(build).toThrow(NetworkError);
    expect(build).toThrow(`network "wrong": ${message}`);
  });

  test.each<readonly [string, readonly Layer[]]>([
    ["expected a last layer that gives one logit per class, got 3x8x6", [relu()]],
    ["expected a last layer that gives one logit per class, got 3x8x6", []],
  ])("%s", (message, layers) => {
    expect(() => buildGraph({ name: "wrong", input, layers })).toThrow(`network "wrong": ${message}`);
  });

  test("an input without pixels", () => {
    const network = { name: "wrong", input: { ...input, height: 0 }, layers: [flatten(), dense(2)] };
    expect(() => buildGraph(network)).toThrow('network "wrong": expected a positive input size, got 3x0x6');
  });
});

test.each<readonly [Unplaced, Shape, Shape]>([
  [conv2d(5, 3), [3, 8, 6], [5, 8, 6]],
  [conv2d(5, 3, { stride: 2 }), [3, 9, 6], [5, 5, 3]],
  [conv2d(5, [1, 3], { stride: [2, 1], padding: [0, 1] }), [3, 8, 6], [5, 4, 6]],
  [maxPool(2), [3, 9, 7], [3, 4, 3]],
  [maxPool(3, { stride: 2, padding: 1 }), [3, 9, 8], [3, 5, 4]],
  [averagePool([2, 3]), [3, 9, 7], [3, 4, 2]],
  [conv2d(5, 3, { dilation: 2 }), [3, 8, 6], [5, 8, 6]],
  [conv2d(5, 2, { dilation: 2 }), [3, 8, 6], [5, 8, 6]],
  [conv2d(5, 3, { dilation: [2, 1], padding: 0 }), [3, 8, 6], [5, 4, 4]],
  [conv2d(5, 3, { stride: 2, padding: [0, 0, 1, 1] }), [3, 8, 6], [5, 4, 3]],
  [conv2d(5, 4, { padding: "sameUpper" }), [3, 8, 6], [5, 8, 6]],
  [conv2d(5, 3, { stride: 2, padding: "sameUpper" }), [3, 8, 7], [5, 4, 4]],
  [conv2d(5, 1, { stride: 3, padding: "sameUpper" }), [3, 8, 7], [5, 3, 3]],
  [maxPool(2, { ceil: true }), [3, 9, 7], [3, 5, 4]],
  // Begins in the padding below: PyTorch leaves it out.
  [maxPool(2, { padding: 1, ceil: true }), [3, 9, 8], [3, 5, 5]],
  [maxPool(3, { stride: 2, ceil: true }), [3, 2, 6], [3, 1, 3]],
  [globalAveragePool(), [3, 9, 7], [3]],
  [flatten(), [3, 9, 7], [189]],
  [dense(4), [189], [4]],
  [batchNorm(), [3, 9, 7], [3, 9, 7]],
  [batchNorm(), [12], [12]],
  [layerNorm(), [3, 9, 7], [3, 9, 7]],
  [groupNorm(4), [12], [12]],
  [layerScale(), [12], [12]],
  [sigmoid(), [3, 9, 7], [3, 9, 7]],
])("%j of %j is %j", (layer, from, to) => {
  expect(shapeAfter(layer, from)).toEqual(to);
});

test('padding "same" keeps the size at stride 1, or is refused', () => {
  const length = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(length, length, length, length, (height, width, rows, columns) => {
      const shape = () => shapeAfter(conv2d(1, [rows, columns]), [1, height, width]);
      if (rows % 2 === 1 && columns % 2 === 1) expect(shape()).toEqual([1, height, width]);
      else expect(shape).toThrow(/padding "same" needs odd kernels/);
    }),
  );
});

test("a convolution's output is as long as the places where its kernel fits", () => {
  const whole = (min: number, max: number) => fc.integer({ min, max });
  fc.assert(
    fc.property(whole(1, 20), whole(1, 5), whole(1, 4), whole(0, 3), (extent, kernel, stride, padding) => {
      let places = 0;
      for (let start = -padding; start + kernel <= extent + padding; start += stride) places++;
      const shape = () => shapeAfter(conv2d(1, kernel, { stride, padding }), [1, extent, extent]);
      if (places === 0) expect(shape).toThrow(NetworkError);
      else expect(shape()).toEqual([1, places, places]);
    }),
  );
});
