/** All that says whether probabilities mean what they say. */

import { type GroupLabels, numberGroups, separateImages } from "../image-groups.ts";
import { checkPredictions, type Predictions } from "../predictions.ts";
import { brierScores, negativeLogLikelihoods } from "../scores/proper-scores.ts";
import { verdicts } from "../verdicts.ts";
import {
  equalMassEdges,
  equalWidthEdges,
  expectedCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from "./reliability.ts";

/** How well probabilities are calibrated. */
export interface Calibration {
  /** The mean probability of the predicted class; above accuracy: overconfident. */
  readonly meanConfidence: number;
  /** The expected calibration error of the predicted class, over bins of equal width (Guo et al. 2017). */
  readonly ece: number;
  /** The same over bins of equal mass, which no crowded bin dominates. */
  readonly eceEqualMass: number;
  /** The mean over the classes of the calibration error of each class's own probability (Kull et al. 2019), equal width. */
  readonly classwiseEce: number;
  /** In the order of the classes. */
  readonly eceByClass: readonly number[];
  /** The mean Brier score over all classes, in [0, 2]. */
  readonly brier: number;
  /** The mean negative log-likelihood, in nats. */
  readonly negativeLogLikelihood: number;
  readonly equalWidth: readonly ReliabilityBin[];
  readonly equalMass: readonly ReliabilityBin[];
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0) / values.length;

/**
 * Judges the calibration of probabilities, over `bins` bins; `groups` says which images belong together, for the bins' intervals.
 * Throws EvaluationError for predictions that cannot be judged.
 */
export function calibration(
  predictions: Predictions,
  { bins = 15, groups: labels }: { readonly bins?: number; readonly groups?: GroupLabels } = {},
): Calibration {
  checkPredictions(predictions);
  const { classes, truth, probabilities } = predictions;
  const groups = numberGroups(labels ?? separateImages(truth.length), truth.length);
  const { confidence, correct } = verdicts(predictions);
  const top = { stated: confidence, happened: correct };
  const widths = equalWidthEdges(bins);
  const masses = equalMassEdges(confidence, bins);
  const eceByClass = classes.map((_, label) =>
    expectedCalibrationError(
      {
        stated: Float64Array.from(
          { length: truth.length },
          (_, image) => probabilities[image * classes.length + label]!,
        ),
        happened: Array.from(truth, (own) => own === label),
      },
      widths,
    ),
  );
  return {
    meanConfidence: mean(confidence),
    ece: expectedCalibrationError(top, widths),
    eceEqualMass: expectedCalibrationError(top, masses),
    classwiseEce: mean(eceByClass),
    eceByClass,
    brier: mean(brierScores(predictions)),
    negativeLogLikelihood: mean(negativeLogLikelihoods(predictions)),
    equalWidth: reliabilityBins(top, widths, groups),
    equalMass: reliabilityBins(top, masses, groups),
  };
}
