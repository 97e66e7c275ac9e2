/** Net benefit against a published table, and by what it must be at its ends. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { decisionCurve } from "./decision-curve.ts";

it("gives the published net benefit of treating all", () => {
  // A table of PMC6993280 (hepatocellular carcinoma, 30.0 % of the patients): threshold in %, net benefit of treating all.
  const published = [
    [3, 0.278],
    [5, 0.263],
    [8, 0.239],
    [10, 0.222],
    [20, 0.125],
    [30, 0],
    [40, -0.167],
    [50, -0.4],
    [60, -0.75],
    [70, -1.333],
    [80, -2.5],
    [90, -6],
    [96, -16.5],
  ] as const;
  const positive = Array.from({ length: 1000 }, (_, image) => image < 300);
  const curve = decisionCurve(
    { positive, scores: positive.map(() => 0.5) },
    published.map(([percent]) => percent / 100),
  );
  curve.forEach(({ all }, index) => {
    expect(Math.abs(all - published[index]![1])).toBeLessThan(0.00051);
  });
});

it("gives the published number of needless acts avoided", () => {
  // The same table at 20 %: net benefit 0.206 with the model, 0.125 of treating all, 32 avoided in 100 patients. 288 of the 300
  // true and 328 of the 700 others called positive give that net benefit.
  const positive = Array.from({ length: 1000 }, (_, image) => image < 300);
  const scores = positive.map((_, image) => (image < 288 || (image >= 300 && image < 628) ? 0.9 : 0.1));
  const [point] = decisionCurve({ positive, scores }, [0.2]);
  expect(point!.model).toBeCloseTo(0.206, 3);
  expect(Math.round(point!.avoided * 100)).toBe(32);
});

it("is the prevalence for a model that knows, nothing where none is called, and all where all are", () => {
  const anyTruth = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(anyTruth, (positive) => {
      const prevalence = positive.filter(Boolean).length / positive.length;
      for (const point of decisionCurve({ positive, scores: positive.map(Number) })) {
        expect(point.model).toBeCloseTo(prevalence, 12);
        expect(point.model).toBeGreaterThanOrEqual(point.all - 1e-12);
      }
      for (const point of decisionCurve({ positive, scores: positive.map(() => 0) })) expect(point.model).toBe(0);
      for (const point of decisionCurve({ positive, scores: positive.map(() => 1) })) {
        expect(point.model).toBeCloseTo(point.all, 12);
        expect(point.avoided).toBeCloseTo(0, 12);
      }
    }),
  );
});

it("refuses scores that are no probabilities and thresholds that nobody can hold", () => {
  expect(() => decisionCurve({ positive: [true, false], scores: [0.5, 3] })).toThrow(
    new EvaluationError("decision curve: image 1: expected a probability in [0, 1], got 3"),
  );
  expect(() => decisionCurve({ positive: [true], scores: [0.5] }, [0.1, 1])).toThrow(
    new EvaluationError("decision curve: expected thresholds in (0, 1), got 1"),
  );
});
