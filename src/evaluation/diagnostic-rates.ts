/** The four rates of a diagnostic test, each with its counts and Wilson interval. */
import { type ConfusionMatrix, predictedCounts, supports } from "./confusion-matrix.ts";
import { type Proportion, proportion } from "./proportion.ts";

/** Images by what is true and what was said; positive: of the class or classes looked for. */
export interface TestCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

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

export interface ClassRates extends DiagnosticRates {
  readonly class: string;
}

export function diagnosticRates(counts: TestCounts): DiagnosticRates {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts;
  return {
    sensitivity: proportion(truePositives, truePositives + falseNegatives),
    specificity: proportion(trueNegatives, trueNegatives + falsePositives),
    ppv: proportion(truePositives, truePositives + falsePositives),
    npv: proportion(trueNegatives, trueNegatives + falseNegatives),
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

/** Each class one-vs-rest, where the most probable class is the prediction. */
export const ratesByClass = (classes: readonly string[], matrix: ConfusionMatrix): readonly ClassRates[] =>
  countsByClass(matrix).map((counts, index) => ({ class: classes[index]!, ...diagnosticRates(counts) }));
