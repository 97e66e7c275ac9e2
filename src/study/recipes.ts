/** The recipes that a study tries, chapter by chapter: each differs in a few settings from the best one before it. */
import { policyNames } from "../image/augmentation/policy.ts";
import { imbalanceNames } from "../training/imbalance.ts";
import { firstNetwork, type Recipe } from "./steps/cross-validated.ts";
import type { PlannedBudget } from "./steps/planned-budget.ts";

/** Recipes by the names that a report gives them. */
export type NamedRecipes = readonly (readonly [name: string, recipe: Recipe])[];

/** The course notebook's network, as it is trained there. */
const asInTheNotebook = { network: firstNetwork, augmentation: "none", imbalance: "none" } as const;

/** The resolution that recipes share where the budget is short. */
const reduced = ({ imageSize }: PlannedBudget): Pick<Recipe, "imageSize"> => (imageSize === null ? {} : { imageSize });

/** Chapter 4, on the data as published. */
export const publishedRecipe = ({ officialEpochs }: PlannedBudget): Recipe => ({
  ...asInTheNotebook,
  epochs: officialEpochs,
});

/** Chapter 4, cross-validated: what all others are compared with. */
export const notebookRecipe = (budget: PlannedBudget): Recipe => ({
  ...asInTheNotebook,
  ...reduced(budget),
  epochs: budget.comparisonEpochs,
});

/** Chapter 5: every augmentation but none. */
export const augmentations = (plain: Recipe): NamedRecipes =>
  policyNames.slice(1).map((augmentation) => [augmentation, { ...plain, augmentation }]);

/** Chapter 7: everything that can be done about rare classes, with the best augmentation. */
export const balancings = (augmented: Recipe): NamedRecipes =>
  imbalanceNames.slice(1).map((imbalance) => [imbalance, { ...augmented, imbalance }]);

/** Chapter 8: the other network with the best of both, plain and regularised; none where there is no time for it. */
export function lastCandidates(
  { augmentation, imbalance }: Recipe,
  budget: PlannedBudget,
  network: Pick<Recipe, "network" | "imageSize">,
): NamedRecipes {
  if (budget.recipeEpochs === 0) return [];
  const plain: Recipe = {
    ...network,
    epochs: budget.recipeEpochs,
    augmentation,
    imbalance,
  };
  const regularised: Recipe = {
    ...plain,
    augmentation: "strong",
    optimizer: "adamW",
    weightDecay: 0.05,
    labelSmoothing: 0.1,
    mixup: 0.2,
    averaging: 0.99,
  };
  const name = budget.compared ?? "ResNet-18";
  return [
    [name, plain],
    [`${name}, regularised`, regularised],
  ];
}
