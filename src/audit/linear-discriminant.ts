/** The trivial model of the audit: linear discriminant analysis with a shrunk covariance and equal priors, cross-validated. */

/** Part of the covariance that is taken from its diagonal alone. */
const shrinkage = 0.1;

/** Sums over some samples that do not depend on their labels. */
interface Moments {
  readonly rows: readonly number[];
  /** Sum of outer products, (features, features), upper half. */
  readonly products: Float64Array;
}

/** Cross-validates one set of features under many labellings, as a permutation test needs; what labels do not change is done once. */
export class DiscriminantTrial {
  readonly #features: Float64Array;
  readonly #width: number;
  readonly #folds: readonly { readonly moments: Moments; readonly test: readonly number[] }[];

  /**
   * @param features (samples, width)
   * @param foldOf the fold in which each sample is tested, from 0
   */
  constructor(features: ArrayLike<number>, width: number, foldOf: readonly number[]) {
    this.#width = width;
    this.#features = standardized(features, width);
    const rows = foldOf.map((_, row) => row);
    this.#folds = Array.from({ length: 1 + Math.max(...foldOf) }, (_, fold) => ({
      moments: this.#moments(rows.filter((row) => foldOf[row] !== fold)),
      test: rows.filter((row) => foldOf[row] === fold),
    }));
  }

  /** The label that each sample is given by the model that was fitted without its fold. */
  predict(labels: readonly number[], classes: number): number[] {
    const predicted = new Array<number>(labels.length).fill(-1);
    for (const { moments, test } of this.#folds) {
      const model = this.#fit(moments, labels, classes);
      for (const row of test) predicted[row] = this.#judge(model, row);
    }
    return predicted;
  }

  #moments(rows: readonly number[]): Moments {
    const [features, width] = [this.#features, this.#width];
    const products = new Float64Array(width * width);
    for (const row of rows) {
      for (let i = 0; i < width; i++) {
        const value = features[row * width + i]!;
        for (let j = i; j < width; j++) products[i * width + j]! += value * features[row * width + j]!;
      }
    }
    return { rows, products };
  }

  /** Weights and offset of each class that has samples. */
  #fit({ rows, products }: Moments, labels: readonly number[], classes: number): readonly Linear[] {
    const [features, width] = [this.#features, this.#width];
    const counts = new Array<number>(classes).fill(0);
    const means = Array.from({ length: classes }, () => new Float64Array(width));
    for (const row of rows) {
      const label = labels[row]!;
      counts[label]!++;
      const mean = means[label]!;
      for (let i = 0; i < width; i++) mean[i]! += features[row * width + i]!;
    }
    means.forEach((mean, label) => {
      for (let i = 0; i < width; i++) mean[i]! /= Math.max(1, counts[label]!);
    });
    const covariance = new Float64Array(width * width);
    for (let i = 0; i < width; i++) {
      for (let j = i; j < width; j++) {
        let sum = products[i * width + j]!;
        for (let label = 0; label < classes; label++) sum -= counts[label]! * means[label]![i]! * means[label]![j]!;
        const value = sum / rows.length;
        // The last term keeps a feature that never varies within a class from counting without bound.
        covariance[i * width + j] = i === j ? value + 1e-3 : value * (1 - shrinkage);
        covariance[j * width + i] = covariance[i * width + j]!;
      }
    }
    const root = cholesky(covariance, width);
    return means.flatMap((mean, label) => {
      if (counts[label] === 0) return [];
      const weights = solveCholesky(root, mean);
      return [{ label, weights, offset: -dot(weights, mean, 0) / 2 }];
    });
  }

  #judge(model: readonly Linear[], row: number): number {
    let [best, highest] = [-1, Number.NEGATIVE_INFINITY];
    for (const { label, weights, offset } of model) {
      const score = offset + dot(weights, this.#features, row * this.#width);
      if (score > highest) [best, highest] = [label, score];
    }
    return best;
  }
}

interface Linear {
  readonly label: number;
  readonly weights: Float64Array;
  readonly offset: number;
}

function standardized(features: ArrayLike<number>, width: number): Float64Array {
  const count = features.length / width;
  const result = new Float64Array(features.length);
  for (let i = 0; i < width; i++) {
    let [sum, square] = [0, 0];
    for (let row = 0; row < count; row++) sum += features[row * width + i]!;
    const mean = sum / count;
    for (let row = 0; row < count; row++) square += (features[row * width + i]! - mean) ** 2;
    const spread = Math.sqrt(square / count);
    if (spread < 1e-9) continue;
    for (let row = 0; row < count; row++) result[row * width + i] = (features[row * width + i]! - mean) / spread;
  }
  return result;
}

function dot(weights: Float64Array, values: Float64Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * values[from + i]!;
  return sum;
}

/** The lower triangle L of a positive definite matrix L Lᵀ. */
function cholesky(matrix: Float64Array, width: number): Float64Array {
  const lower = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * width + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * width + k]! * lower[j * width + k]!;
      lower[i * width + j] = i === j ? Math.sqrt(sum) : sum / lower[j * width + j]!;
    }
  }
  return lower;
}

function solveCholesky(lower: Float64Array, right: Float64Array): Float64Array {
  const width = right.length;
  const result = Float64Array.from(right);
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < i; k++) result[i]! -= lower[i * width + k]! * result[k]!;
    result[i]! /= lower[i * width + i]!;
  }
  for (let i = width - 1; i >= 0; i--) {
    for (let k = i + 1; k < width; k++) result[i]! -= lower[k * width + i]! * result[k]!;
    result[i]! /= lower[i * width + i]!;
  }
  return result;
}
