/** The names of the recipes, with what each is in words. */
const recipeWords = {
  keras: "the course notebook's own choices",
  fast: "a residual network with augmentation, CutMix and averaged weights, for the highest accuracy in an hour or less",
} as const;

/** The name of a recipe. */
export type RecipeName = keyof typeof recipeWords;

/** All recipes. */
export const recipeNames = Object.keys(recipeWords) as [RecipeName, ...RecipeName[]];

/** All recipes in a sentence. */
export const recipesInWords = Object.entries(recipeWords)
  .map(([name, words]) => `${name} (${words})`)
  .join(", ");
