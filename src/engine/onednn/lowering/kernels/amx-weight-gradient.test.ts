/** Gradients of weights by the kernel against their definition, entry by entry. */
import { describe, expect, test } from "vitest";
import { Random } from "../../../../random.ts";
import { kernels, kernelsMissing } from "../../../testing/kernels-under-test.ts";
import { alignedBytes } from "../../library/memory.ts";
import { sharedRuntime } from "../../library/runtime.ts";
import { Program } from "../../program/program.ts";
import { floats, type Value } from "../../program/value.ts";
import { byKernel } from "./kernel-table.ts";

interface Layer {
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
}

const outputSize = (size: number, { kernel, stride, padding }: Layer) =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** Channels-last maps of random bfloat16 numbers, and the same as floats. */
function randomMaps(program: Program, dimensions: readonly [number, number, number, number], seed: number) {
  const [batch, channels, height, width] = dimensions;
  const bytes = alignedBytes(2 * batch * channels * height * width);
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const random = Random.of(seed);
  // Both signs, and exponents of two within (1/8, 2).
  for (let i = 0; i < words.length; i++) {
    const bits = random.uint32();
    words[i] = ((bits & 1) << 15) | (0x3e00 + ((bits >>> 1) & 0x1ff));
  }
  const strides = [height * width * channels, 1, width * channels, channels];
  const value = program.persistent(program.descriptors.memory(dimensions, "bf16", strides), bytes);
  const numbers = new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
  return {
    value,
    at: (image: number, channel: number, row: number, column: number) =>
      numbers[((image * height + row) * width + column) * channels + channel]!,
  };
}

/** Runs the kernel and compares some entries, or all where they are few. */
function check(layer: Layer): void {
  const { batch, channels, filters, height, width, kernel, stride, padding } = layer;
  const [outputHeight, outputWidth] = [outputSize(height, layer), outputSize(width, layer)];
  const program = new Program(sharedRuntime(undefined, undefined));
  const source = randomMaps(program, [batch, channels, height, width], 1);
  const gradient = randomMaps(program, [batch, filters, outputHeight, outputWidth], 2);
  const ofFloats = (count: number): Value => {
    const value = program.persistent(program.rowMajor([count], "f32"));
    floats(value).fill(Number.NaN);
    return value;
  };
  const [diffWeights, diffBias] = [ofFloats(kernel * kernel * channels * filters), ofFloats(filters)];
  const weightGradient = byKernel("weightGradient", {
    program,
    name: "layer",
    kind: "convolution",
    source: source.value.descriptor,
    weights: [filters, channels, kernel, kernel],
    destination: gradient.value.descriptor,
    bias: layer.bias ? diffBias.descriptor : undefined,
    stride: [stride, stride],
    padding: [padding, padding, padding, padding],
    dilation: [1, 1],
    implementation: () => "gemm",
  })!;
  weightGradient.append({
    source: source.value,
    gradient: gradient.value,
    diffWeights,
    diffBias: layer.bias ? diffBias : undefined,
  });
  const executable = program.compile();
  executable.run({ from: 0, to: program.mark });
  program.dispose();

  const random = Random.of(3);
  for (let sample = 0; sample < 24; sample++) {
    const [row, column] = [random.integer(kernel), random.integer(kernel)];
    const [channel, filter] = [random.integer(channels), random.integer(filters)];
    let [sum, magnitude, biasSum] = [0, 0, 0];
    for (let image = 0; image < batch; image++) {
      for (let y = 0; y < outputHeight; y++) {
        for (let x = 0; x < outputWidth; x++) {
          const [sourceY, sourceX] = [y * stride + row - padding, x * stride + column - padding];
          const factor = gradient.at(image, filter, y, x);
          biasSum += factor;
          if (sourceY < 0 || sourceY >= height || sourceX < 0 || sourceX >= width) continue;
          const product = factor * source.at(image, channel, sourceY, sourceX);
          sum += product;
          magnitude += Math.abs(product);
        }
      }
    }
    const result = floats(diffWeights)[((row * kernel + column) * channels + channel) * filters + filter]!;
    expect(Math.abs(result - sum)).toBeLessThanOrEqual(2 ** -18 * magnitude);
    if (layer.bias) expect(floats(diffBias)[filter]!).toBeCloseTo(biasSum, 2);
  }
  expect(floats(diffWeights).every(Number.isFinite)).toBe(true);
}

describe.skipIf(kernels === undefined)(`weight gradients on AMX${kernelsMissing}`, () => {
  const channelCounts = [16, 32, 48, 112];
  const layers = [1, 5, 23, 45].flatMap((height, i) =>
    [1, 2].flatMap((stride, j) =>
      [1, 3, 5].flatMap((kernel, l) =>
        [0, 1, 2].map(
          (padding, m): Layer => ({
            height,
            width: [45, 23, 1, 5][(i + l) % 4]!,
            stride,
            kernel,
            padding,
            batch: [1, 3, 32][(i + j + l + m) % 3]!,
            channels: channelCounts[(i + 2 * j + m) % 4]!,
            filters: channelCounts[(j + l + 3 * m) % 4]!,
            bias: (i + j + l + m) % 2 === 0,
          }),
        ),
      ),
    ),
  );
  const possible = layers.filter((layer) => [layer.height, layer.width].every((size) => outputSize(size, layer) > 0));

  test.each(possible)(
    "$channels x $height x $width to $filters, $kernel / $stride, padding $padding, batch $batch",
    check,
  );

  test.each([
    { channels: 3, height: 180, width: 180, filters: 16, kernel: 3, stride: 1, padding: 1, batch: 2, bias: true },
    { channels: 3, height: 65, width: 64, filters: 32, kernel: 3, stride: 2, padding: 1, batch: 9, bias: false },
    { channels: 3, height: 37, width: 70, filters: 48, kernel: 7, stride: 2, padding: 3, batch: 3, bias: true },
    { channels: 1, height: 33, width: 5, filters: 16, kernel: 5, stride: 1, padding: 2, batch: 3, bias: false },
    { channels: 32, height: 90, width: 130, filters: 64, kernel: 3, stride: 1, padding: 1, batch: 3, bias: true },
    { channels: 256, height: 8, width: 8, filters: 256, kernel: 3, stride: 1, padding: 1, batch: 12, bias: true },
  ] satisfies Layer[])("$channels x $height x $width to $filters, $kernel / $stride, batch $batch", check);
});
