/** Bootstrap intervals of any statistic of images that come in groups, such as several photographs of one lesion. */
import type { Random } from "../random.ts";
import { type GroupLabels, numberGroups } from "./image-groups.ts";
import { EvaluationError } from "./predictions.ts";
import type { Interval } from "./proportion.ts";
import { quantile } from "./quantile.ts";
import type { Counts } from "./ranking.ts";

/** A number, or any nesting of arrays and objects of numbers; NaN where a figure is not defined. */
export type Figures = number | readonly Figures[] | { readonly [name: string]: Figures };

export interface Estimate {
  /** The statistic of the data themselves; null where it is not defined. */
  readonly value: number | null;
  /** The 95 % interval; null where fewer than 90 % of the resamples define it, or there are fewer than two groups. */
  readonly interval: Interval | null;
}

/** The same nesting with an estimate in the place of each number. */
export type Estimates<T> = T extends number ? Estimate : { readonly [Name in keyof T]: Estimates<T[Name]> };

export interface BootstrapOptions<T> {
  /** One label per image; images with the same label are drawn together. */
  readonly groups: GroupLabels;
  /**
   * The figures of a resample in which every image counts as often as `counts` says (0 to many). It gets the same array every
   * time, and must return the same nesting every time.
   */
  readonly statistic: (counts: Counts) => T;
  /** Resamples, 1,000 unless told. */
  readonly replicates?: number;
  readonly random: Random;
}

/** The fewest resamples that say anything about a 2.5th percentile. */
const FEWEST_REPLICATES = 40;
const DEFINED_SHARE = 0.9;

function collect(figures: Figures, into: number[]): void {
  if (typeof figures === "number") into.push(figures);
  else for (const part of Object.values(figures)) collect(part, into);
}

/** The figures with each number replaced by the next of `estimates`. */
function replace(figures: Figures, estimates: Iterator<Estimate>): unknown {
  if (typeof figures === "number") return estimates.next().value;
  if (Array.isArray(figures)) return figures.map((part) => replace(part, estimates));
  return Object.fromEntries(Object.entries(figures).map(([name, part]) => [name, replace(part, estimates)]));
}

/**
 * Estimates a statistic with 95 % intervals by drawing whole groups with replacement (Field and Welsh 2007, "Bootstrapping
 * clustered data"), so that ten photographs of one lesion do not count as ten lesions.
 *
 * The interval is the percentile interval. Simulated with 100 lesions of unequal numbers of photographs
 * (scripts/references/bootstrap_coverage.py), it held accuracy, balanced accuracy, F1, MCC, AUROC, precision and the Brier score
 * in 93 to 95 % of 500 runs; BCa in 93 to 96 %, at up to four times the work, and the basic interval in 88 to 95 %. Two things no
 * bootstrap mends: a rate of a handful of images (88 % for five lesions; look at Wilson's interval there), and statistics that
 * chance can only raise, such as the ECE (74 %; state it without).
 *
 * @throws EvaluationError for groups that do not fit or fewer than 40 replicates
 */
export function clusterBootstrap<T extends Figures>({
  groups: labels,
  statistic,
  replicates = 1000,
  random,
}: BootstrapOptions<T>): Estimates<T> {
  const images = labels.length;
  if (images === 0) throw new EvaluationError("clusterBootstrap: expected at least one image, got none");
  if (!Number.isInteger(replicates) || replicates < FEWEST_REPLICATES) {
    throw new EvaluationError(
      `clusterBootstrap: expected at least ${FEWEST_REPLICATES} whole replicates, got ${replicates}`,
    );
  }
  const groups = numberGroups(labels, images);
  const counts: Counts = new Uint32Array(images).fill(1);
  const figures = statistic(counts);
  const values: number[] = [];
  collect(figures, values);

  const drawn = values.map(() => new Float64Array(replicates));
  const draws = new Uint32Array(groups.count);
  for (let replicate = 0; replicate < replicates; replicate++) {
    draws.fill(0);
    for (let draw = 0; draw < groups.count; draw++) draws[random.integer(groups.count)]! += 1;
    for (let image = 0; image < images; image++) counts[image] = draws[groups.of[image]!]!;
    const resampled: number[] = [];
    collect(statistic(counts), resampled);
    if (resampled.length !== values.length) {
      throw new EvaluationError(
        `clusterBootstrap: expected ${values.length} figures of every resample, got ${resampled.length}`,
      );
    }
    resampled.forEach((value, index) => {
      drawn[index]![replicate] = value;
    });
  }

  const estimates = values.map((value, index): Estimate => {
    if (!Number.isFinite(value)) return { value: null, interval: null };
    const defined = drawn[index]!.filter(Number.isFinite).sort();
    const enough = groups.count > 1 && defined.length >= DEFINED_SHARE * replicates;
    return { value, interval: enough ? [quantile(defined, 0.025), quantile(defined, 0.975)] : null };
  });
  return replace(figures, estimates.values()) as Estimates<T>;
}
