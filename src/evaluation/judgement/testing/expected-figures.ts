/** For tests: every figure of the complete evaluation beside those of scikit-learn, SciPy or its defining formula in numpy. */
import { expect } from "vitest";
import { calibration } from "../../calibration/calibration.ts";
import type { ReliabilityBin } from "../../calibration/reliability.ts";
import { fitTemperature, logitsOf } from "../../calibration/temperature.ts";
import { signFlip } from "../../comparison/sign-flip.ts";
import { oneVsRestAreas, rankByClass } from "../../curves/one-vs-rest.ts";
import { precisionRecallCurve } from "../../curves/precision-recall-curve.ts";
import { rankByConfidence, riskCoverageArea } from "../../curves/risk-coverage.ts";
import { rocCurve } from "../../curves/roc-curve.ts";
import { decisionCurve } from "../../decisions/decision-curve.ts";
import { type Case, predictionsOf, type ReferenceFigures } from "../../reference-numbers/evaluation-cases.ts";
import { cohenKappa, matthewsCorrelation } from "../../scores/agreement.ts";
import { confusionMatrix } from "../../scores/confusion-matrix.ts";
import { verdicts } from "../../verdicts.ts";
import { confidentLearning } from "../label-errors.ts";

/** Numbers within rounding; where the reference says null, ours is NaN. */
function close(actual: number, expected: number | null, digits = 10): void {
  if (expected === null) expect(actual).toBeNaN();
  else expect(actual).toBeCloseTo(expected, digits);
}

function closeRows(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.flat().forEach((value, index) => {
    close(value, expected.flat()[index]!);
  });
}

const binPoints = (bins: readonly ReliabilityBin[]) =>
  bins.map(({ stated, happened }) => [stated, happened.value!, happened.of]);

/** Expects the figures of a case to be those of the reference. */
export function expectFigures(example: Case, expected: ReferenceFigures): void {
  const predictions = predictionsOf(example);
  const { classes, truth, probabilities } = predictions;
  const said = verdicts(predictions);
  const matrix = confusionMatrix(truth, said.predicted, classes.length);
  close(matthewsCorrelation(matrix), expected.mcc);
  close(cohenKappa(matrix), expected.kappa);

  const rankings = rankByClass(predictions);
  const areas = oneVsRestAreas(rankings);
  expected.perClass.forEach((figures, label) => {
    close(areas.perClass[label]!.auroc, figures.auroc);
    close(areas.perClass[label]!.averagePrecision, figures.averagePrecision);
    closeRows(
      rocCurve(rankings[label]!)
        .slice(1)
        .map((point) => [point.threshold!, point.falsePositiveRate, point.sensitivity]),
      figures.roc,
    );
    closeRows(
      precisionRecallCurve(rankings[label]!)
        .slice(1)
        .map(({ threshold, recall, precision }) => [threshold!, recall, precision]),
      figures.precisionRecall,
    );
  });
  for (const average of ["macro", "weighted"] as const) {
    const { auroc, averagePrecision } = expected[average];
    if (auroc !== undefined) close(areas[average].auroc, auroc);
    if (averagePrecision !== undefined) close(areas[average].averagePrecision, averagePrecision);
  }

  const calibrated = calibration(predictions, { bins: 10 });
  close(calibrated.brier, expected.brier);
  if (expected.negativeLogLikelihood !== null) {
    close(calibrated.negativeLogLikelihood, expected.negativeLogLikelihood);
  }
  close(calibrated.ece, expected.equalWidth.ece);
  close(calibrated.eceEqualMass, expected.equalMass.ece);
  closeRows(binPoints(calibrated.equalWidth), expected.equalWidth.points);
  closeRows(binPoints(calibrated.equalMass), expected.equalMass.points);
  closeRows([calibrated.eceByClass], [expected.eceByClass]);

  const fit = fitTemperature({ logits: logitsOf(probabilities), truth });
  close(fit.before, expected.temperature.before, 5);
  // Two searches of one minimum: neither is lower than the other by more than their rounding.
  close(fit.after, expected.temperature.after, 5);
  if (!fit.atLimit && expected.temperature.after < expected.temperature.before - 1e-3) {
    expect(1 / fit.temperature / expected.temperature.inverse).toBeCloseTo(1, 3);
  }

  close(riskCoverageArea(rankByConfidence(said)), expected.riskCoverageArea);

  const labelErrors = confidentLearning(predictions);
  expect(labelErrors.confidentJoint).toEqual(expected.labelErrors.confidentJoint);
  labelErrors.thresholds.forEach((threshold, label) => {
    const wanted = expected.labelErrors.thresholds[label]!;
    if (wanted === null) expect(threshold).toBeNull();
    else close(threshold!, wanted);
  });
  close(labelErrors.estimated, expected.labelErrors.estimated);
  expect(labelErrors.candidates.map(({ image, label, suggested }) => [image, label, suggested])).toEqual(
    expected.labelErrors.candidates.map(([image, label, suggested]) => [image, classes[label], classes[suggested]]),
  );

  const points = decisionCurve(
    {
      positive: Array.from(truth, (label) => label === 0),
      scores: Float64Array.from({ length: truth.length }, (_, image) => probabilities[image * classes.length]!),
    },
    expected.netBenefit.map(([threshold]) => threshold),
  );
  closeRows(
    points.map(({ threshold, model, all }) => [threshold, model, all]),
    expected.netBenefit,
  );
  const { onlyFirst, onlySecond, p } = expected.mcnemar;
  close(signFlip([...new Array<number>(onlyFirst).fill(1), ...new Array<number>(onlySecond).fill(-1)]), p);
}
