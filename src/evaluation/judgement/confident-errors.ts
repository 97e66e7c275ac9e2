/** The wrong predictions that a classifier was surest of: what to look at first. */

import { checkPredictions, type Predictions } from "../predictions.ts";
import { verdicts } from "../verdicts.ts";

/** A wrong prediction. */
export interface ConfidentError {
  /** Index of the image. */
  readonly image: number;
  readonly truth: string;
  readonly predicted: string;
  /** The probability of the predicted class, and that of the true one. */
  readonly confidence: number;
  readonly truthProbability: number;
}

/** At most `most` errors, surest first, of equals the first image. Throws EvaluationError for predictions that cannot be judged. */
export function confidentErrors(predictions: Predictions, most = 24): readonly ConfidentError[] {
  checkPredictions(predictions);
  const { classes, truth, probabilities } = predictions;
  const { predicted, confidence, correct } = verdicts(predictions);
  return correct
    .flatMap((right, image) => (right ? [] : [image]))
    .sort((left, right) => confidence[right]! - confidence[left]! || left - right)
    .slice(0, most)
    .map((image) => ({
      image,
      truth: classes[truth[image]!]!,
      predicted: classes[predicted[image]!]!,
      confidence: confidence[image]!,
      truthProbability: probabilities[image * classes.length + truth[image]!]!,
    }));
}
