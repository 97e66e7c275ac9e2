/** The whole evaluation: what it holds, what it says is missing, and that it survives JSON. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { temperedProbabilities } from "../calibration/temperature.ts";
import { thinCurve } from "../curves/thin-curve.ts";
import { anyCase, predictionsOf } from "../reference-numbers/evaluation-cases.ts";
import { type CompleteEvaluation, type CompleteEvaluationOptions, completeEvaluation } from "./complete-evaluation.ts";
import { evaluateClassification } from "./evaluation.ts";

const classes = ["melanoma", "nevus", "basal cell carcinoma", "dermatofibroma"];

/** Overconfident predictions, two photographs a lesion. */
function draw(images: number, seed: number) {
  const random = Random.of(seed);
  const truth = Array.from({ length: images }, (_, image) => Math.floor(image / 2) % classes.length);
  const logits = Float32Array.from(
    truth.flatMap((label) => classes.map((_, other) => 3 * (random.normal() + (label === other ? 1.2 : 0)))),
  );
  const groups = truth.map((_, image) => `${seed}:${Math.floor(image / 2)}`);
  return { truth, probabilities: temperedProbabilities(logits, classes.length, 1), groups };
}

const full = (change: Partial<CompleteEvaluationOptions> = {}): CompleteEvaluationOptions => ({
  protocol: "official",
  origin: "phantom",
  classes,
  ...draw(160, 1),
  validation: draw(120, 2),
  outOfFold: draw(200, 3),
  groupings: { sex: Array.from({ length: 160 }, (_, image) => (image % 4 < 2 ? "female" : "male")) },
  rivals: [{ name: "other", probabilities: draw(160, 4).probabilities }],
  replicates: 60,
  random: Random.of(5),
  ...change,
});

/** What JSON would lose: NaN, infinities and undefined, by their path. */
function lost(value: unknown, path = "evaluation"): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [path];
  if (value === undefined || typeof value === "function" || ArrayBuffer.isView(value)) return [path];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, part]) => lost(part, `${path}.${name}`));
}

describe("completeEvaluation", () => {
  const evaluation = completeEvaluation(full());

  it("holds the fields of an evaluation unchanged", () => {
    const { protocol, origin, truth, probabilities, groups } = full();
    const plain = evaluateClassification({ protocol, origin: origin!, classes, truth, probabilities, groups: groups! });
    expect(evaluation).toMatchObject(plain);
  });

  it("says how its intervals were made", () => {
    expect(evaluation.resampling).toMatchObject({ level: 0.95, replicates: 60, groups: 80 });
    expect(evaluation.intervalMethod).toBe("Wilson, on the effective number of images");
  });

  it("gives one figure one interval, wherever it stands", () => {
    const { figures } = evaluation;
    expect(figures.accuracy).toEqual({ value: evaluation.accuracy, interval: evaluation.accuracyInterval });
    expect(figures.weighted.recall).toEqual(figures.accuracy);
    expect(figures.macro.recall).toEqual(figures.balancedAccuracy);
    expect(figures.balancedAccuracy.interval).toEqual(evaluation.balancedAccuracyInterval);
    for (const [label, rates] of evaluation.rates.entries()) {
      expect(rates.class).toBe(classes[label]);
      expect(rates.sensitivity.value).toBe(evaluation.perClass[label]!.recall);
      expect(rates.sensitivity.interval).toEqual(figures.perClass[label]!.sensitivity.interval);
    }
  });

  it("calibrates on the validation images, and decides with the calibrated probabilities", () => {
    expect(evaluation.decisionsFrom).toBe("calibrated probabilities");
    expect(evaluation.calibrated!.fit.temperature).toBeGreaterThan(1.5);
    expect(evaluation.calibrated!.calibration.ece).toBeLessThan(evaluation.calibration.ece);
    expect(evaluation.calibrated!.figures.brier.value!).toBeLessThan(evaluation.figures.brier.value!);
    expect(evaluation.calibrated!.figures.brier.value).toBeCloseTo(evaluation.calibrated!.calibration.brier, 12);
    expect(evaluation.validation).toEqual({ images: 120, sharedGroups: 0 });
  });

  it("answers both questions at both sensitivities, chosen on the validation images", () => {
    expect(evaluation.questions.map(({ positive }) => positive)).toEqual([
      ["melanoma"],
      ["melanoma", "basal cell carcinoma"],
    ]);
    for (const { operatingPoints, positives, decisionCurve, auroc } of evaluation.questions) {
      expect(auroc.interval).not.toBeNull();
      expect(decisionCurve).toHaveLength(50);
      expect(decisionCurve[9]).toMatchObject({ threshold: 0.1, model: { value: expect.any(Number) } });
      expect(operatingPoints.map(({ target }) => target)).toEqual([0.9, 0.95]);
      for (const { target, validation, test } of operatingPoints) {
        expect(validation.sensitivity.value!).toBeGreaterThanOrEqual(target);
        expect(test.sensitivity.of).toBe(positives);
        expect(test.specificity.effective).toBeLessThanOrEqual(test.specificity.of);
      }
    }
  });

  it("chooses temperature and thresholds without looking at the test images", () => {
    const chosen = ({ calibrated, questions, abstention }: CompleteEvaluation) => ({
      temperature: calibrated!.fit.temperature,
      points: questions.flatMap(({ operatingPoints }) => operatingPoints.map(({ threshold }) => threshold)),
      abstention: abstention.thresholds.map(({ goal, target, validation }) => ({ goal, target, validation })),
    });
    expect(chosen(completeEvaluation(full(draw(160, 9))))).toEqual(chosen(evaluation));
    const { atCoverage, thresholds } = evaluation.abstention;
    expect(atCoverage.find(({ target }) => target === 0.8)!.threshold).not.toBe(
      thresholds.find(({ goal, target }) => goal === "coverage" && target === 0.8)!.test.threshold,
    );
  });

  it("holds abstention, subgroups, comparisons, errors and doubtful labels", () => {
    const { abstention, subgroups, comparisons, labelErrors } = evaluation;
    expect(abstention.atCoverage[0]).toMatchObject({ target: 1, accuracy: { count: evaluation.correct, of: 160 } });
    expect(abstention.area.interval).not.toBeNull();
    expect(abstention.thresholds.filter(({ goal }) => goal === "coverage")).toHaveLength(4);
    expect(subgroups[0]!.subgroups.map(({ name }) => name)).toEqual(["female", "male"]);
    expect(subgroups[0]!.subgroups[0]!.figures!.tests).toHaveLength(4);
    expect(comparisons[0]).toMatchObject({ rival: "other", first: { count: evaluation.correct } });
    expect(evaluation.confidentErrors).toHaveLength(24);
    expect(labelErrors!.images).toBe(200);
  });

  it("is the same again, and the same after JSON", () => {
    expect(completeEvaluation(full())).toEqual(evaluation);
    expect(lost(evaluation)).toEqual([]);
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  it("says what it could not state, and why", () => {
    const { protocol, truth, probabilities, random } = full();
    const names = ["a", "b", "c", "d"];
    const bare = completeEvaluation({ protocol, classes: names, truth, probabilities, random, replicates: 40 });
    expect(bare).toMatchObject({ calibrated: null, validation: null, questions: [], labelErrors: null, subgroups: [] });
    expect(bare.abstention.thresholds).toEqual([]);
    expect(bare.decisionsFrom).toBe("probabilities as given");
    expect(bare.resampling.groups).toBe(160);
    expect(bare.notStated).toMatchSnapshot();
  });

  it("tells of lesions that stand among validation and test images", () => {
    const { groups, ...validation } = draw(120, 2);
    const shared = groups.map((name, image) => (image < 3 ? "1:0" : name));
    const { sharedGroups } = completeEvaluation(full({ validation: { ...validation, groups: shared } })).validation!;
    expect(sharedGroups).toBe(1);
  });

  it("holds for any predictions, degenerate ones included", () => {
    fc.assert(
      fc.property(anyCase, anyCase, (example, other) => {
        const predictions = predictionsOf(example);
        const fits = other.classes.length === example.classes.length;
        const [first] = predictions.classes;
        const figures = completeEvaluation({
          protocol: "official",
          ...predictions,
          ...(fits ? { validation: predictionsOf(other), outOfFold: predictionsOf(other) } : {}),
          questions: predictions.classes.length > 1 ? [{ name: "first", positive: [first!] }] : [],
          groupings: { parity: example.truth.map((_, image) => (image % 2 === 0 ? "even" : null)) },
          smallestSubgroup: 1,
          replicates: 40,
          random: Random.of(1),
        });
        expect(lost(figures)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses bad input, wherever it is", () => {
    const refused = (change: Partial<CompleteEvaluationOptions>, message: string) =>
      expect(() => completeEvaluation(full(change))).toThrow(new EvaluationError(message));
    refused({ truth: [] }, "evaluation: expected at least one image, got none");
    refused({ groups: ["a"] }, "groups: expected one per image, got 1 for 160 images");
    refused(
      { validation: { truth: [0], probabilities: new Float32Array(4) } },
      "evaluation: image 0: expected probabilities that sum to 1, got a sum of 0",
    );
    refused({ validation: { ...draw(10, 1), groups: ["a"] } }, "groups: expected one per image, got 1 for 10 images");
    refused(
      { outOfFold: { truth: [0], probabilities: Float32Array.of(1) } },
      "evaluation: expected 1 images x 4 classes = 4 probabilities, got 1",
    );
    refused({ sensitivities: [90] }, "operating point: expected a sensitivity in (0, 1], got 90");
    refused(
      { questions: [{ name: "q", positive: ["mole"] }] },
      `question "q": no class is named "mole"; the classes are ${classes.join(", ")}`,
    );
    const { probabilities } = full();
    const rival = { name: "twin", probabilities };
    refused({ rivals: [rival, rival] }, "evaluation: expected rivals with different names");
  });
});

describe("thinCurve", () => {
  it("keeps both ends and at most so many points, spread along the curve", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 2, max: 400 }), (most, count) => {
        const points = Array.from({ length: count }, (_, index) => ({ x: index / count, y: (index / count) ** 2 }));
        const thin = thinCurve(points, ["x", "y"], most);
        expect(thin.length).toBeLessThanOrEqual(most);
        expect(thin.length).toBeGreaterThan(Math.min(most, count) / 2);
        expect(thin[0]).toBe(points[0]);
        expect(thin.at(-1)).toBe(points.at(-1));
        const longest = Math.max(...thin.slice(1).map((point, index) => point.x - thin[index]!.x));
        if (count > most) expect(longest).toBeLessThan(3 / (most - 1) + 2 / count);
      }),
    );
  });
});
