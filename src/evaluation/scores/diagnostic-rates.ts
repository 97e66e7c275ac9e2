/** The four rates of a diagnostic test, each with its counts and interval. */

import type { ImageGroups } from "../image-groups.ts";
import { type Proportion, proportion } from "../intervals/proportion.ts";
import { type ConfusionMatrix, predictedCounts, supports } from "./confusion-matrix.ts";

/** Images by what is true and what was said; positive: of the class or classes looked for. */
export interface TestCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** Rates of a test with two answers, with intervals. */
export interface DiagnosticRates {
  /** Of the positive images, the part found; recall by another name. */
  readonly sensitivity: Proportion;
  /** Of the negative images, the part left alone. */
  readonly specificity: Proportion;
  /** Positive predictive value: of the images called positive, the part that is; precision by another name. Depends on prevalence. */
  readonly ppv: Proportion;
  /** Negative predictive value: of the images called negative, the part that is. Depends on prevalence. */
  readonly npv: Proportion;
}

/** The rates of one class against the rest. */
export interface ClassRates extends DiagnosticRates {
  readonly class: string;
}

/** Truth of every image, and whether it is called positive. */
export interface CalledImages {
  readonly positive: ArrayLike<boolean>;
  readonly called: ArrayLike<boolean>;
}

/** The rates of what is called positive against the truth; intervals go by the groups. */
export function diagnosticRates({ positive, called }: CalledImages, groups: ImageGroups): DiagnosticRates {
  const rate = (outcome: (isPositive: boolean, isCalled: boolean) => boolean | null): Proportion =>
    proportion(
      Array.from(positive, (flag, image) => outcome(flag, called[image]!)),
      groups,
    );
  return {
    sensitivity: rate((isPositive, isCalled) => (isPositive ? isCalled : null)),
    specificity: rate((isPositive, isCalled) => (isPositive ? null : !isCalled)),
    ppv: rate((isPositive, isCalled) => (isCalled ? isPositive : null)),
    npv: rate((isPositive, isCalled) => (isCalled ? null : !isPositive)),
  };
}

/** One class against all others, for every class in the order of the matrix. */
export function countsByClass(matrix: ConfusionMatrix): readonly TestCounts[] {
  const support = supports(matrix);
  const predicted = predictedCounts(matrix);
  const samples = support.reduce((whole, count) => whole + count, 0);
  return matrix.map((row, index) => {
    const truePositives = row[index]!;
    const falsePositives = predicted[index]! - truePositives;
    const falseNegatives = support[index]! - truePositives;
    return {
      truePositives,
      falsePositives,
      falseNegatives,
      trueNegatives: samples - truePositives - falsePositives - falseNegatives,
    };
  });
}

/** Each class one-vs-rest, where the most probable class is the prediction; labels are indices into `classes`. */
export const ratesByClass = (
  classes: readonly string[],
  { truth, predicted }: { readonly truth: ArrayLike<number>; readonly predicted: ArrayLike<number> },
  groups: ImageGroups,
): readonly ClassRates[] =>
  classes.map((name, label) => ({
    class: name,
    ...diagnosticRates(
      {
        positive: Array.from(truth, (own) => own === label),
        called: Array.from(predicted, (own) => own === label),
      },
      groups,
    ),
  }));

/** Of the images of each class, the part found, in the order of `classes`. */
export const recallsByClass = (
  classes: readonly string[],
  { truth, predicted }: { readonly truth: ArrayLike<number>; readonly predicted: ArrayLike<number> },
  groups: ImageGroups,
): readonly Proportion[] =>
  classes.map((_, label) =>
    proportion(
      Array.from(truth, (own, image) => (own === label ? predicted[image] === label : null)),
      groups,
    ),
  );
