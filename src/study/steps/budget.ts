/** What a time budget allows: folds and epochs of each part of a study, and at which resolution, from speeds measured before. */

/** What is cross-validated in one stage. */
export interface Stage {
  /** Configurations that are trained on every fold, each time the folds are repeated. */
  readonly configurations: number;
  readonly imagesPerSecond: number;
}

/** What a budget of minutes is planned from. */
export interface BudgetOptions {
  readonly minutes: number;
  /** Seconds that the steps before took. */
  readonly spentSeconds: number;
  /** Training images, all folds together. */
  readonly images: number;
  /** Images per second of the notebook's network at its own resolution. */
  readonly officialSpeed: number;
  /** Comparisons of augmentation and imbalance, with the first network. */
  readonly comparison: Stage;
  /** Recipes with the larger network. */
  readonly recipes: Stage;
  /** The most folds that the data allow. */
  readonly mostFolds: number;
}

/** What the time of a study is spent on. */
export interface BudgetPlan {
  readonly minutes: number;
  readonly folds: number;
  /** How often the folds are trained, each time with other seeds. */
  readonly repetitions: number;
  /** Of the notebook's network on the data as published. */
  readonly officialEpochs: number;
  readonly comparisonEpochs: number;
  /** 0 where a single one of all recipes would take longer than the whole budget: they are left out. */
  readonly recipeEpochs: number;
  /** Seconds that the trainings should take. */
  readonly trainingSeconds: number;
  /** Whether even the least that makes sense takes longer than the budget. */
  readonly overrun: boolean;
}

/** Of the time that is left, at most this part goes to the notebook's network on the data as published. */
const officialShare = 0.25;

/** Parts of the time that is left after that. What they leave is for judging, the report, and speeds lower than measured. */
const shares = { comparison: 0.37, recipes: 0.38, final: 0.13 } as const;

/** Judging, resampling and drawing the report take about so long whatever the budget. */
const judgingSeconds = 12;

/** Of a budget that reading the data uses up, this part is taken for training all the same. */
const leastPart = 0.25;

/** Below, a comparison says more about the first epochs than about what is compared. */
const enoughEpochs = 12;
/** Beyond, a network of this size trained from scratch on some thousand images no longer gains. */
const mostEpochs = { official: 20, comparison: 40, recipes: 80 } as const;

/** Judging an image costs about a third of learning from it: forward, without backward. */
const judging = 1 / 3;

/** What an epoch of all K folds costs, in training images: each fold is trained on all others and evaluated after each epoch. */
const workOf = (folds: number): number => folds - 1 + judging;

/**
 * Prefers enough epochs over more folds, more folds over more epochs than enough, and as many epochs as are of use over training
 * every fold again with another seed.
 */
export function planBudget({
  minutes,
  spentSeconds,
  images,
  comparison,
  recipes,
  officialSpeed,
  mostFolds,
}: BudgetOptions): BudgetPlan {
  const limited = (epochs: number, most: number): number => Math.max(1, Math.min(epochs, most));
  const whole = Math.max(leastPart * minutes * 60, minutes * 60 - spentSeconds - judgingSeconds);
  const officialEpochs = limited(Math.floor((officialShare * whole * officialSpeed) / images), mostEpochs.official);
  const officialSeconds = (images * officialEpochs) / officialSpeed;
  const seconds = Math.max(0, whole - officialSeconds);
  const epochsOf = (
    share: number,
    { configurations, imagesPerSecond }: Stage,
    folds: number,
    repetitions = 1,
  ): number =>
    Math.floor((share * seconds * imagesPerSecond) / (configurations * repetitions * workOf(folds) * images));
  const choices = [5, 4, 3, 2].filter((folds) => folds <= Math.max(2, mostFolds));
  const folds = choices.find((count) => epochsOf(shares.comparison, comparison, count) >= enoughEpochs) ?? 2;
  const repetitions =
    [4, 3, 2].find(
      (count) =>
        epochsOf(shares.comparison, comparison, folds, count) >= mostEpochs.comparison &&
        epochsOf(shares.recipes, recipes, folds, count) >= mostEpochs.recipes,
    ) ?? 1;
  const comparisonEpochs = limited(epochsOf(shares.comparison, comparison, folds, repetitions), mostEpochs.comparison);
  // The final model learns from all images for as many epochs as its recipe was judged with.
  const finalEpochs = Math.floor((shares.final * seconds * recipes.imagesPerSecond) / images);
  const possible = limited(
    Math.min(epochsOf(shares.recipes, recipes, folds, repetitions), Math.max(finalEpochs, 1)),
    mostEpochs.recipes,
  );
  const cost = ({ configurations, imagesPerSecond }: Stage, epochs: number): number =>
    (configurations * repetitions * workOf(folds) * images * epochs) / imagesPerSecond;
  const recipeEpochs = cost(recipes, 1) > minutes * 60 ? 0 : possible;
  const trainingSeconds =
    officialSeconds +
    cost(comparison, comparisonEpochs) +
    cost(recipes, recipeEpochs) +
    (images * comparisonEpochs) / comparison.imagesPerSecond +
    (images * recipeEpochs) / recipes.imagesPerSecond;
  return {
    minutes,
    folds,
    repetitions,
    officialEpochs,
    comparisonEpochs,
    recipeEpochs,
    trainingSeconds,
    overrun: trainingSeconds > minutes * 60,
  };
}

/** Epochs below which the resolution is lowered rather than the epochs. */
const fewestEpochs = 3;

/** Pixels of a side to which the images are reduced where time is short, one after the other. */
const reducedSizes = [128, 96, 64] as const;

/**
 * The side in pixels at which recipes are compared: undefined for the networks' own, or the largest smaller one that leaves enough
 * epochs, taking the time of an image to grow with its area.
 */
export function workingSize(
  options: BudgetOptions,
  native: { readonly comparison: number; readonly recipes: number },
): number | undefined {
  const at = (stage: Stage, own: number, size: number): Stage => ({
    ...stage,
    imagesPerSecond: stage.imagesPerSecond * Math.max(1, own / size) ** 2,
  });
  const isEnough = (size: number | undefined): boolean => {
    const { comparisonEpochs, recipeEpochs } = planBudget(
      size === undefined
        ? options
        : {
            ...options,
            comparison: at(options.comparison, native.comparison, size),
            recipes: at(options.recipes, native.recipes, size),
          },
    );
    return Math.min(comparisonEpochs, recipeEpochs) >= fewestEpochs;
  };
  return isEnough(undefined) ? undefined : (reducedSizes.find(isEnough) ?? reducedSizes.at(-1));
}
