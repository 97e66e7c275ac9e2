/** Every engine against PyTorch's recorded numbers, layer by layer over a grid of options: results and all gradients. */
import { describe, expect, test } from "vitest";
import { summarise, type TensorSummary } from "./reference-numbers/records.ts";
import { relativeError } from "./testing/conformance-cases.ts";
import { layerRecords, layersOf, stepOf, toleranceOf } from "./testing/layer-records.ts";
import { engines } from "./testing/pytorch-tolerances.ts";

const { cases, salts } = layerRecords();

/** Of the norm, the sum and the entries; where all cancels, as in the gradient before a normalisation, of 1. */
function errorOf(values: ArrayLike<number>, recorded: TensorSummary, floor: number): number {
  const { norm, sum, samples } = summarise(values, 8);
  const size = Math.max(recorded.norm, floor);
  return Math.max(
    Math.abs(norm - recorded.norm) / size,
    Math.abs(sum - recorded.sum) / (size * Math.sqrt(values.length)),
    relativeError(samples, recorded.samples, size / Math.sqrt(values.length)),
  );
}

describe.each(engines)("$title against PyTorch's layers", ({ title, engine }) => {
  test.each(cases)("$name", (record) => {
    const tolerance = toleranceOf(title, record.name);
    const step = stepOf(engine, "f32", record, layersOf(record), salts[0]!);
    const { gradients, running } = record;
    expect(Math.abs(step.loss - record.loss) / record.loss, "loss").toBeLessThan(tolerance);
    expect(errorOf(step.logits, record.logits, 0), "logits").toBeLessThan(tolerance);
    expect([...step.gradients.keys()]).toEqual(Object.keys(gradients));
    expect([...step.running.keys()]).toEqual(Object.keys(running));
    // A gradient that cancels, as that of a bias before batch normalisation, is measured by the largest one.
    const floor = 1e-2 * Math.max(...Object.values(gradients).map(({ norm }) => norm), record.inputGradient.norm);
    for (const [path, values] of step.gradients) {
      expect(errorOf(values, gradients[path]!, floor), path).toBeLessThan(tolerance);
    }
    for (const [path, values] of step.running) {
      expect(errorOf(values, running[path]!, 0), path).toBeLessThan(tolerance);
    }
    expect(errorOf(step.inputGradient, record.inputGradient, floor), "input").toBeLessThan(tolerance);
  });
});
