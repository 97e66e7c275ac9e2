/** How far stated probabilities agree with what happens: reliability bins and the expected calibration error. */

import { EvaluationError } from "../../errors.ts";
import { type ImageGroups, separateGroups } from "../image-groups.ts";
import { type Proportion, proportion } from "../intervals/proportion.ts";
import { quantile } from "../intervals/quantile.ts";

/** Stated probabilities and whether what was stated happened, one per image. */
export interface Statements {
  readonly stated: Float64Array;
  readonly happened: ArrayLike<boolean>;
}

/** The images whose stated probability is above `low` and at most `high` (the first bin holds `low` as well). */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  /** The mean stated probability. */
  readonly stated: number;
  /** How often it happened; its `of` is the number of images in the bin. */
  readonly happened: Proportion;
}

const checkBins = (bins: number): void => {
  if (!Number.isInteger(bins) || bins < 1)
    throw new EvaluationError(`reliability: expected at least one bin, got ${bins}`);
};

/** Edges of bins of the same width in [0, 1]. */
export function equalWidthEdges(bins: number): Float64Array {
  checkBins(bins);
  return Float64Array.from({ length: bins + 1 }, (_, edge) => (edge === bins ? 1 : edge * (1 / bins)));
}

/** Edges of bins of about the same number of images: quantiles of the stated probabilities; equal ones share a bin. */
export function equalMassEdges(stated: Float64Array, bins: number): Float64Array {
  checkBins(bins);
  const rising = stated.toSorted();
  return equalWidthEdges(bins).map((part) => quantile(rising, part));
}

/** The bin of every statement: the number of inner edges below it, as numpy's `searchsorted`. */
function assignBins(stated: Float64Array, edges: Float64Array): Uint32Array {
  const inner = edges.subarray(1, -1);
  return Uint32Array.from(stated, (value) => {
    let low = 0;
    let high = inner.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (inner[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

interface BinSums {
  readonly bins: Uint32Array;
  readonly stated: Float64Array;
  readonly happened: Uint32Array;
}

function sumBins({ stated, happened }: Statements, edges: Float64Array): BinSums {
  const sums = {
    bins: assignBins(stated, edges),
    stated: new Float64Array(edges.length - 1),
    happened: new Uint32Array(edges.length - 1),
  };
  sums.bins.forEach((bin, image) => {
    sums.stated[bin]! += stated[image]!;
    if (happened[image]) sums.happened[bin]! += 1;
  });
  return sums;
}

/** The bins that hold images, as scikit-learn's `calibration_curve`; `groups` says which images belong together. */
export function reliabilityBins(
  statements: Statements,
  edges: Float64Array,
  groups: ImageGroups = separateGroups(statements.stated.length),
): readonly ReliabilityBin[] {
  const { bins, stated } = sumBins(statements, edges);
  return Array.from(stated, (sum, bin) => {
    const happened = proportion(
      Array.from(bins, (own, image) => (own === bin ? statements.happened[image]! : null)),
      groups,
    );
    return { low: edges[bin]!, high: edges[bin + 1]!, stated: sum / happened.of, happened };
  }).filter((bin) => bin.happened.of > 0);
}

/**
 * The expected calibration error in [0, 1]: the distance between stated and observed frequency of a bin, averaged over the images
 * (Naeini, Cooper and Hauskrecht 2015). Chance alone makes it larger than 0, the more the fewer images a bin has.
 */
export function expectedCalibrationError(statements: Statements, edges: Float64Array): number {
  const { stated, happened } = sumBins(statements, edges);
  return stated.reduce((total, sum, bin) => total + Math.abs(sum - happened[bin]!), 0) / statements.stated.length;
}
