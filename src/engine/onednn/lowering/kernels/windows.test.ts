/** Kernels of our own refuse windows that they do not compute: with dilation, or padded on one side more than on the other. */
import { expect, test } from "vitest";
import type { HeightWidth, Sides } from "../../../../network/layer.ts";
import { amxConvolution } from "./amx-convolution/amx-convolution.ts";
import { amxWeightGradient } from "./amx-weight-gradient.ts";
import { maxPoolKernels } from "./max-pool.ts";
import type { KernelSites } from "./sites.ts";

const windows: readonly (readonly [string, Sides, HeightWidth, boolean])[] = [
  ["the same on all sides", [1, 1, 1, 1], [1, 1], true],
  ["more below and at the right", [0, 0, 2, 2], [1, 1], false],
  ["more at the left", [1, 2, 1, 0], [1, 1], false],
  ["the same, dilation 2x1", [1, 1, 1, 1], [2, 1], false],
];

test.each(windows)("a convolution with padding %s", (_, padding, dilation, served) => {
  const site = { kind: "convolution", mode: "training", type: "bf16", hasBias: false, relu: false, isOutput: false };
  const shapes = { input: [2, 32, 32, 32], weights: [32, 32, 3, 3], stride: [1, 1], padding, dilation };
  expect(amxConvolution.serves({ ...site, ...shapes } as unknown as KernelSites["convolution"]["site"])).toBe(served);
  const maps = { type: "bf16" };
  const program = { isChannelsLast: () => true };
  const gradient = { ...site, ...shapes, program, source: maps, destination: maps };
  expect(amxWeightGradient.serves(gradient as unknown as KernelSites["weightGradient"]["site"])).toBe(served);
});

test.each<readonly [string, Sides, boolean]>([
  ["none", [0, 0, 0, 0], true],
  ["below, as for a last window that reaches over the end", [0, 0, 1, 0], false],
  ["at the right", [0, 0, 0, 1], false],
])("a max pooling with padding %s", (_, padding, served) => {
  const site = {
    type: "bf16",
    program: { isChannelsLast: () => true },
    node: { operation: { kernel: [2, 2], stride: [2, 2], padding }, inputShapes: [[16, 8, 8]] },
    source: { descriptor: { type: "bf16" } },
  };
  expect(maxPoolKernels.serves(site as unknown as KernelSites["maxPool"]["site"])).toBe(served);
});
