/** What abstaining would give on the test images, with thresholds chosen on the validation images. */

import {
  type RiskCoveragePoint,
  rankByConfidence,
  riskCoverageArea,
  riskCoverageCurve,
  type SelectiveAccuracy,
  selectiveAccuracy,
} from "../curves/risk-coverage.ts";
import { thinCurve } from "../curves/thin-curve.ts";
import { thresholdForAccuracy, thresholdForCoverage } from "../decisions/abstention.ts";
import { groupSizes, type ImageGroups } from "../image-groups.ts";
import { boundedInterval } from "../intervals/bounded-interval.ts";
import type { Estimate, Resampled } from "../intervals/cluster-bootstrap.ts";
import { kishSize } from "../intervals/effective-size.ts";
import type { GroupedPredictions } from "../predictions.ts";
import type { Counts } from "../ranking.ts";
import { type Verdicts, verdicts } from "../verdicts.ts";
import type { Miss } from "./not-stated.ts";

/** A threshold of confidence, and what it does on validation and test images. */
export interface AbstentionThreshold {
  /** What the threshold was chosen for, on the validation images. */
  readonly goal: "coverage" | "accuracy";
  readonly target: number;
  readonly validation: SelectiveAccuracy;
  readonly test: SelectiveAccuracy;
}

/** What abstaining gives on the test images. */
export interface Abstention {
  /** The area under the risk-coverage curve of the test images. */
  readonly area: Estimate;
  readonly curve: readonly RiskCoveragePoint[];
  /** The accuracy of the most confident test images, at the first confidence that answers so many. */
  readonly atCoverage: readonly (SelectiveAccuracy & { readonly target: number })[];
  readonly thresholds: readonly AbstentionThreshold[];
}

const coverages = [0.9, 0.8, 0.7, 0.5];
const accuracies = [0.8, 0.9, 0.95];

/** The test images ranked and their area resampled; `judge` completes the rest with the estimate. */
export interface AskedAbstention {
  readonly statistic: (counts: Counts) => number;
  readonly judge: (area: Resampled) => Abstention;
}

/** What the judgement of abstention needs. */
export interface AbstentionOptions {
  readonly test: GroupedPredictions;
  /** Without these there are no thresholds. */
  readonly validation: GroupedPredictions | undefined;
  /** The most points of the stored curve. */
  readonly points: number;
  /** Told of what cannot be stated. */
  readonly miss: Miss;
}

/** The thresholds for every goal that the validation images allow. */
function chooseThresholds(
  validation: GroupedPredictions,
  test: { readonly said: Verdicts; readonly groups: ImageGroups },
  miss: Miss,
) {
  const chosenOn = verdicts(validation);
  const ranking = rankByConfidence(chosenOn);
  const apply = (goal: AbstentionThreshold["goal"], target: number, threshold: number): AbstentionThreshold => ({
    goal,
    target,
    validation: selectiveAccuracy(chosenOn, threshold, validation.groups),
    test: selectiveAccuracy(test.said, threshold, test.groups),
  });
  return [
    ...coverages.map((target) => apply("coverage", target, thresholdForCoverage(ranking, target))),
    ...accuracies.flatMap((target) => {
      const threshold = thresholdForAccuracy(ranking, target);
      if (threshold !== null) return [apply("accuracy", target, threshold)];
      miss(`abstention for ${target * 100} % accuracy`, "no threshold reaches it on the validation images");
      return [];
    }),
  ];
}

/** Prepares the judgement of abstention for checked predictions. */
export function askAbstention({ test, validation, points, miss }: AbstentionOptions): AskedAbstention {
  const said = verdicts(test);
  const ranking = rankByConfidence(said);
  const { groups } = test;
  const thresholds = validation ? chooseThresholds(validation, { said, groups }, miss) : [];
  return {
    statistic: (counts) => riskCoverageArea(ranking, counts),
    judge: (area) => ({
      area: boundedInterval(area, { low: 0, high: 1, groups: kishSize(groupSizes(groups)) }),
      curve: thinCurve(riskCoverageCurve(ranking), ["coverage", "risk"], points),
      atCoverage: [1, ...coverages].map((target) => ({
        target,
        ...selectiveAccuracy(said, thresholdForCoverage(ranking, target), groups),
      })),
      thresholds,
    }),
  };
}
