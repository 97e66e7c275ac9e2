/** The gradient of a convolution's weights by our own kernel for AMX. */

import { cutWeightGradient } from "../../../x64/kernels/amx-weight-gradient/cut.ts";
import { canReadSource, scratchBytesOf } from "../../../x64/kernels/amx-weight-gradient/layout.ts";
import { weightGradientArguments } from "../../../x64/kernels/amx-weight-gradient/task.ts";
import { weightGradientKernel } from "../../../x64/kernels/amx-weight-gradient/weight-gradient-kernel.ts";
import { partialSumArguments, partialSumKernel } from "../../../x64/kernels/partial-sum.ts";
import { FLOATS_AT_ONCE } from "../../../x64/kernels/task-kernel.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { MemoryDescriptor } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import type { WeightGradient } from "../weight-gradient.ts";
import type { KernelLowering, WeightGradientSite } from "./sites.ts";

/** Height and width of a feature map's or of a filter's dimensions. */
const sizeOf = (dimensions: readonly number[]) => [dimensions[2]!, dimensions[3]!] as const;

/** Floats of a convolution's weights (filters, channels, height, width) in the order height, width, channels, filters. */
export function tapMajor({ descriptors }: Program, weights: readonly number[]): MemoryDescriptor {
  const [filters, channels, , width] = weights as readonly [number, number, number, number];
  return descriptors.memory(weights, "f32", [1, filters, width * channels * filters, channels * filters]);
}

const MULTIPLE_OF_CHANNELS = 16;
/** Channels of photographs, which the kernel picks from pixels one by one. */
const FEW_CHANNELS = 4;
/** Floats read in a task that adds: fewer are added sooner than another thread is woken. */
const FLOATS_PER_TASK = 2 ** 18;

/**
 * It takes channels-last maps of bfloat16, with channels by the tile of AMX or those of photographs. The gradient is laid out as
 * {@link tapMajor}.
 */
export const amxWeightGradient: KernelLowering<"weightGradient"> = {
  needs: "AMX",
  serves: ({ program, kind, source, weights, destination, stride, padding, dilation }) =>
    kind === "convolution" &&
    padding[0] === padding[2] &&
    padding[1] === padding[3] &&
    dilation.every((step) => step === 1) &&
    weights.length === 4 &&
    weights[0]! % MULTIPLE_OF_CHANNELS === 0 &&
    (weights[1]! % MULTIPLE_OF_CHANNELS === 0 || weights[1]! <= FEW_CHANNELS) &&
    canReadSource(weights[1]!, stride[1]) &&
    [source, destination].every((map) => map.type === "bf16" && program.isChannelsLast(map)),
  lower,
};

function lower({
  program,
  name,
  source,
  weights,
  destination,
  bias,
  stride,
  padding,
}: WeightGradientSite): WeightGradient {
  const { runtime } = program;
  const [outputs, inputs] = weights as readonly [number, number];
  const [input, output, kernel] = [sizeOf(source.dimensions), sizeOf(destination.dimensions), sizeOf(weights)];
  const channels = [inputs, outputs] as const;
  const [top, left] = padding;
  const sizes = { channels, input, output, kernel, stride, padding: [top, left], hasBias: bias !== undefined } as const;
  const { threads } = runtime.description;
  const { shape, parts, ranges } = cutWeightGradient(sizes, source.dimensions[0]!, threads);
  const weightCount = kernel[0] * kernel[1] * inputs * outputs;
  const partBytes = bytesPerElement.f32 * (weightCount + outputs);

  /** The first part writes into the gradients themselves. */
  const addOthers = (others: Value, diffWeights: Value, diffBias: Value | undefined) => {
    const gradients = diffBias === undefined ? [diffWeights] : [diffWeights, diffBias];
    const reads = [others, ...gradients];
    const sum = partialSumKernel(parts.length - 1, partBytes);
    const tasks = Math.ceil((weightCount * parts.length) / FLOATS_PER_TASK);
    const starts = Array.from(
      { length: tasks + 1 },
      (_, task) => Math.round((task * weightCount) / FLOATS_AT_ONCE / tasks) * FLOATS_AT_ONCE,
    );
    program.addKernel(`${name} gradient sum`, sum, { reads, writes: gradients }, (locate) => {
      const task = (gradient: Value, from: number, to: number, place: number) =>
        partialSumArguments({
          sum: locate(gradient, from * bytesPerElement.f32),
          others: locate(others, place * bytesPerElement.f32),
          floats: to - from,
        });
      const ofWeights = starts.slice(0, -1).map((from, index) => task(diffWeights, from, starts[index + 1]!, from));
      return diffBias === undefined ? ofWeights : [...ofWeights, task(diffBias, 0, outputs, weightCount)];
    });
  };

  return {
    layout: tapMajor(program, weights),
    append({ source: from, gradient, diffWeights, diffBias }) {
      if (diffWeights === undefined) return;
      const maps = [program.convert(name, from, source), program.convert(name, gradient, destination)] as const;
      const imageBytes = maps.map((map) => runtime.byteLength(map.descriptor) / map.descriptor.dimensions[0]!);
      const scratch = program.value(program.rowMajor([threads * scratchBytesOf(shape)], "u8"));
      const others =
        parts.length === 1 ? undefined : program.value(program.rowMajor([(parts.length - 1) * partBytes], "u8"));
      const writes = [scratch, diffWeights, diffBias, others].filter((value) => value !== undefined);
      const multiply = weightGradientKernel(shape);
      program.addKernel(`${name} backward weights`, multiply, { reads: maps, writes }, (locate) =>
        parts.flatMap(({ from: image, images }, part) =>
          Array.from({ length: ranges }, (_, range) => {
            const channel = range * shape.cut.outputChannels;
            const place = (value: Value | undefined, element: number) =>
              part === 0
                ? value && locate(value, channel * bytesPerElement.f32)
                : locate(others!, (part - 1) * partBytes + (element + channel) * bytesPerElement.f32);
            return weightGradientArguments({
              source: locate(maps[0], image * imageBytes[0]!),
              gradient: locate(maps[1], image * imageBytes[1]! + channel * bytesPerElement.bf16),
              images,
              weights: place(diffWeights, 0)!,
              bias: place(diffBias, weightCount),
              scratch: locate(scratch),
            });
          }),
        ),
      );
      if (others !== undefined) addOthers(others, diffWeights, diffBias);
    },
  };
}
