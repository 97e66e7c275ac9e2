/** The input of every metric: true labels and predicted probabilities, checked once. */
import { EvaluationError } from "../errors.ts";
import type { GroupLabels, ImageGroups } from "./image-groups.ts";

/** Predictions on labelled images. */
export interface Predictions {
  readonly classes: readonly string[];
  /** The true class of every image, as an index into `classes`. */
  readonly truth: ArrayLike<number>;
  /** (images, classes): each row sums to 1. */
  readonly probabilities: Float32Array;
}

/** The same, with the groups of the images. */
export interface GroupedPredictions extends Predictions {
  readonly groups: ImageGroups;
}

/** Predictions on other images of the same classes. */
export interface OtherPredictions extends Pick<Predictions, "truth" | "probabilities"> {
  /** The groups of these images, in the same names as those of the test images. */
  readonly groups?: GroupLabels;
}

/** How far a row of float32 probabilities may be from summing to 1. */
const SUM_TOLERANCE = 1e-3;

/**
 * Throws {@link EvaluationError} where lengths disagree, there is no image or no class, a label is no index into the
 * classes, or a row of probabilities is none (a value outside of [0, 1], NaN included, or a sum other than 1).
 */
export function checkPredictions({ classes, truth, probabilities }: Predictions): void {
  if (classes.length === 0) throw new EvaluationError("evaluation: expected at least one class, got none");
  if (truth.length === 0) throw new EvaluationError("evaluation: expected at least one image, got none");
  if (probabilities.length !== truth.length * classes.length) {
    throw new EvaluationError(
      `evaluation: expected ${truth.length} images x ${classes.length} classes = ` +
        `${truth.length * classes.length} probabilities, got ${probabilities.length}`,
    );
  }
  for (let image = 0; image < truth.length; image++) {
    const label = truth[image]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new EvaluationError(
        `evaluation: image ${image}: expected a label from 0 to ${classes.length - 1}, got ${label}`,
      );
    }
    let sum = 0;
    for (let index = 0; index < classes.length; index++) {
      const probability = probabilities[image * classes.length + index]!;
      if (!(probability >= 0 && probability <= 1)) {
        throw new EvaluationError(
          `evaluation: image ${image}: expected a probability in [0, 1] for ${classes[index]}, got ${probability}`,
        );
      }
      sum += probability;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new EvaluationError(
        `evaluation: image ${image}: expected probabilities that sum to 1, got a sum of ${sum}`,
      );
    }
  }
}

/** The most probable class of every image; of equals the first, as numpy's argmax. */
export function predictedClasses({ classes, truth, probabilities }: Predictions): Uint32Array {
  return Uint32Array.from({ length: truth.length }, (_, image) => {
    const row = probabilities.subarray(image * classes.length, (image + 1) * classes.length);
    return row.indexOf(Math.max(...row));
  });
}
