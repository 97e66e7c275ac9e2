/** The gradient of a convolution's weights by our own kernel for AMX. */
import {
  gradientSumArguments,
  gradientSumKernel,
  scratchBytesOf,
  sumBytesOf,
  sumOffsetOf,
  weightGradientArguments,
  weightGradientKernel,
} from "../kernels/weight-gradient.ts";
import { cutWeightGradient } from "../kernels/weight-gradient-cut.ts";
import type { ConvolutionSizes } from "../kernels/weight-gradient-geometry.ts";
import { bytesPerElement } from "./constants.ts";
import type { MemoryDescriptor } from "./descriptors.ts";
import type { Program, Value } from "./program.ts";
import type { WeightGradient } from "./weight-gradient.ts";

/** Height and width of a feature map's or of a filter's dimensions. */
const sizeOf = (dimensions: readonly number[]) => [dimensions[2]!, dimensions[3]!] as const;

function channelsLast(program: Program, { dimensions }: MemoryDescriptor): MemoryDescriptor {
  const [, channels, height, width] = dimensions as readonly [number, number, number, number];
  return program.descriptors.memory(dimensions, "bf16", [height * width * channels, 1, width * channels, channels]);
}

/** What is computed; the maps as the forward pass has them. */
interface ConvolutionLayer extends Pick<ConvolutionSizes, "stride" | "padding"> {
  readonly source: MemoryDescriptor;
  readonly weights: readonly number[];
  readonly destination: MemoryDescriptor;
  readonly bias: MemoryDescriptor | undefined;
}

const MULTIPLE_OF_CHANNELS = 16;
/** Tasks that the partial sums of a block of output channels are added in. */
const SUM_TASKS = 4;

/**
 * Undefined where the kernel cannot compute the gradient: it takes channels-last maps of bfloat16, with channels by the tile, on AMX.
 * The gradient is laid out as (height, width, input channels, output channels).
 */
export function kernelWeightGradient(
  program: Program,
  name: string,
  { source, weights, destination, bias, stride, padding }: ConvolutionLayer,
): WeightGradient | undefined {
  const { runtime } = program;
  const isServed =
    runtime.kernels !== undefined &&
    runtime.description.instructionSet.startsWith("AMX") &&
    weights.length === 4 &&
    [weights[0]!, weights[1]!].every((channels) => channels % MULTIPLE_OF_CHANNELS === 0) &&
    [source, destination].every((map) => runtime.sameLayout(map, channelsLast(program, map)));
  if (!isServed) return undefined;

  const [outputs, inputs] = weights as readonly [number, number];
  const [input, output, kernel] = [sizeOf(source.dimensions), sizeOf(destination.dimensions), sizeOf(weights)];
  const channels = [inputs, outputs] as const;
  const sizes = { channels, input, output, kernel, stride, padding, hasBias: bias !== undefined };
  const { threads } = runtime.description;
  const { shape, parts, ranges } = cutWeightGradient(sizes, source.dimensions[0]!, threads);
  const taps = kernel[0] * kernel[1];
  const layout = program.descriptors.memory(weights, "f32", [
    1,
    outputs,
    kernel[1] * inputs * outputs,
    inputs * outputs,
  ]);

  const addSums = (sums: Value, diffWeights: Value, diffBias: Value | undefined) => {
    const rowTiles = (taps * inputs) / 16;
    for (const block of [32, 16] as const) {
      const first = block === 32 ? 0 : outputs - (outputs % 32);
      const blocks = block === 32 ? Math.floor(outputs / 32) : (outputs % 32) / 16;
      if (blocks === 0) continue;
      const sum = gradientSumKernel({
        channels: outputs,
        block,
        parts: parts.length,
        partBytes: sumBytesOf(shape),
      });
      const writes = diffBias === undefined ? [diffWeights] : [diffWeights, diffBias];
      program.addKernel(`${name} gradient sum`, sum, { reads: [sums], writes }, (locate) =>
        Array.from({ length: blocks }, (_, index) => first + index * block).flatMap((channel) => {
          const sumsAt = (tile: number) => locate(sums, sumOffsetOf(shape, channel) + tile * 64 * block);
          const count = Math.min(SUM_TASKS, rowTiles);
          const starts = Array.from({ length: count + 1 }, (_, task) => Math.round((task * rowTiles) / count));
          const ofWeights = starts.slice(0, -1).map((tile, task) =>
            gradientSumArguments({
              sums: sumsAt(tile),
              destination: locate(diffWeights, (tile * 16 * outputs + channel) * bytesPerElement.f32),
              tiles: starts[task + 1]! - tile,
              rows: 16,
            }),
          );
          if (diffBias === undefined) return ofWeights;
          const destination = locate(diffBias, channel * bytesPerElement.f32);
          return [...ofWeights, gradientSumArguments({ sums: sumsAt(rowTiles), destination, tiles: 1, rows: 1 })];
        }),
      );
    }
  };

  return {
    layout,
    append({ source: from, gradient, diffWeights, diffBias }) {
      if (diffWeights === undefined) return;
      const maps = [from, program.convert(name, gradient, channelsLast(program, destination))] as const;
      const imageBytes = maps.map((map) => runtime.byteLength(map.descriptor) / map.descriptor.dimensions[0]!);
      const scratch = program.value(program.rowMajor([threads * scratchBytesOf(shape)], "u8"));
      const sums = program.value(program.rowMajor([parts.length * sumBytesOf(shape)], "u8"));
      const multiply = weightGradientKernel(shape);
      program.addKernel(`${name} backward weights`, multiply, { reads: maps, writes: [scratch, sums] }, (locate) =>
        parts.flatMap(({ from: image, images }, part) =>
          Array.from({ length: ranges }, (_, range) => range * shape.cut.outputChannels).map((channel) =>
            weightGradientArguments({
              source: locate(maps[0], image * imageBytes[0]!),
              gradient: locate(maps[1], image * imageBytes[1]! + channel * bytesPerElement.bf16),
              images,
              sums: locate(sums, part * sumBytesOf(shape) + sumOffsetOf(shape, channel)),
              scratch: locate(scratch),
            }),
          ),
        ),
      );
      addSums(sums, diffWeights, diffBias);
    },
  };
}
