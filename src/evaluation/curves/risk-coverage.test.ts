/** Abstention: risk-coverage curve, its area, and thresholds chosen for coverage or accuracy. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { thresholdForAccuracy, thresholdForCoverage } from "../decisions/abstention.ts";
import { separateGroups } from "../image-groups.ts";
import { rankByConfidence, riskCoverageArea, riskCoverageCurve, selectiveAccuracy } from "./risk-coverage.ts";

const answers = (pairs: readonly (readonly [confidence: number, correct: boolean])[]) => ({
  confidence: Float64Array.from(pairs, ([confidence]) => confidence),
  correct: pairs.map(([, correct]) => correct),
});

const alone = ({ correct }: ReturnType<typeof answers>) => separateGroups(correct.length);

const anyAnswers = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 10 }), fc.boolean()), { minLength: 1, maxLength: 40 })
  .map((pairs) => answers(pairs.map(([tenths, correct]) => [tenths / 10, correct])));

describe("risk and coverage", () => {
  it("follow the errors among the most confident answers", () => {
    const given = answers([
      [0.9, true],
      [0.8, false],
      [0.7, true],
      [0.6, false],
    ]);
    const ranking = rankByConfidence(given);
    expect(riskCoverageCurve(ranking).map(({ coverage, risk }) => [coverage, risk])).toEqual([
      [0.25, 0],
      [0.5, 0.5],
      [0.75, 1 / 3],
      [1, 0.5],
    ]);
    expect(riskCoverageArea(ranking)).toBeCloseTo((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4, 12);
  });

  it("end at all answers, and the area is the error rate where confidence says nothing", () => {
    fc.assert(
      fc.property(anyAnswers, (given) => {
        const errorRate = given.correct.filter((right) => !right).length / given.correct.length;
        const last = riskCoverageCurve(rankByConfidence(given)).at(-1)!;
        expect(last).toMatchObject({ coverage: 1, risk: errorRate });
        const silent = { ...given, confidence: given.confidence.map(() => 0.5) };
        expect(riskCoverageArea(rankByConfidence(silent))).toBeCloseTo(errorRate, 12);
        const knowing = { ...given, confidence: Float64Array.from(given.correct, Number) };
        expect(riskCoverageArea(rankByConfidence(knowing))).toBeLessThanOrEqual(errorRate + 1e-12);
      }),
    );
  });
});

describe("thresholds of abstention", () => {
  it("for a coverage: the highest that answers so many", () => {
    fc.assert(
      fc.property(anyAnswers, fc.constantFrom(0.5, 0.8, 1), (given, wanted) => {
        const threshold = thresholdForCoverage(rankByConfidence(given), wanted);
        expect(selectiveAccuracy(given, threshold, alone(given)).coverage.value!).toBeGreaterThanOrEqual(wanted - 1e-9);
        const higher = Math.min(...given.confidence.filter((value) => value > threshold));
        if (higher < 2)
          expect(selectiveAccuracy(given, higher, alone(given)).coverage.value!).toBeLessThan(wanted - 1e-9);
      }),
    );
  });

  it("for an accuracy: the lowest that answers so well, if any does", () => {
    fc.assert(
      fc.property(anyAnswers, fc.constantFrom(0.5, 0.8, 1), (given, wanted) => {
        const threshold = thresholdForAccuracy(rankByConfidence(given), wanted);
        for (const value of given.confidence) {
          const reached = selectiveAccuracy(given, value, alone(given)).accuracy.value! >= wanted - 1e-9;
          if (threshold === null) expect(reached).toBe(false);
          else if (value < threshold) expect(reached).toBe(false);
          else if (value === threshold) expect(reached).toBe(true);
        }
      }),
    );
  });

  it("are refused for what is no part", () => {
    const ranking = rankByConfidence(answers([[1, true]]));
    expect(() => thresholdForCoverage(ranking, 0)).toThrow(
      new EvaluationError("abstention: expected a coverage in (0, 1], got 0"),
    );
    expect(() => thresholdForAccuracy(ranking, 1.5)).toThrow(
      new EvaluationError("abstention: expected an accuracy in (0, 1], got 1.5"),
    );
  });
});
