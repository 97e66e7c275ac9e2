/** Which max poolings run as kernels; what they compute is in the conformance suite and beside the kernels. */
import { describe, expect, test } from "vitest";
import { buildGraph } from "../../../../network/graph.ts";
import { conv2d, dense, flatten, type Layer, maxPool, relu } from "../../../../network/layer.ts";
import type { Precision } from "../../../engine.ts";
import { sgd } from "../../../optimizer.ts";
import { exampleFor, relativeError } from "../../../testing/conformance-cases.ts";
import { onednnEngines, onednnMissing } from "../../../testing/engines-under-test.ts";
import { sharedRuntime } from "../../library/runtime.ts";
import { onednnEngine } from "../../onednn-engine.ts";
import type { InspectableTrainingPlan } from "../../plan/training-plan.ts";

const kernels = onednnEngines.length === 0 ? undefined : sharedRuntime(undefined, undefined).mapKernels;
const missing = onednnMissing || (kernels ? "" : " (skipped: this processor or system runs no kernels)");

const graphOf = (...layers: Layer[]) =>
  buildGraph({
    name: "pooled",
    input: { channels: 3, height: 11, width: 14 },
    layers: [...layers, flatten(), dense(4)],
  });

/** The kernels that pool. */
function poolingKernels({ sections, instruction }: InspectableTrainingPlan): string[] {
  const all = Array.from({ length: sections.update.to }, (_, index) => instruction(index).implementation);
  return all.filter((implementation) => /^kernel: .*max pooling/.test(implementation));
}

function kernelsOf(precision: Precision, ...layers: Layer[]): string[] {
  const plan = onednnEngine().trainingPlan(graphOf(...layers), { batch: 2, precision, optimizer: sgd() });
  const found = poolingKernels(plan);
  plan.dispose();
  return found;
}

describe.skipIf(kernels === undefined)(`max pooling by kernels${missing}`, () => {
  test("serves whole registers of channels in bf16 and windows that do not overlap", () => {
    expect(kernelsOf("bf16", conv2d(16, 3), relu(), maxPool(2))).toEqual([
      "kernel: max pooling 2x2 of 16 channels, 14 columns, winners: positive",
      "kernel: gradient of max pooling 2x2 of 16 channels, 14 columns",
    ]);
    expect(kernelsOf("bf16", conv2d(48, 3), maxPool([2, 3]))).toEqual([
      "kernel: max pooling 2x3 of 48 channels, 14 columns, winners: all",
      "kernel: gradient of max pooling 2x3 of 48 channels, 14 columns",
    ]);
  });

  test("leaves the others to oneDNN", () => {
    expect(kernelsOf("f32", conv2d(16, 3), maxPool(2))).toEqual([]);
    expect(kernelsOf("bf16", conv2d(24, 3), maxPool(2))).toEqual([]);
    expect(kernelsOf("bf16", conv2d(16, 3), maxPool(3, { stride: 2 }))).toEqual([]);
    expect(kernelsOf("bf16", conv2d(16, 3), maxPool(2, { padding: 1 }))).toEqual([]);
  });

  test("computes the same in parts of the batch", () => {
    const graph = graphOf(conv2d(16, 3), relu(), maxPool(2));
    const { parameters, input, targets } = exampleFor(graph, 5, "hard");
    const imageBytes = 2 * 16 * 11 * 14;
    const gradients = [1, 3].map((parts) => {
      const cacheBytes = parts === 1 ? 5 * imageBytes : 2 * imageBytes;
      const plan = onednnEngine({ cacheBytes }).trainingPlan(graph, { batch: 5, precision: "bf16", optimizer: sgd() });
      plan.setParameters(parameters);
      plan.computeGradients(input, targets);
      const { data } = plan.gradients().get("0.weight")!;
      expect(poolingKernels(plan).length).toBe(2 * parts);
      plan.dispose();
      return data;
    });
    expect(relativeError(gradients[1]!, gradients[0]!)).toBeLessThan(1e-2);
  });
});
