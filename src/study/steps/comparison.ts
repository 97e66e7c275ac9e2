/** Cross-validated recipes beside each other: their figures with intervals, and which differences are more than chance. */
import { compareRecipes, optimismOfBest } from "../../evaluation/comparison/recipe-comparison.ts";
import { Random } from "../../random.ts";
import type { ComparedRecipe, Comparison } from "../study-report.ts";
import { bestOf, type CrossValidated, outOfFoldClasses, type TrainingFolds } from "./cross-validated.ts";
import { judgeCurve, meanCurve } from "./learning-curve.ts";

/**
 * Compares recipes with the first of them.
 *
 * @param choice all recipes that the best was chosen from, those of earlier comparisons included
 * @param families comparisons of the whole study, for all of which together the error rate holds
 */
export function comparison(
  recipes: readonly CrossValidated[],
  training: TrainingFolds,
  {
    choice,
    families,
    seed,
  }: { readonly choice: readonly CrossValidated[]; readonly families: number; readonly seed: number },
): Comparison {
  const { balancedAccuracy, differences, visible, trainings } = compareRecipes({
    ...training,
    recipes: recipes.map((one) => outOfFoldClasses(one, training)),
    families,
    random: Random.of(seed),
  });
  const { classes, truth } = training;
  const frequencies = classes.map((_name, label) => truth.filter((own) => own === label).length);
  return {
    recipes: recipes.map(
      ({ histories, logits: _, ...figures }, i): ComparedRecipe => ({
        ...figures,
        balancedAccuracy: balancedAccuracy[i]!,
        curve: judgeCurve(meanCurve(histories), Math.max(...frequencies) / truth.length),
        difference: differences[i - 1] ?? null,
      }),
    ),
    chosen: bestOf(recipes).name,
    trainings,
    visible,
    choice: choice.length,
    optimism: optimismOfBest(
      training,
      choice.map((one) => outOfFoldClasses(one, training)),
    ),
  };
}

/** A comparison's chosen recipe with nothing beside it. */
export function chosenAlone(comparison: Comparison, name: string): Comparison {
  const chosen = comparison.recipes.find((one) => one.name === comparison.chosen)!;
  return { ...comparison, recipes: [{ ...chosen, name, difference: null }], chosen: name, visible: null };
}
