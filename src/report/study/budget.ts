/** What a time budget allows: how many folds and epochs each part of a study gets, from speeds measured before. */

/** What is cross-validated in one stage. */
export interface Stage {
  /** Configurations that are trained on every fold. */
  readonly configurations: number;
  readonly imagesPerSecond: number;
}

export interface BudgetOptions {
  readonly minutes: number;
  /** Seconds that the steps before took. */
  readonly spentSeconds: number;
  /** Images to learn from, all folds together. */
  readonly images: number;
  /** Comparisons of augmentation and imbalance, with the first network. */
  readonly comparison: Stage;
  /** Recipes with the larger network. */
  readonly recipes: Stage;
  /** The most folds that the data allow. */
  readonly mostFolds: number;
}

export interface BudgetPlan {
  readonly minutes: number;
  readonly folds: number;
  readonly comparisonEpochs: number;
  readonly recipeEpochs: number;
  /** Seconds that the trainings should take. */
  readonly trainingSeconds: number;
  /** Whether even the least that makes sense takes longer than the budget. */
  readonly overrun: boolean;
}

/** Parts of the time that is left. What they leave is for judging, the report, and speeds that are lower than measured. */
const shares = { comparison: 0.36, recipes: 0.38, final: 0.14 } as const;

/** Judging, resampling and drawing the report take about so long whatever the budget. */
const judgingSeconds = 12;

/** Of a budget that reading the data uses up, this part is taken for training all the same. */
const leastPart = 0.25;

/** Below, a comparison says more about the first epochs than about what is compared. */
const enoughEpochs = 12;
/** Beyond, a network of this size trained from scratch on some thousand images no longer gains. */
const mostEpochs = { comparison: 40, recipes: 80 } as const;

/** Judging an image costs about a third of learning from it: forward, without backward. */
const judging = 1 / 3;

/** What an epoch of all K folds costs, in images learned from: each fold learns from all others and is judged after each epoch. */
const workOf = (folds: number): number => folds - 1 + judging;

/** Prefers enough epochs over more folds, and more folds over more epochs than enough. */
export function planBudget({
  minutes,
  spentSeconds,
  images,
  comparison,
  recipes,
  mostFolds,
}: BudgetOptions): BudgetPlan {
  const seconds = Math.max(leastPart * minutes * 60, minutes * 60 - spentSeconds - judgingSeconds);
  const epochsOf = (share: number, { configurations, imagesPerSecond }: Stage, folds: number): number =>
    Math.floor((share * seconds * imagesPerSecond) / (configurations * workOf(folds) * images));
  const choices = [5, 4, 3, 2].filter((folds) => folds <= Math.max(2, mostFolds));
  const folds = choices.find((count) => epochsOf(shares.comparison, comparison, count) >= enoughEpochs) ?? 2;
  const limited = (epochs: number, most: number): number => Math.max(1, Math.min(epochs, most));
  const comparisonEpochs = limited(epochsOf(shares.comparison, comparison, folds), mostEpochs.comparison);
  // The final model learns from all images for as many epochs as its recipe was judged with.
  const finalEpochs = Math.floor((shares.final * seconds * recipes.imagesPerSecond) / images);
  const recipeEpochs = limited(
    Math.min(epochsOf(shares.recipes, recipes, folds), Math.max(finalEpochs, 1)),
    mostEpochs.recipes,
  );
  const cost = ({ configurations, imagesPerSecond }: Stage, epochs: number): number =>
    (configurations * workOf(folds) * images * epochs) / imagesPerSecond;
  const trainingSeconds =
    cost(comparison, comparisonEpochs) +
    cost(recipes, recipeEpochs) +
    (images * comparisonEpochs) / comparison.imagesPerSecond +
    (images * recipeEpochs) / recipes.imagesPerSecond;
  return { minutes, folds, comparisonEpochs, recipeEpochs, trainingSeconds, overrun: trainingSeconds > minutes * 60 };
}
