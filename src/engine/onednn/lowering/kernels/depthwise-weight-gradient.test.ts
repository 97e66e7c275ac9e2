/** Gradients of depthwise weights and biases by the kernels against their definition, entry by entry. */
import { describe, expect, test } from "vitest";
import { Random } from "../../../../random.ts";
import {
  vectorKernels as kernels,
  vectorKernelsMissing as kernelsMissing,
} from "../../../testing/kernels-under-test.ts";
import { sharedRuntime } from "../../library/runtime.ts";
import { Program } from "../../program/program.ts";
import { floats, type Value } from "../../program/value.ts";
import { byKernel } from "./kernel-table.ts";

interface Layer {
  readonly batch: number;
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation?: readonly [number, number];
  readonly bias?: boolean;
}

type Dimensions = readonly [number, number, number, number];

/** Row-major maps of numbers that bfloat16 has, too. */
function randomMaps(program: Program, dimensions: Dimensions, seed: number) {
  const [, channels, height, width] = dimensions;
  const value = program.persistent(program.rowMajor(dimensions, "f32"));
  const numbers = floats(value);
  const random = Random.of(seed);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (random.integer(255) - 127) / 64;
  const at = (image: number, channel: number, row: number, column: number) =>
    numbers[((image * channels + channel) * height + row) * width + column]!;
  return { value, at };
}

function check(type: "f32" | "bf16", layer: Layer): void {
  const { batch, channels, size, kernel, stride, padding, dilation = [1, 1], bias = true } = layer;
  const outputSize = (axis: 0 | 1) =>
    Math.floor(
      (size[axis] + padding[axis] + padding[axis + 2]! - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis],
    ) + 1;
  const [height, width] = [outputSize(0), outputSize(1)];
  const program = new Program(sharedRuntime(undefined, undefined));
  const source = randomMaps(program, [batch, channels, ...size], 1);
  const gradient = randomMaps(program, [batch, channels, height, width], 2);
  const taps = kernel[0] * kernel[1];
  // What lies behind the last weight and the last bias stays.
  const ofFloats = (count: number): Value => {
    const value = program.persistent(program.rowMajor([count + 16], "f32"));
    floats(value).fill(-1);
    return value;
  };
  const [diffWeights, diffBias] = [ofFloats(taps * channels), ofFloats(channels)];
  const mapsOf = (dimensions: Dimensions) => program.channelBlocks(dimensions, type);
  const served = byKernel("weightGradient", {
    program,
    name: "0",
    kind: "convolution",
    source: mapsOf([batch, channels, ...size]),
    weights: [channels, 1, 1, ...kernel],
    destination: mapsOf([batch, channels, height, width]),
    bias: bias ? program.rowMajor([channels], "f32") : undefined,
    stride,
    padding,
    dilation,
    implementation: () => "x64:gemm:jit",
  })!;
  served.append({
    source: source.value,
    gradient: gradient.value,
    diffWeights,
    diffBias: bias ? diffBias : undefined,
  });
  const executable = program.compile();
  executable.run({ from: 0, to: program.mark });

  const [expected, magnitudes] = [new Float64Array(taps * channels), new Float64Array(taps * channels)];
  const expectedBias = new Float64Array(channels);
  for (let image = 0; image < batch; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const factor = gradient.at(image, channel, y, x);
          expectedBias[channel]! += factor;
          for (let tap = 0; tap < taps; tap++) {
            const row = y * stride[0] + Math.floor(tap / kernel[1]) * dilation[0] - padding[0];
            const column = x * stride[1] + (tap % kernel[1]) * dilation[1] - padding[1];
            if (row < 0 || row >= size[0] || column < 0 || column >= size[1]) continue;
            const product = factor * source.at(image, channel, row, column);
            expected[tap * channels + channel]! += product;
            magnitudes[tap * channels + channel]! += Math.abs(product);
          }
        }
      }
    }
  }
  const result = floats(diffWeights);
  const wrong = [...expected.keys()].filter(
    (index) => !(Math.abs(result[index]! - expected[index]!) <= 2 ** -18 * magnitudes[index]!),
  );
  expect(wrong).toEqual([]);
  const ofBias = floats(diffBias);
  if (bias) for (const [channel, sum] of expectedBias.entries()) expect(ofBias[channel]!).toBeCloseTo(sum, 2);
  const behind = new Array<number>(16).fill(-1);
  expect([...result.subarray(taps * channels)]).toEqual(behind);
  expect([...ofBias.subarray(bias ? channels : 0)].every((value) => value === -1)).toBe(true);
  program.dispose();
}

describe.skipIf(kernels === undefined)(`gradients of depthwise weights${kernelsMissing}`, () => {
  const sizes = [
    [1, 1],
    [5, 3],
    [7, 12],
    [13, 29],
    [19, 33],
  ] as const;
  const paddings = [
    [0, 0, 0, 0],
    [2, 2, 2, 2],
    [3, 3, 3, 3],
    [0, 1, 3, 2],
    [4, 0, 0, 5],
    [9, 8, 0, 1],
  ] as const;
  const layers = sizes.flatMap((size, i) =>
    paddings.flatMap((padding, j) =>
      ([5, 7, 4] as const).flatMap((side, l): Layer[] => {
        const kernel = l === 2 ? ([3, 9] as const) : ([side, side] as const);
        const fits = size.every((length, axis) => length + padding[axis]! + padding[axis + 2]! >= kernel[axis]!);
        const stride = ([[1, 1], [2, 2], [1, 3], [2, 1]] as const)[(i + j + l) % 4]!; // biome-ignore format: a table
        const batch = [1, 3, 9][(i + l) % 3]!;
        const channels = [16, 7, 40, 48][(i + j) % 4]!;
        return fits ? [{ batch, channels, size, kernel, stride, padding, bias: (j + l) % 2 === 0 }] : [];
      }),
    ),
  );
  const dilated: Layer = { batch: 2, channels: 20, size: [15, 14], kernel: [3, 5], stride: [1, 1], padding: [2, 2, 2, 2], dilation: [2, 3] }; // biome-ignore format: one case
  const all = [...layers, dilated].map((layer) => [JSON.stringify(layer), layer] as const);

  test.each(all)("%s in f32", (_, layer) => check("f32", layer));
  test.each(all)("%s in bf16", (_, layer) => check("bf16", layer));
});
