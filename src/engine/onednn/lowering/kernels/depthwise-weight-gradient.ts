/** The gradient of a depthwise convolution's weights by our own kernel: oneDNN has none for windows wider than 3, and writes the windows out. */
import {
  canTakeColumns,
  depthwiseArguments,
  depthwiseBiasGradientKernel,
  depthwisePartsKernel,
  depthwiseWeightGradientKernel,
  pixelBytes,
} from "../../../x64/kernels/depthwise-weight-gradient.ts";
import { FLOATS_AT_ONCE } from "../../../x64/kernels/task-kernel.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Value } from "../../program/value.ts";
import type { WeightGradient } from "../weight-gradient.ts";
import type { KernelLowering, WeightGradientSite } from "./sites.ts";

/** Both maps of a task shall stay in a core's cache, as tasks for the other rows of the window read them again. */
const CACHED_BYTES = 2 ** 18;
/** Enough for every thread to have some. */
const FEWEST_TASKS = 64;
const BLOCK_BYTES = bytesPerElement.f32 * FLOATS_AT_ONCE;

/** It takes what oneDNN computes by matrix products. The gradient is laid out as (rows, columns, channels). */
export const depthwiseWeightGradient: KernelLowering<"weightGradient"> = {
  needs: "AVX-512",
  serves: ({ kind, weights, dilation, source, destination, implementation }) =>
    kind === "convolution" &&
    weights.length === 5 &&
    weights[1] === 1 &&
    weights[2] === 1 &&
    canTakeColumns(weights[4]!, dilation[1]) &&
    source.type === destination.type &&
    (source.type === "f32" || source.type === "bf16") &&
    /gemm|ref/.test(implementation()),
  lower,
};

/** Rows of gradients that a row of the window meets within the map: from the first to before the last. */
function rowsMet(row: number, { source, destination, stride, padding, dilation }: WeightGradientSite) {
  const offset = row * dilation[0] - padding[0];
  const from = Math.max(0, Math.ceil(-offset / stride[0]));
  const to = Math.min(destination.dimensions[2]!, Math.floor((source.dimensions[2]! - 1 - offset) / stride[0]) + 1);
  return from < to
    ? { from, rows: to - from, sourceRow: from * stride[0] + offset }
    : { from: 0, rows: 0, sourceRow: 0 };
}

function lower(site: WeightGradientSite): WeightGradient {
  const { program, name, source, weights, destination, stride, padding, dilation } = site;
  const { descriptors } = program;
  const type = source.type as "f32" | "bf16";
  const [channels, , , windowRows, columns] = weights as readonly [number, number, number, number, number];
  const [batch, , ...input] = source.dimensions as readonly [number, number, number, number];
  const [, , ...output] = destination.dimensions as readonly [number, number, number, number];
  const blocks = Math.ceil(channels / FLOATS_AT_ONCE);
  const pixel = pixelBytes(type);
  const mapBytes = [pixel * input[0] * input[1], pixel * output[0] * output[1]] as const;

  // The data alone decide the parts, so that the sums do not depend on the threads.
  const parts = Math.min(
    batch,
    Math.max(
      Math.ceil((batch * (mapBytes[0] + mapBytes[1])) / CACHED_BYTES),
      Math.ceil(FEWEST_TASKS / (blocks * windowRows)),
    ),
  );
  const ranges = Array.from({ length: parts }, (_, part) => {
    const [from, to] = [part, part + 1].map((each) => Math.floor((each * batch) / parts)) as [number, number];
    return { from, images: to - from };
  });
  const weightCount = windowRows * columns;
  const masks = Array.from({ length: blocks }, (_, block) => {
    const left = Math.min(FLOATS_AT_ONCE, channels - block * FLOATS_AT_ONCE);
    return 2 ** left - 1;
  });

  /** Adds up parts that lie as (parts, blocks, weights, 16). */
  const addParts = (sums: Value, gradient: Value, count: number) => {
    const shape = { parts, partBytes: BLOCK_BYTES * count * blocks, weights: count, channels };
    program.addKernel(
      `${name} gradient sum`,
      depthwisePartsKernel(shape),
      { reads: [sums], writes: [gradient] },
      (locate) =>
        masks.map((mask, block) => [
          locate(sums, BLOCK_BYTES * count * block),
          locate(gradient, BLOCK_BYTES * block),
          mask,
        ]),
    );
  };

  return {
    layout: descriptors.memory(weights, "f32", [1, 1, 1, columns * channels, channels]),
    append({ source: from, gradient, diffWeights, diffBias }) {
      if (diffWeights === undefined) return;
      const inBlocks = (value: Value) =>
        program.convert(name, value, program.channelBlocks(value.descriptor.dimensions, type));
      const maps = [inBlocks(from), inBlocks(gradient)] as const;
      const sumsOf = (count: number) => program.value(program.rowMajor([parts, blocks, count, FLOATS_AT_ONCE], "f32"));
      const sums = sumsOf(weightCount);
      /** One per part and block. */
      const places = ranges.flatMap(({ from: image, images }, part) =>
        masks.map((_, block) => ({ images, index: part * blocks + block, map: image * blocks + block })),
      );
      program.addKernel(
        `${name} backward weights`,
        depthwiseWeightGradientKernel({
          type,
          blocks,
          input,
          output,
          columns,
          stride,
          dilation: dilation[1],
          left: padding[1],
        }),
        { reads: maps, writes: [sums] },
        (locate) =>
          places.flatMap(({ images, index, map }) =>
            Array.from({ length: windowRows }, (_, row) => {
              const met = rowsMet(row, site);
              return depthwiseArguments({
                source: locate(maps[0], mapBytes[0] * map + pixel * input[1] * met.sourceRow),
                gradient: locate(maps[1], mapBytes[1] * map + pixel * output[1] * met.from),
                rows: met.rows,
                images,
                sums: locate(sums, BLOCK_BYTES * columns * (windowRows * index + row)),
              });
            }),
          ),
      );
      addParts(sums, diffWeights, weightCount);
      if (diffBias === undefined) return;
      const biasSums = sumsOf(1);
      program.addKernel(
        `${name} backward bias`,
        depthwiseBiasGradientKernel({ type, blocks, pixels: output[0] * output[1] }),
        { reads: [maps[1]], writes: [biasSums] },
        (locate) =>
          places.map(({ images, index, map }) => [
            images,
            locate(maps[1], mapBytes[1] * map),
            locate(biasSums, BLOCK_BYTES * index),
          ]),
      );
      addParts(biasSums, diffBias, 1);
    },
  };
}
