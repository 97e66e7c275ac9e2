/** Dilation, padding of each side and the poolings train in oneDNN without its plain loops. */
import { expect, test } from "vitest";
import { buildGraph } from "../../../network/graph.ts";
import { averagePool, conv2d, dense, type Layer, maxPool, pair } from "../../../network/layer.ts";
import { blurPool, generalizedMeanPool, globalMaxPool } from "../../../network/pooling.ts";
import { adam } from "../../optimizer.ts";
import { onednnEngines } from "../../testing/engines-under-test.ts";
import { onednnEngine } from "../onednn-engine.ts";

const layers: readonly (readonly [string, Layer])[] = [
  ["dilation", conv2d(64, 3, { dilation: 2 })],
  ["sameUpper", conv2d(64, 3, { stride: 2, padding: "sameUpper" })],
  ["sameUpper of a depthwise convolution", conv2d(64, 5, { stride: 2, padding: "sameUpper", groups: 64 })],
  ["dilation of a depthwise convolution", conv2d(64, 3, { dilation: 2, groups: 64 })],
  ["sameUpper of a max pooling", maxPool(3, { stride: 2, padding: "sameUpper" })],
  ["ceil", maxPool(3, { stride: 2, ceil: true })],
  ["counted padding", averagePool(3, { stride: 2, padding: 1, countPadding: true })],
  ["counted padding with ceil", averagePool(3, { stride: 2, padding: 1, countPadding: true, ceil: true })],
  ["blurPool", blurPool()],
  ["globalMaxPool", globalMaxPool()],
  ["generalizedMeanPool", generalizedMeanPool()],
];
/** oneDNN computes the gradient of their input by matrix products, and has no other way. */
const isDilatedDepthwise = (layer: Layer): boolean =>
  layer.kind === "conv2d" && layer.groups > 1 && pair(layer.dilation ?? 1).some((step) => step > 1);

const instructionSet = onednnEngines[0]?.engine.description.instructionSet ?? "none";
const cases = onednnEngines.flatMap(({ precision }) =>
  layers.map(([name, layer]) => [name, precision, layer] as const),
);

test.skipIf(!/AVX-512|AMX/.test(instructionSet)).each(cases)("%s in %s", (name, precision, layer) => {
  const head = layer.kind === "globalMaxPool" || layer.kind === "generalizedMeanPool" ? [] : [globalMaxPool()];
  const input = { channels: 64, height: 28, width: 28 };
  const graph = buildGraph({ name, input, layers: [conv2d(64, 1), layer, ...head, dense(9)] });
  const plan = onednnEngine().trainingPlan(graph, { batch: 16, precision, optimizer: adam() });
  const instructions = Array.from({ length: plan.sections.update.to }, (_, index) => plan.instruction(index));
  plan.dispose();
  const slow = instructions.filter(
    ({ label, implementation, bytes }) =>
      /^(ref|simple)|(^|:)gemm/.test(implementation) &&
      bytes >= 2 ** 16 &&
      !(isDilatedDepthwise(layer) && label === "1 backward data"),
  );
  expect(slow.map(({ label, implementation }) => `${label}: ${implementation}`)).toEqual([]);
});
