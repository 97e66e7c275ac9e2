/** Bootstrap intervals of any statistic of images that come in groups, such as several photographs of one lesion. */

import { EvaluationError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { type GroupLabels, numberGroups } from "../image-groups.ts";
import type { Counts } from "../ranking.ts";
import { percentileTail } from "./percentile-tail.ts";
import type { Interval } from "./proportion.ts";
import { quantile } from "./quantile.ts";

/** A number, or any nesting of arrays and objects of numbers; NaN where a figure is not defined. */
export type Figures = number | readonly Figures[] | { readonly [name: string]: Figures };

/** A figure with its 95 % interval. */
export interface Estimate {
  /** The statistic of the data themselves; null where it is not defined. */
  readonly value: number | null;
  /** The 95 % interval; null where it is not defined. */
  readonly interval: Interval | null;
}

/** What resamples tell of a statistic. */
export interface Resampled extends Estimate {
  /** Null where fewer than 90 % of the resamples define it, or there are fewer than two groups; so is the interval. */
  readonly standardError: number | null;
}

/** The same nesting with an estimate in the place of each number. */
export type Estimates<T, E = Estimate> = T extends number ? E : { readonly [Name in keyof T]: Estimates<T[Name], E> };

/** What a bootstrap over groups needs. */
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
function replace(figures: Figures, estimates: Iterator<Resampled>): unknown {
  if (typeof figures === "number") return estimates.next().value;
  if (Array.isArray(figures)) return figures.map((part) => replace(part, estimates));
  return Object.fromEntries(Object.entries(figures).map(([name, part]) => [name, replace(part, estimates)]));
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1));
}

/**
 * Estimates a statistic with 95 % intervals by drawing whole groups with replacement (Field and Welsh 2007, "Bootstrapping
 * clustered data"), so that ten photographs of one lesion do not count as ten lesions.
 *
 * The interval is the expanded percentile interval, which suits figures in the midst of their range. Simulated
 * with 100 lesions of unequal numbers of photographs (scripts/references/bootstrap_coverage.py), plain percentiles held the truth of
 * most figures as often as BCa's, at a quarter of the work. Of figures near an end of their range, of skewed ones such as the Brier score, and of a
 * handful of images no percentile tells enough: see `boundedInterval`. Nor of statistics that chance can only raise, such as the ECE (74 %; state
 * it without).
 *
 * @throws EvaluationError for groups that do not fit or fewer than 40 replicates
 */
export function clusterBootstrap<T extends Figures>({
  groups: labels,
  statistic,
  replicates = 1000,
  random,
}: BootstrapOptions<T>): Estimates<T, Resampled> {
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

  const tail = percentileTail(groups.count);
  const estimates = values.map((value, index): Resampled => {
    if (!Number.isFinite(value)) return { value: null, interval: null, standardError: null };
    const defined = drawn[index]!.filter(Number.isFinite).sort();
    if (groups.count < 2 || defined.length < DEFINED_SHARE * replicates) {
      return { value, interval: null, standardError: null };
    }
    return {
      value,
      interval: [quantile(defined, tail), quantile(defined, 1 - tail)],
      // Resamples of n groups vary by sqrt((n - 1) / n) of what samples do.
      standardError: deviation(defined) * Math.sqrt(groups.count / (groups.count - 1)),
    };
  });
  return replace(figures, estimates.values()) as Estimates<T, Resampled>;
}
