/** The figures that stand at the head of a report, computed from counts so that every resample is one quick pass. */

import { type Areas, oneVsRestAreas } from "../curves/one-vs-rest.ts";
import type { Predictions } from "../predictions.ts";
import type { Counts, Ranking } from "../ranking.ts";
import { cohenKappa, matthewsCorrelation } from "../scores/agreement.ts";
import { balancedAccuracy, macroScores, scoresByClass, weightedScores } from "../scores/class-scores.ts";
import { confusionMatrix, correctCount, predictedCounts, supports } from "../scores/confusion-matrix.ts";
import { countsByClass, type TestCounts } from "../scores/diagnostic-rates.ts";
import { countedMean, type ProperScores, properScores } from "../scores/proper-scores.ts";
import { verdicts } from "../verdicts.ts";

/** NaN where nothing is there to divide by. */
export type Rates = {
  readonly sensitivity: number;
  readonly specificity: number;
  readonly ppv: number;
  readonly npv: number;
};

/** The figures of one class against the rest. */
export type ClassFigures = Rates & Areas & { readonly f1: number };

/** Means of the classes' figures. */
export type MeanFigures = Areas & { readonly precision: number; readonly recall: number; readonly f1: number };

/** The figures of all images and of every class. */
export type MainFigures = ProperScores & {
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  /** The Matthews correlation coefficient, multi-class. */
  readonly mcc: number;
  readonly kappa: number;
  /** Areas: over the classes with images; precision, recall and F1 over all, as in an evaluation. */
  readonly macro: MeanFigures;
  readonly weighted: MeanFigures;
  readonly meanConfidence: number;
  readonly perClass: readonly ClassFigures[];
};

/** The rates of counts, weighted ones included. */
const ratesOf = ({ truePositives, falsePositives, falseNegatives, trueNegatives }: TestCounts): Rates => ({
  sensitivity: truePositives / (truePositives + falseNegatives),
  specificity: trueNegatives / (trueNegatives + falsePositives),
  ppv: truePositives / (truePositives + falsePositives),
  npv: trueNegatives / (trueNegatives + falseNegatives),
});

/**
 * Prepares the main figures of checked predictions, whose images `rankings` holds by each class's probability, as a statistic
 * for the bootstrap. In a resample the means leave out a class that has images in the data but none in the resample.
 */
export function mainFigures(predictions: Predictions, rankings: readonly Ranking[]): (counts: Counts) => MainFigures {
  const { classes, truth } = predictions;
  const said = verdicts(predictions);
  const proper = properScores(predictions);
  const present = supports(confusionMatrix(truth, said.predicted, classes.length)).map((support) => support > 0);

  return (counts) => {
    const matrix = confusionMatrix(truth, said.predicted, classes.length, counts);
    const scores = scoresByClass(classes, matrix);
    const predicted = predictedCounts(matrix);
    const areas = oneVsRestAreas(rankings, counts);
    const drawn = scores.filter(({ support }, label) => support > 0 || !present[label]);
    const samples = counts.reduce((total, count) => total + count, 0);
    return {
      accuracy: correctCount(matrix) / samples,
      balancedAccuracy: balancedAccuracy(scores),
      mcc: matthewsCorrelation(matrix),
      kappa: cohenKappa(matrix),
      macro: { ...macroScores(drawn), ...areas.macro },
      weighted: { ...weightedScores(scores), ...areas.weighted },
      ...proper(counts),
      meanConfidence: countedMean(said.confidence, counts),
      perClass: countsByClass(matrix).map((test, label) => ({
        ...ratesOf(test),
        f1: scores[label]!.support + predicted[label]! === 0 ? Number.NaN : scores[label]!.f1,
        ...areas.perClass[label]!,
      })),
    };
  };
}
