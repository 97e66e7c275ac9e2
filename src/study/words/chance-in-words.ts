/** What a comparison of recipes shows in words: whether a difference is more than chance, and what choosing the best does to its figure. */

import type { ComparedRecipe, Comparison } from "../study-report.ts";
import { percent, plural } from "./notation.ts";

/** A difference of proportions in points, without its sign. */
export const points = (value: number): string => `${Math.abs(value * 100).toFixed(1)} points`;

/** The recipe that was chosen. */
export const chosenOf = ({ recipes, chosen }: Comparison): ComparedRecipe =>
  recipes.find(({ name }) => name === chosen)!;

/** How large a difference must be to be told from chance, as a sentence; empty where nothing was compared. */
export function visibleInWords({ visible, trainings }: Comparison): string {
  if (visible === null) return "";
  const each = `With ${plural(trainings, "training")} of each recipe, each with its own seed,`;
  return visible >= 1
    ? `${each} no difference can be distinguished from chance.`
    : `${each} only differences above ${points(visible)} exceed the variation between seeds and images ` +
        "(95 %, for all comparisons of this study together).";
}

/** By how much the chosen recipe's balanced accuracy is above the first one's, and whether that is more than chance; undefined where the first is chosen. */
export function gainInWords(comparison: Comparison, than: string): string | undefined {
  const { difference } = chosenOf(comparison);
  if (difference === null || difference.value === null) return undefined;
  return (
    `${points(difference.value)} higher than ${than}, ` +
    (difference.distinguishable ? "which is more than chance explains" : "which may be chance")
  );
}

/** What choosing the best does to its own figure, as a sentence. */
export function optimismInWords(comparison: Comparison): string {
  const { choice, optimism } = comparison;
  const { balancedAccuracy } = chosenOf(comparison);
  return (
    `Choosing the best of ${plural(choice, "recipe")} inflates its figure` +
    (optimism >= 0.0005
      ? `: a recipe chosen on the other folds scores ${percent((balancedAccuracy.value ?? 0) - optimism)}, ${points(optimism)} less (a rough estimate).`
      : ", although here a recipe chosen on the other folds scores no less.")
  );
}
