/** What a comparison of recipes shows in words: whether a difference is more than chance, and what choosing the best does to its figure. */

import type { ComparedRecipe, Comparison } from "../study-report.ts";
import { percent, plural } from "./notation.ts";

/** A difference of proportions in points, without its sign. */
export const points = (value: number): string => `${Math.abs(value * 100).toFixed(1)} points`;

export const chosenOf = ({ recipes, chosen }: Comparison): ComparedRecipe =>
  recipes.find(({ name }) => name === chosen)!;

/** How large a difference must be to be told from chance, as a sentence; empty where nothing was compared. */
export function visibleInWords({ visible, trainings }: Comparison): string {
  if (visible === null) return "";
  const each = `With ${plural(trainings, "training")} of each recipe, every one with another seed,`;
  return visible >= 1
    ? `${each} no difference can be told from chance.`
    : `${each} only differences above ${points(visible)} can be told from other seeds and other images ` +
        "(95 %, for all comparisons of this study together).";
}

/** By how much the chosen recipe is better than the first one, and whether that is more than chance; undefined where the first is chosen. */
export function gainInWords(comparison: Comparison, than: string): string | undefined {
  const { difference } = chosenOf(comparison);
  if (difference === null || difference.value === null) return undefined;
  return (
    `${points(difference.value)} of balanced accuracy more than ${than}, ` +
    (difference.distinguishable ? "which is more than chance explains" : "which may be chance")
  );
}

/** What choosing the best does to its own figure, as a sentence. */
export function optimismInWords(comparison: Comparison): string {
  const { choice, optimism } = comparison;
  const { balancedAccuracy } = chosenOf(comparison);
  return (
    `The chosen recipe's figure is flattered by being the best of ${choice}` +
    (optimism >= 0.0005
      ? `: where the best is chosen on the other folds, it scores ${percent((balancedAccuracy.value ?? 0) - optimism)}, ${points(optimism)} less (a rough estimate).`
      : ", although the best as chosen on the other folds does not score less here.")
  );
}
