/** Questions with two answers, thresholds chosen for a sensitivity, and what is said of them. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isic9Classes } from "../../dataset/testing/isic9-classes.ts";
import { EvaluationError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { separateGroups } from "../image-groups.ts";
import { wilsonInterval } from "../intervals/wilson-interval.ts";
import { diagnosticRates } from "../scores/diagnostic-rates.ts";
import { answersTo, lesionQuestions } from "./lesion-questions.ts";
import { countsAtThreshold, ratesAtThreshold, thresholdForSensitivity } from "./operating-point.ts";

describe("lesionQuestions", () => {
  it("asks for melanoma and for malignancy, with actinic keratosis among the benign", () => {
    expect(lesionQuestions(isic9Classes)).toEqual([
      { name: "melanoma against the rest", positive: ["melanoma"] },
      {
        name: "malignant against benign",
        positive: ["basal cell carcinoma", "melanoma", "squamous cell carcinoma"],
      },
    ]);
  });

  it("knows names in other spellings, and asks nothing of classes that it does not know", () => {
    expect(
      lesionQuestions(["MEL", "NV", "BCC", "SCC", "Squamous_Cell-Carcinoma"]).map(({ positive }) => positive),
    ).toEqual([["MEL"], ["MEL", "BCC", "SCC", "Squamous_Cell-Carcinoma"]]);
    expect(lesionQuestions(["benign", "Malignant", "melanoma"])).toEqual([
      { name: "melanoma against the rest", positive: ["melanoma"] },
      { name: "malignant against benign", positive: ["Malignant", "melanoma"] },
    ]);
    expect(lesionQuestions(["cat", "dog"])).toEqual([]);
    expect(lesionQuestions(["melanoma"])).toEqual([]);
  });
});

describe("answersTo", () => {
  const predictions = {
    classes: ["a", "b", "c"],
    truth: [0, 2],
    probabilities: Float32Array.of(0.5, 0.25, 0.25, 0, 0.5, 0.5),
  };

  it("sums the probabilities of the classes looked for", () => {
    const { positive, scores } = answersTo({ name: "q", positive: ["c", "a"] }, predictions);
    expect(positive).toEqual([true, true]);
    expect([...scores]).toEqual([0.75, 0.5]);
  });

  it("refuses classes that do not exist, none and all", () => {
    const ask = (positive: string[]) => () => answersTo({ name: "q", positive }, predictions);
    expect(ask(["d"])).toThrow(new EvaluationError('question "q": no class is named "d"; the classes are a, b, c'));
    expect(ask([])).toThrow(new EvaluationError('question "q": expected some of the classes to look for, got none'));
    expect(ask(["a", "b", "c"])).toThrow(
      new EvaluationError('question "q": expected some of the classes to look for, got all'),
    );
  });
});

describe("thresholdForSensitivity", () => {
  const anyImages = fc
    .array(fc.record({ positive: fc.boolean(), score: fc.nat({ max: 12 }) }), { minLength: 1, maxLength: 50 })
    .filter((images) => images.some(({ positive }) => positive))
    .map((images) => ({ positive: images.map(({ positive }) => positive), scores: images.map(({ score }) => score) }));

  it("is the highest score that reaches the sensitivity", () => {
    fc.assert(
      fc.property(anyImages, fc.constantFrom(0.5, 0.9, 0.95, 1), (images, wanted) => {
        const threshold = thresholdForSensitivity(images, wanted)!;
        expect(
          ratesAtThreshold(images, threshold, separateGroups(images.scores.length)).sensitivity.value!,
        ).toBeGreaterThanOrEqual(wanted - 1e-9);
        for (const higher of images.scores.filter((score) => score > threshold)) {
          expect(
            ratesAtThreshold(images, higher, separateGroups(images.scores.length)).sensitivity.value!,
          ).toBeLessThan(wanted - 1e-9);
        }
      }),
    );
  });

  it("asks for whole images, whatever floating point makes of the product", () => {
    const threshold = (images: number, wanted: number) => {
      const scores = Array.from({ length: images }, (_, image) => image);
      return thresholdForSensitivity({ positive: scores.map(() => true), scores }, wanted);
    };
    expect(threshold(20, 0.95)).toBe(1);
    expect(threshold(10, 0.95)).toBe(0);
    expect(threshold(25, 0.28)).toBe(18);
  });

  it("is null without a positive image, and refuses what is no sensitivity", () => {
    expect(thresholdForSensitivity({ positive: [false], scores: [1] }, 0.9)).toBeNull();
    for (const wanted of [0, 1.1, Number.NaN]) {
      expect(() => thresholdForSensitivity({ positive: [true], scores: [1] }, wanted)).toThrow(
        new EvaluationError(`operating point: expected a sensitivity in (0, 1], got ${wanted}`),
      );
    }
  });

  it("keeps, on new images, the sensitivity that it was chosen for on many", () => {
    const random = Random.of(1);
    const draw = () => {
      const positive = Array.from({ length: 4000 }, (_, image) => image % 4 === 0);
      return { positive, scores: positive.map((flag) => random.normal() + (flag ? 1.5 : 0)) };
    };
    const { sensitivity } = ratesAtThreshold(draw(), thresholdForSensitivity(draw(), 0.9)!, separateGroups(4000));
    expect(sensitivity.value).toBeGreaterThan(0.86);
    expect(sensitivity.value).toBeLessThan(0.94);
  });
});

describe("rates", () => {
  it("are those of a published screening example, with Wilson's intervals", () => {
    // Altman and Bland 1994, "Diagnostic tests 1" and "2", BMJ 308: liver scans of 344 patients, 231 + 27 abnormal by pathology.
    const patients = [
      { count: 231, positive: true, called: true },
      { count: 27, positive: true, called: false },
      { count: 32, positive: false, called: true },
      { count: 54, positive: false, called: false },
    ].flatMap(({ count, ...one }) => new Array<typeof one>(count).fill(one));
    const rates = diagnosticRates(
      { positive: patients.map(({ positive }) => positive), called: patients.map(({ called }) => called) },
      separateGroups(patients.length),
    );
    const rounded = Object.values(rates).map(({ value }) => Number(value.toFixed(2)));
    expect(rounded).toEqual([0.9, 0.63, 0.88, 0.67]);
    expect(rates.sensitivity).toMatchObject({ count: 231, of: 258 });
    expect(rates.sensitivity.interval).toEqual(wilsonInterval(231, 258));
  });

  it("are not defined where there is nothing to count", () => {
    const rates = ratesAtThreshold({ positive: [false], scores: [0] }, 1, separateGroups(1));
    expect(rates.sensitivity).toEqual({ count: 0, of: 0, value: null, effective: null, interval: null });
    expect(rates.specificity.value).toBe(1);
  });

  it("count an image as often as it is drawn", () => {
    const images = { positive: [true, true, false, false], scores: [1, 0, 1, 0] };
    expect(countsAtThreshold(images, 1, [1, 2, 3, 4])).toEqual({
      truePositives: 1,
      falseNegatives: 2,
      falsePositives: 3,
      trueNegatives: 4,
    });
  });
});
