/** What the audit says of source confounds, as warnings. */

import type { StudyReport } from "../study-report.ts";
import { list, percent } from "./notation.ts";

/** Of a class known from its archive alone. */
const farAboveChance = 1.5;

/** Sentences about what tells the classes apart without looking at a lesion; none where nothing does. */
export function confoundWarnings({ confounds, classes }: StudyReport["data"]): readonly string[] {
  const warnings: string[] = [];
  const trivial = confounds?.evidence.at(-1);
  if (trivial !== undefined && trivial.pValue <= 0.05 && trivial.balancedAccuracy > trivial.permuted) {
    warnings.push(
      `A model that never looks at a lesion, only at ${trivial.evidence === "all of these together" ? "colours, borders, light and files" : trivial.evidence}, reaches a balanced ` +
        `accuracy of ${percent(trivial.balancedAccuracy)}, where guessing gives ${percent(trivial.chance)}. Part of what any model learns from these data may be the camera or the archive.`,
    );
  }
  const ids = confounds?.ids;
  if (ids && ids.balancedAccuracy > farAboveChance * ids.chance) {
    const apart = classesApart(
      ids.ranges.map(({ counts }) => counts),
      classes.map(({ name }) => name),
    );
    warnings.push(
      `The range of an image's archive id alone predicts the class with a balanced accuracy of ${percent(ids.balancedAccuracy)} (guessing: ${percent(ids.chance)}), ` +
        `because the classes come from different archives${apart.length > 0 ? `, above all ${list(apart)}` : ""}.`,
    );
  }
  return warnings;
}

/** Classes that share less than half of their id ranges with all others: the sum over the ranges of the smaller part is below 0.5. */
function classesApart(ranges: readonly (readonly number[])[], names: readonly string[]): string[] {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const all = sum(ranges.map(sum));
  return names.filter((_, label) => {
    const own = sum(ranges.map((counts) => counts[label]!));
    if (own === 0 || own === all) return false;
    const shared = ranges.map((counts) => Math.min(counts[label]! / own, (sum(counts) - counts[label]!) / (all - own)));
    return sum(shared) < 0.5;
  });
}
