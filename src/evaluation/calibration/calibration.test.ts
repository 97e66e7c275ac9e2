/** Calibration and temperature scaling, by their properties; their figures are compared in scikit-learn.test.ts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { anyCase, predictionsOf } from "../reference-numbers/evaluation-cases.ts";
import { calibration } from "./calibration.ts";
import { fitTemperature, logitsOf, temperedProbabilities } from "./temperature.ts";

/** Labels drawn from softmax(logits): such logits are perfectly calibrated. */
function calibrated(images: number, classes: number, random: Random) {
  const logits = Float32Array.from({ length: images * classes }, () => 1.5 * random.normal());
  const probabilities = temperedProbabilities(logits, classes, 1);
  const truth = Array.from({ length: images }, (_, image) => {
    let rest = random.uniform();
    for (let label = 0; label < classes - 1; label++) {
      rest -= probabilities[image * classes + label]!;
      if (rest < 0) return label;
    }
    return classes - 1;
  });
  return { classes: Array.from({ length: classes }, (_, label) => `class ${label}`), logits, probabilities, truth };
}

describe("calibration", () => {
  it("stays in its bounds and puts every image in one bin", () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 20 }), (example, bins) => {
        const figures = calibration(predictionsOf(example), { bins });
        for (const value of [figures.ece, figures.eceEqualMass, figures.classwiseEce, figures.meanConfidence]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-6);
        }
        expect(figures.brier).toBeGreaterThanOrEqual(0);
        expect(figures.brier).toBeLessThanOrEqual(2 + 1e-6);
        for (const filled of [figures.equalWidth, figures.equalMass]) {
          expect(filled.reduce((images, bin) => images + bin.happened.of, 0)).toBe(example.truth.length);
          expect(filled.length).toBeLessThanOrEqual(bins);
        }
        // One bin compares the means alone.
        const [correct] = calibration(predictionsOf(example), { bins: 1 }).equalWidth;
        const one = calibration(predictionsOf(example), { bins: 1 });
        expect(one.ece).toBeCloseTo(Math.abs(one.meanConfidence - correct!.happened.value!), 10);
      }),
    );
  });

  it("finds perfectly calibrated probabilities calibrated, and sharpened ones overconfident", () => {
    const { logits, ...good } = calibrated(20_000, 4, Random.of(1));
    const figures = calibration(good);
    expect(figures.ece).toBeLessThan(0.015);
    expect(figures.classwiseEce).toBeLessThan(0.015);
    const sharp = calibration({ ...good, probabilities: temperedProbabilities(logits, 4, 0.4) });
    expect(sharp.ece).toBeGreaterThan(0.1);
    expect(sharp.meanConfidence).toBeGreaterThan(figures.meanConfidence + 0.1);
    expect(sharp.brier).toBeGreaterThan(figures.brier);
  });

  it("fills bins of equal mass equally, where no two are equal", () => {
    const { logits, ...good } = calibrated(300, 3, Random.of(2));
    expect(calibration(good, { bins: 10 }).equalMass.map((bin) => bin.happened.of)).toEqual(new Array(10).fill(30));
  });

  it("refuses no bins and probabilities that are none", () => {
    const good = { classes: ["a", "b"], truth: [0], probabilities: Float32Array.of(0.5, 0.5) };
    expect(() => calibration(good, { bins: 0 })).toThrow(
      new EvaluationError("reliability: expected at least one bin, got 0"),
    );
    expect(() => calibration({ ...good, probabilities: Float32Array.of(2, -1) })).toThrow(EvaluationError);
  });
});

describe("fitTemperature", () => {
  it("finds the temperature that logits were multiplied with", () => {
    const { logits, truth } = calibrated(20_000, 5, Random.of(3));
    expect(fitTemperature({ logits, truth }).temperature).toBeCloseTo(1, 1);
    for (const factor of [0.25, 3]) {
      const fit = fitTemperature({ logits: logits.map((logit) => logit * factor), truth });
      expect(fit.temperature / factor).toBeCloseTo(1, 1);
      expect(fit.after).toBeLessThan(fit.before);
      expect(fit.atLimit).toBe(false);
    }
  });

  it("never raises the loss, changes no prediction, and lies at a minimum", () => {
    fc.assert(
      fc.property(anyCase, (example) => {
        const { classes, truth, probabilities } = predictionsOf(example);
        const logits = logitsOf(probabilities);
        const { temperature, before, after, atLimit } = fitTemperature({ logits, truth });
        expect(temperature).toBeGreaterThanOrEqual(1 / 20);
        expect(temperature).toBeLessThanOrEqual(20);
        if (atLimit) return;
        expect(after).toBeLessThanOrEqual(before + 1e-12);
        for (const near of [0.98, 1.02]) {
          // Dividing logits moves the starting point, so that `before` is the loss beside the minimum.
          const beside = logits.map((logit) => logit / (temperature * near));
          expect(fitTemperature({ logits: beside, truth }).before).toBeGreaterThanOrEqual(after - 1e-5);
        }
        const highest = (row: Float32Array) => Math.max(...row);
        const tempered = temperedProbabilities(logits, classes.length, temperature);
        for (let start = 0; start < logits.length; start += classes.length) {
          const given = probabilities.subarray(start, start + classes.length);
          const row = tempered.subarray(start, start + classes.length);
          expect(row[given.indexOf(highest(given))]).toBe(highest(row));
        }
      }),
    );
  });

  it("says where no temperature is best: nothing known, or nothing wrong", () => {
    expect(fitTemperature({ logits: Float32Array.of(1, 1, 1, 1), truth: [0, 1] }).atLimit).toBe(true);
    expect(fitTemperature({ logits: Float32Array.of(2, 1, 1, 2), truth: [0, 1] }).atLimit).toBe(true);
    expect(fitTemperature({ logits: Float32Array.of(2, 1, 1, 2), truth: [1, 0] }).atLimit).toBe(true);
  });

  it("counts the images of a group as one", () => {
    const { logits, truth } = calibrated(40, 3, Random.of(4));
    // Image 0 five times, and its copies one group: as if it stood there once.
    const copies = 4;
    const repeated = Float32Array.from([...logits, ...new Array(copies).fill([...logits.subarray(0, 3)]).flat()]);
    const labels = [...truth, ...new Array<number>(copies).fill(truth[0]!)];
    const groups = labels.map((_, image) => (image === 0 || image >= truth.length ? "first" : null));
    const once = fitTemperature({ logits, truth });
    expect(fitTemperature({ logits: repeated, truth: labels, groups }).temperature).toBeCloseTo(once.temperature, 8);
    expect(fitTemperature({ logits: repeated, truth: labels }).temperature).not.toBeCloseTo(once.temperature, 4);
  });

  it("refuses what it cannot fit", () => {
    const refused = (options: Parameters<typeof fitTemperature>[0], message: string) =>
      expect(() => fitTemperature(options)).toThrow(new EvaluationError(message));
    const logits = Float32Array.of(1, 2, 3, 4);
    refused({ logits, truth: [0, 1, 0] }, "temperature: expected logits (images, classes), got 4 numbers for 3 images");
    refused(
      { logits: new Float32Array(), truth: [] },
      "temperature: expected logits (images, classes), got 0 numbers for 0 images",
    );
    refused({ logits, truth: [0, 2] }, "temperature: image 1: expected a label from 0 to 1, got 2");
    refused(
      { logits: Float32Array.of(1, 2, 3, Number.POSITIVE_INFINITY), truth: [0, 1] },
      "temperature: image 1: expected finite logits, got Infinity",
    );
    refused({ logits, truth: [0, 1], groups: ["a"] }, "groups: expected one per image, got 1 for 2 images");
  });
});
