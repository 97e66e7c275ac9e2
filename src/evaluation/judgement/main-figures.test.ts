/** Figures of counts: an image that counts twice is two images. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankByClass } from "../curves/one-vs-rest.ts";
import { rankByConfidence, riskCoverageArea } from "../curves/risk-coverage.ts";
import { rocArea } from "../curves/roc-curve.ts";
import { decisionThresholds, netBenefits } from "../decisions/decision-curve.ts";
import { checkPredictions, type Predictions } from "../predictions.ts";
import { rankImages } from "../ranking.ts";
import { anyCase, predictionsOf } from "../reference-numbers/evaluation-cases.ts";
import { verdicts } from "../verdicts.ts";
import { evaluateClassification } from "./evaluation.ts";
import { mainFigures } from "./main-figures.ts";

const figuresOf = (predictions: Predictions, counts: ArrayLike<number>) =>
  mainFigures(predictions, rankByClass(predictions))(Uint32Array.from(counts));

const ones = (predictions: Predictions) => new Uint32Array(predictions.truth.length).fill(1);

/** Predictions with a count for each image, and the same with every image written out as often as it counts. */
const anyResample = anyCase.chain((example) =>
  fc
    .array(fc.nat({ max: 3 }), { minLength: example.truth.length, maxLength: example.truth.length })
    .filter((counts) => counts.some((count) => count > 0))
    .map((counts) => {
      const repeated = counts.flatMap((count, image) => new Array<number>(count).fill(image));
      const width = example.classes.length;
      const written = predictionsOf({
        classes: example.classes,
        truth: repeated.map((image) => example.truth[image]!),
        probabilities: repeated.flatMap((image) => example.probabilities.slice(image * width, (image + 1) * width)),
      });
      return { predictions: predictionsOf(example), counts: Uint32Array.from(counts), written };
    }),
);

/** The leaves of nested figures, by path. */
function leaves(figures: unknown, path = ""): [string, number][] {
  if (typeof figures === "number") return [[path, figures]];
  return Object.entries(figures as object).flatMap(([name, part]) => leaves(part, `${path}/${name}`));
}

describe("mainFigures", () => {
  it("agrees with the figures of an evaluation", () => {
    fc.assert(
      fc.property(anyCase, (example) => {
        const predictions = predictionsOf(example);
        const evaluation = evaluateClassification({ protocol: "official", ...predictions });
        const figures = figuresOf(predictions, ones(predictions));
        expect(figures.accuracy).toBe(evaluation.accuracy);
        expect(figures.balancedAccuracy).toBe(evaluation.balancedAccuracy);
        expect(figures.macro).toMatchObject(evaluation.macro);
        expect(figures.weighted).toMatchObject(evaluation.weighted);
        evaluation.perClass.forEach(({ recall, precision, f1 }, label) => {
          const own = figures.perClass[label]!;
          if (!Number.isNaN(own.sensitivity)) expect(own.sensitivity).toBe(recall);
          if (!Number.isNaN(own.ppv)) expect(own.ppv).toBe(precision);
          if (!Number.isNaN(own.f1)) expect(own.f1).toBe(f1);
        });
      }),
    );
  });

  it("counts an image as often as it is drawn", () => {
    fc.assert(
      fc.property(anyResample, ({ predictions, counts, written }) => {
        checkPredictions(written);
        const drawn = new Map(leaves(figuresOf(predictions, counts)));
        for (const [path, value] of leaves(figuresOf(written, ones(written)))) {
          // The means leave out classes that were not drawn; written out, these are classes without images, which count 0.
          if (/^\/macro\/(precision|recall|f1)$/.test(path)) continue;
          if (Number.isNaN(value)) expect(drawn.get(path), path).toBeNaN();
          else expect(drawn.get(path), path).toBeCloseTo(value, 10);
        }
      }),
    );
  });

  it("leaves a class that was not drawn out of the means, rather than counting it 0", () => {
    const predictions = predictionsOf({ classes: ["a", "b"], truth: [0, 1], probabilities: [0.75, 0.25, 0.25, 0.75] });
    const { macro, perClass } = figuresOf(predictions, [2, 0]);
    expect(macro).toMatchObject({ precision: 1, recall: 1, f1: 1 });
    expect(perClass[1]!.sensitivity).toBeNaN();
    expect(perClass[0]!.specificity).toBeNaN();
  });
});

describe("other statistics of counts", () => {
  it("count an image as often as it is drawn", () => {
    fc.assert(
      fc.property(anyResample, ({ predictions, counts, written }) => {
        const area = (of: Predictions, times?: Uint32Array) => riskCoverageArea(rankByConfidence(verdicts(of)), times);
        expect(area(predictions, counts)).toBeCloseTo(area(written), 10);
        const benefits = ({ classes, truth, probabilities }: Predictions, times?: Uint32Array) =>
          netBenefits(
            {
              positive: Array.from(truth, (label) => label === 0),
              scores: Array.from(truth, (_, image) => probabilities[image * classes.length]!),
            },
            decisionThresholds,
            times,
          ).flatMap((point) => Object.values(point));
        const expected = benefits(written);
        benefits(predictions, counts).forEach((value, index) => {
          expect(value).toBeCloseTo(expected[index]!, 10);
        });
      }),
    );
  });
});

describe("areas", () => {
  it("AUROC is the part of pairs in the right order, ties counting half", () => {
    const images = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 6 })), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(images, (scored) => {
        const of = (wanted: boolean) => scored.flatMap(([flag, score]) => (flag === wanted ? [score] : []));
        const pairs = of(true).flatMap((high) => of(false).map((low) => (high > low ? 1 : high === low ? 0.5 : 0)));
        const expected = pairs.reduce((sum: number, value) => sum + value, 0) / pairs.length;
        const area = rocArea(
          rankImages(
            scored.map(([flag]) => flag),
            scored.map(([, score]) => score),
          ),
        );
        if (pairs.length === 0) expect(area).toBeNaN();
        else expect(area).toBeCloseTo(expected, 12);
      }),
    );
  });

  it("refuse scores that no image can be ranked by", () => {
    expect(() => rankImages([true, false], [1])).toThrow("ranking: expected one score per image, got 1 for 2 images");
    expect(() => rankImages([true, false], [1, Number.NaN])).toThrow(
      "ranking: image 1: expected a finite score, got NaN",
    );
  });
});
