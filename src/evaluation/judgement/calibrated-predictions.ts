/** Predictions as decisions use them: scaled by a temperature where the validation predictions give one. */

import { fitTemperature, logitsOf, type TemperatureFit, temperedProbabilities } from "../calibration/temperature.ts";
import { numberGroups, separateImages } from "../image-groups.ts";
import type { GroupedPredictions, OtherPredictions } from "../predictions.ts";
import type { Miss } from "./not-stated.ts";

/** Predictions for decisions on the test images, and those that thresholds are chosen on. */
export interface CalibratedPredictions {
  /** Null without validation predictions, or where they fix no temperature; the probabilities are then as given. */
  readonly fit: TemperatureFit | null;
  readonly test: GroupedPredictions;
  readonly validation: GroupedPredictions | undefined;
}

/** Scales both by the temperature that suits the validation predictions. */
export function calibratedPredictions(
  test: GroupedPredictions,
  validation: OtherPredictions | undefined,
  miss: Miss,
): CalibratedPredictions {
  const { classes } = test;
  if (!validation) {
    miss("temperature scaling, operating points and thresholds of abstention", "no validation predictions were given");
    return { fit: null, test, validation: undefined };
  }
  const { truth, probabilities, groups: labels = separateImages(truth.length) } = validation;
  const found = fitTemperature({ ...validation, logits: logitsOf(probabilities) });
  if (found.atLimit) miss("temperature scaling", "the validation predictions fix no temperature between 1/20 and 20");
  const fit = found.atLimit ? null : found;
  const scaled = (given: Float32Array): Float32Array =>
    fit ? temperedProbabilities(logitsOf(given), classes.length, fit.temperature) : given;
  return {
    fit,
    test: { ...test, probabilities: scaled(test.probabilities) },
    validation: { classes, truth, probabilities: scaled(probabilities), groups: numberGroups(labels, truth.length) },
  };
}
