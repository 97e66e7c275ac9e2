/** The same figures for parts of the images, such as ages, sexes or sites, where a part is large enough to speak of. */

import { EvaluationError } from "../../errors.ts";
import { ratesAtThreshold, type ScoredImages } from "../decisions/operating-point.ts";
import { type GroupLabels, type ImageGroups, numberGroups } from "../image-groups.ts";
import type { Estimate } from "../intervals/cluster-bootstrap.ts";
import { meanInterval } from "../intervals/mean-of-proportions.ts";
import { type Proportion, proportion } from "../intervals/proportion.ts";
import { checkPredictions, type Predictions } from "../predictions.ts";
import { type DiagnosticRates, recallsByClass } from "../scores/diagnostic-rates.ts";
import { verdicts } from "../verdicts.ts";

/** A question with its threshold, asked of every part. */
export interface SubgroupTest extends ScoredImages {
  readonly name: string;
  readonly threshold: number;
}

/** Predictions, and the groupings to divide them by. */
export interface SubgroupOptions extends Predictions {
  /** A name per image for each grouping, such as { sex: ["female", "male", null, …] }; null: not known. */
  readonly groupings: { readonly [grouping: string]: readonly (string | null)[] };
  /** Images of one lesion have the same label. */
  readonly groups: GroupLabels;
  /** Parts with fewer images are counted, and nothing else is said of them. */
  readonly minimum?: number;
  readonly tests?: readonly SubgroupTest[];
}

/** The figures of one subgroup. */
export interface SubgroupFigures {
  readonly accuracy: Proportion;
  /** Over the classes that have images in this part, which differ between parts: look at `classes` before comparing. */
  readonly balancedAccuracy: Estimate;
  readonly classes: readonly string[];
  readonly tests: readonly (DiagnosticRates & { readonly name: string; readonly threshold: number })[];
}

/** One part of a grouping, such as female. */
export interface Subgroup {
  /** Null: the images of which this is not known. */
  readonly name: string | null;
  readonly images: number;
  /** Lesions, or whatever the groups are. */
  readonly groups: number;
  /** Null where there are too few images. */
  readonly figures: SubgroupFigures | null;
}

/** A grouping, such as sex, with its parts. */
export interface Subgrouping {
  readonly grouping: string;
  /** The fewest images of which figures are stated. */
  readonly minimum: number;
  /** By falling number of images; unknown comes last. */
  readonly subgroups: readonly Subgroup[];
}

/** The fewest images unless told: Wilson's interval of 30 images is still up to 34 points wide. */
const smallestSubgroup = 30;

const pick = <T>(values: ArrayLike<T>, images: readonly number[]): T[] => images.map((image) => values[image]!);

/** The images of every name. */
function membersByName(names: readonly (string | null)[]): readonly (readonly [string | null, readonly number[]])[] {
  const members = new Map<string | null, number[]>();
  names.forEach((name, image) => {
    const known = members.get(name);
    if (known) known.push(image);
    else members.set(name, [image]);
  });
  return [...members].sort(
    ([left, ofLeft], [right, ofRight]) =>
      Number(left === null) - Number(right === null) ||
      ofRight.length - ofLeft.length ||
      (String(left) < String(right) ? -1 : 1),
  );
}

/** Judges the parts of every grouping. Throws {@link EvaluationError} where a grouping does not name every image, or for bad predictions. */
export function judgeSubgroups({
  groupings,
  groups,
  minimum = smallestSubgroup,
  tests = [],
  ...predictions
}: SubgroupOptions): readonly Subgrouping[] {
  checkPredictions(predictions);
  if (!Number.isInteger(minimum) || minimum < 1) {
    throw new EvaluationError(`subgroups: expected a minimum of at least one image, got ${minimum}`);
  }
  const { classes, truth } = predictions;
  numberGroups(groups, truth.length);
  const said = verdicts(predictions);

  const judge = (images: readonly number[], lesions: ImageGroups): SubgroupFigures => {
    const own = { truth: pick(truth, images), predicted: pick(said.predicted, images) };
    const recalls = recallsByClass(classes, own, lesions);
    const tested = recalls.filter(({ of }) => of > 0);
    return {
      accuracy: proportion(pick(said.correct, images), lesions),
      balancedAccuracy: {
        value: tested.reduce((total, { value }) => total + value!, 0) / tested.length,
        interval: meanInterval(recalls),
      },
      classes: classes.filter((_, label) => recalls[label]!.of > 0),
      tests: tests.map(({ name, threshold, positive, scores: all }) => ({
        name,
        threshold,
        ...ratesAtThreshold({ positive: pick(positive, images), scores: pick(all, images) }, threshold, lesions),
      })),
    };
  };

  return Object.entries(groupings).map(([grouping, names]) => {
    if (names.length !== truth.length) {
      throw new EvaluationError(
        `subgroups: ${grouping}: expected one name per image, got ${names.length} for ${truth.length} images`,
      );
    }
    const subgroups = membersByName(names).map(([name, images]) => {
      const lesions = numberGroups(pick(groups, images), images.length);
      return {
        name,
        images: images.length,
        groups: lesions.count,
        figures: images.length < minimum ? null : judge(images, lesions),
      };
    });
    return { grouping, minimum, subgroups };
  });
}
