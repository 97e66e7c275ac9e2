/** Receptive fields against an independent witness: the pixels whose gradient is not zero. */
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../engine/reference/reference-engine.ts";
import { Random } from "../random.ts";
import { elements } from "../tensor.ts";
import { buildGraph } from "./graph.ts";
import {
  averagePool,
  concatenate,
  conv2d,
  dense,
  flatten,
  gate,
  globalAveragePool,
  type HeightWidth,
  type Layer,
  maxPool,
  relu,
  residual,
  squeezeExcite,
} from "./layer.ts";
import { groupNorm, layerNorm, layerScale } from "./normalization.ts";
import { initialParameters } from "./parameters.ts";
import { receptiveFields } from "./receptive-field.ts";

/** So many random images, as one maximum and one rectifier show but a part of what can be seen. */
const IMAGES = 24;
const CHANNELS = 2;

/** The height and width of the smallest rectangle of pixels with a gradient, for the value in the middle of what the layers give. */
function witnessed(layers: readonly Layer[], height: number, width: number, random: Random): HeightWidth {
  const input = { channels: CHANNELS, height, width };
  const graph = buildGraph({ name: "witness", input, layers: [...layers, flatten()] });
  const shape = graph.nodes.at(-2)!.shape;
  const [channels = 1, rows = 1, columns = 1] = shape;
  const plan = referenceEngine().inferencePlan(graph, { batch: IMAGES, inputGradient: true });
  plan.setParameters(initialParameters(graph.parameters, random));
  plan.infer(Float32Array.from({ length: IMAGES * CHANNELS * height * width }, () => random.normal()));
  const size = elements(shape);
  const middle = (rows >> 1) * columns + (columns >> 1);
  const weights = new Float32Array(IMAGES * size);
  for (let image = 0; image < IMAGES; image++) {
    for (let channel = 0; channel < channels; channel++) {
      weights[image * size + channel * rows * columns + middle] = 0.5 + random.uniform();
    }
  }
  const gradient = plan.inputGradient(weights);
  const seen = [...gradient.keys()].filter((i) => gradient[i] !== 0);
  const extent = (place: (i: number) => number) => {
    const places = seen.map(place);
    return Math.max(...places) - Math.min(...places) + 1;
  };
  return [extent((i) => Math.floor(i / width) % height), extent((i) => i % width)];
}

/** The last layer's, before what makes logits of it. */
function computed(layers: readonly Layer[], height: number, width: number) {
  const input = { channels: CHANNELS, height, width };
  return receptiveFields(buildGraph({ name: "mine", input, layers: [...layers, flatten()] })).at(-2)!;
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)]!;

/** A piece of a random network on maps of 4 channels. */
const pieces: readonly ((random: Random) => readonly Layer[])[] = [
  (random) => [conv2d(4, pick(random, [1, 3, 5, [1, 3], [3, 1]] as const)), relu()],
  (random) => [conv2d(4, 3, { stride: pick(random, [2, [1, 2], [2, 1]] as const), groups: pick(random, [1, 2, 4]) })],
  () => [maxPool(2)],
  (random) => [averagePool(3, { stride: pick(random, [1, 2]), padding: pick(random, [0, 1]) })],
  () => [residual([conv2d(4, 3), relu(), conv2d(4, 3)])],
  () => [residual([conv2d(4, 3, { stride: 2 }), conv2d(4, [3, 1])], [conv2d(4, 1, { stride: 2 })]), relu()],
  () => [residual([conv2d(4, 1)], [conv2d(4, [1, 5])])],
  () => [concatenate([[conv2d(2, 3)], [], [conv2d(1, 1), maxPool(3, { stride: 1, padding: 1 })]]), conv2d(4, 1)],
];

describe("a receptive field", () => {
  it.each(Array.from({ length: 24 }, (_, seed) => seed))("is where gradients are, in random network %i", (seed) => {
    const random = Random.of(seed);
    const [height, width] = [14 + random.integer(8), 14 + random.integer(8)];
    const drawn = Array.from({ length: 2 + random.integer(3) }, () => pick(random, pieces)(random)).flat();
    const layers = [conv2d(4, 1), ...drawn];
    expect(computed(layers, height, width).size).toEqual(witnessed(layers, height, width, random));
  });

  it.each<readonly [string, readonly Layer[], HeightWidth, HeightWidth | null]>([
    ["one pixel", [conv2d(4, 1)], [1, 1], [1, 1]],
    ["a kernel", [conv2d(4, [3, 5])], [3, 5], [1, 1]],
    ["kernels after strides", [conv2d(4, 3, { stride: 2 }), conv2d(4, 3, { stride: [2, 1] })], [7, 7], [4, 2]],
    ["the larger branch", [residual([conv2d(2, 3), conv2d(2, 3)], [conv2d(2, [1, 9])])], [5, 9], [1, 1]],
    ["the largest branch", [concatenate([[], [conv2d(2, 3)], [conv2d(2, [1, 7])]])], [3, 7], [1, 1]],
    ["all, by the statistics of a group", [conv2d(4, 3), groupNorm(2), layerNorm(), layerScale()], [16, 20], [1, 1]],
    ["a kernel, by a gate of places", [conv2d(4, 3), gate([conv2d(1, [3, 5])])], [5, 7], [1, 1]],
    ["all, by a gate", [conv2d(4, 3), squeezeExcite(4, 2)], [16, 20], [1, 1]],
    ["all, by global pooling", [globalAveragePool()], [16, 20], null],
    ["all, by a dense layer", [conv2d(4, 3), flatten(), dense(3)], [16, 20], null],
    ["what pooling leaves of a map", [maxPool(3), globalAveragePool()], [15, 18], null],
  ])("is %s", (_, layers, size, jump) => {
    const field = computed(layers, 16, 20);
    expect(field).toEqual({ size, jump, share: (size[0] * size[1]) / (16 * 20) });
    expect(witnessed(layers, 16, 20, Random.of(7))).toEqual(size);
  });

  it("ends at the image, also where layers would reach further", () => {
    const layers = Array.from({ length: 12 }, () => conv2d(2, 3));
    expect(computed(layers, 16, 20).size).toEqual([16, 20]);
    expect(computed(layers, 64, 48).size).toEqual([25, 25]);
  });

  it("has the larger jump where branches differ", () => {
    const layers = [residual([maxPool(2)], [conv2d(2, 5, { padding: 0 })])];
    expect(computed(layers, 8, 8)).toMatchObject({ jump: [2, 2], size: witnessed(layers, 8, 8, Random.of(3)) });
  });
});
