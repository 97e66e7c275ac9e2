/** Figures of logits, and the refusal of logits that are no numbers. */
import { expect, it } from "vitest";
import { TrainingError } from "../errors.ts";
import { judgeLogits, refuseNonFinite } from "./batched-logits.ts";

it("judges logits by their plain cross-entropy", () => {
  const { loss, accuracy } = judgeLogits(Float32Array.of(0, 0, 0, Math.log(3)), [0, 1], 2);
  expect(loss).toBeCloseTo((Math.log(2) + Math.log(4 / 3)) / 2, 6);
  expect(accuracy).toBe(1);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses logits of which one is %d", (logit) => {
  expect(() => refuseNonFinite(Float32Array.of(1, logit))).toThrow(TrainingError);
  expect(() => refuseNonFinite(Float32Array.of(1, 2))).not.toThrow();
});
