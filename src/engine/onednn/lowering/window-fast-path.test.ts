/** Dilation, padding of each side and the poolings train in oneDNN without its plain loops. */
import { expect, test } from "vitest";
import { buildGraph } from "../../../network/graph.ts";
import { averagePool, conv2d, dense, type Layer, maxPool } from "../../../network/layer.ts";
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
    ({ implementation, bytes }) => /^(ref|simple|gemm)/.test(implementation) && bytes >= 2 ** 16,
  );
  expect(slow.map(({ label, implementation }) => `${label}: ${implementation}`)).toEqual([]);
});
