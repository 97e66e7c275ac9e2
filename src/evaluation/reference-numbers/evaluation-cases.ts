/** Cases that the evaluation is compared on: those recorded with scikit-learn's figures, and random ones. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { Predictions } from "../predictions.ts";

/** A recorded case: predictions, with the figures that scikit-learn gives for them. */
export interface Case {
  readonly classes: string[];
  readonly truth: number[];
  readonly probabilities: number[];
}

/** As scripts/references/sklearn_evaluation.py writes them; null or absent where not defined. */
export interface ReferenceFigures {
  readonly mcc: number;
  readonly kappa: number | null;
  readonly perClass: readonly {
    readonly auroc: number | null;
    readonly averagePrecision: number | null;
    readonly roc: readonly [threshold: number, falsePositiveRate: number, sensitivity: number][];
    readonly precisionRecall: readonly [threshold: number, recall: number, precision: number][];
  }[];
  readonly macro: { readonly auroc?: number; readonly averagePrecision?: number };
  readonly weighted: { readonly auroc?: number; readonly averagePrecision?: number };
  readonly brier: number;
  readonly negativeLogLikelihood: number | null;
  readonly equalWidth: ReferenceReliability;
  readonly equalMass: ReferenceReliability;
  readonly eceByClass: readonly number[];
  readonly temperature: { readonly inverse: number; readonly before: number; readonly after: number };
  readonly riskCoverageArea: number;
  readonly labelErrors: {
    readonly thresholds: readonly (number | null)[];
    readonly confidentJoint: readonly (readonly number[])[];
    readonly estimated: number;
    readonly candidates: readonly [image: number, label: number, suggested: number][];
  };
  readonly netBenefit: readonly [threshold: number, model: number, all: number][];
  readonly mcnemar: { readonly onlyFirst: number; readonly onlySecond: number; readonly p: number };
}

interface ReferenceReliability {
  readonly points: readonly [stated: number, observed: number, images: number][];
  readonly ece: number;
}

export const recordedCases = (
  JSON.parse(readFileSync(new URL("sklearn-evaluation.json", import.meta.url), "utf8")) as {
    cases: (Case & { name: string; figures: ReferenceFigures })[];
  }
).cases;

export const predictionsOf = ({ classes, truth, probabilities }: Case): Predictions => ({
  classes,
  truth,
  probabilities: Float32Array.from(probabilities),
});

/** Up to 60 images of at most so many classes; rows of small whole weights divided by their sum, so that many are tied. */
export const anyCaseOf = (mostClasses: number): fc.Arbitrary<Case> =>
  fc.integer({ min: 1, max: mostClasses }).chain((count) =>
    fc
      .array(
        fc.tuple(
          fc.nat({ max: count - 1 }),
          fc.array(fc.nat({ max: 4 }), { minLength: count, maxLength: count }).filter((row) => row.some((v) => v > 0)),
        ),
        { minLength: 1, maxLength: 60 },
      )
      .map((images) => ({
        classes: Array.from({ length: count }, (_, index) => `class ${index}`),
        truth: images.map(([label]) => label),
        probabilities: images.flatMap(([, row]) => {
          const sum = row.reduce((total, value) => total + value, 0);
          return row.map((value) => Math.fround(value / sum));
        }),
      })),
  );

/** Of up to 6 classes. */
export const anyCase = anyCaseOf(6);
