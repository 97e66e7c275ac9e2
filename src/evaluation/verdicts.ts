/** What a classifier says of each image: the most probable class, how probable, and whether that is right. */
import { type Predictions, predictedClasses } from "./predictions.ts";

/** The predicted class of each image. */
export interface Verdicts {
  readonly predicted: Uint32Array;
  /** The probability of the predicted class. */
  readonly confidence: Float64Array;
  readonly correct: readonly boolean[];
}

/** Takes the most probable class of each image, of equals the first. */
export function verdicts(predictions: Predictions): Verdicts {
  const { classes, truth, probabilities } = predictions;
  const predicted = predictedClasses(predictions);
  return {
    predicted,
    confidence: Float64Array.from(predicted, (label, image) => probabilities[image * classes.length + label]!),
    correct: Array.from(predicted, (label, image) => label === truth[image]),
  };
}
