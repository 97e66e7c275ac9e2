/** FLOPs against counts by hand. */
import { expect, test } from "vitest";
import { networks } from "./architectures.ts";
import { forwardFlops } from "./flops.ts";
import { buildGraph } from "./graph.ts";
import { conv2d, dense, flatten, relu, residual } from "./layer.ts";
import { networkFlops } from "./testing/network-flops.ts";

test("the notebook's network takes 185 MFLOP an image", () => {
  const graph = buildGraph(networks.notebook({ classes: 9 }));
  // pixels x filters x (3 x 3 x channels), three times; then 64 x 22 x 22 features to 128 units, and those to 9 classes.
  const multiplications = 180 ** 2 * 16 * 27 + 90 ** 2 * 32 * 144 + 45 ** 2 * 64 * 288 + 64 * 22 ** 2 * 128 + 128 * 9;
  expect(networkFlops(graph)).toBe(2 * multiplications);
  expect(Math.round(networkFlops(graph) / 1e6)).toBe(185);
});

test("resnet18-w32 takes 1.11 GFLOP an image", () => {
  const stem = 64 ** 2 * 32 * 27;
  // Four stages of two blocks of two 3x3 convolutions; the first convolution of a later stage has half the channels in.
  const first = 64 ** 2 * 4 * 32 * 9 * 32;
  const later = [64, 128, 256].map((filters, stage) => {
    const pixels = (32 / 2 ** stage) ** 2;
    return pixels * filters * (9 * (filters / 2) + 3 * 9 * filters + filters / 2);
  });
  const multiplications = stem + first + later.reduce((sum, count) => sum + count) + 256 * 9;
  const graph = buildGraph(networks["resnet18-w32"]({ classes: 9 }));
  expect(networkFlops(graph)).toBe(2 * multiplications);
  expect((networkFlops(graph) / 1e9).toFixed(2)).toBe("1.11");
});

test("efficientnetv2-mini takes 332 MFLOP an image", () => {
  const fused = (pixels: number, channels: number, filters: number) => pixels * 4 * channels * (9 * channels + filters);
  const stem = 64 ** 2 * (32 * 27 + 16 * 9 * 32);
  const early = fused(32 ** 2, 16, 32) + fused(32 ** 2, 32, 32) + fused(16 ** 2, 32, 48) + fused(16 ** 2, 48, 48);
  // Widened at the size before, convolved channel by channel, gated through a quarter of the channels, projected.
  const late = [
    [16, 8, 48, 96, 4],
    [8, 8, 96, 96, 4],
    [8, 8, 96, 96, 4],
    [8, 8, 96, 112, 6],
    [8, 8, 112, 112, 6],
    [8, 4, 112, 192, 6],
    [4, 4, 192, 192, 6],
    [4, 4, 192, 192, 6],
  ].map(([before, after, channels, filters, expansion]) => {
    const wide = channels! * expansion!;
    return wide * (before! ** 2 * channels! + after! ** 2 * (9 + filters!) + 2 * (channels! / 4));
  });
  const multiplications = stem + early + late.reduce((sum, count) => sum + count) + 4 ** 2 * 192 * 640 + 640 * 9;
  const graph = buildGraph(networks["efficientnetv2-mini"]({ classes: 9 }));
  expect(networkFlops(graph)).toBe(2 * multiplications);
  expect(Math.round(networkFlops(graph) / 1e6)).toBe(332);
});

test("groups, strides, shortcuts and what is not counted", () => {
  const { nodes } = buildGraph({
    name: "small",
    input: { channels: 4, height: 6, width: 5 },
    layers: [
      conv2d(8, [3, 1], { stride: 2, groups: 2, padding: [1, 0] }),
      residual([conv2d(8, 1), relu()]),
      flatten(),
      dense(3),
    ],
  });
  // Outputs of 8 x 3 x 3, each over 2 channels of 3 x 1; then over 8 channels; then 72 features.
  expect(nodes.map(forwardFlops)).toEqual([2 * 72 * 6, 2 * 72 * 8, 0, 0, 0, 2 * 72 * 3]);
});
