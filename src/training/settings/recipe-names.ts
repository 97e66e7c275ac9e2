/** The name of a recipe. */
export type RecipeName = "keras" | "fast";

/** What each recipe is, in words. */
const recipeWords: Readonly<Record<RecipeName, string>> = {
  keras: "the course notebook's own choices",
  fast: "a residual network with augmentation, CutMix and averaged weights, for the highest accuracy in an hour or less",
};

/** All recipes. */
export const recipeNames = Object.keys(recipeWords) as [RecipeName, ...RecipeName[]];

/** All recipes in a sentence. */
export const recipesInWords = Object.entries(recipeWords)
  .map(([name, words]) => `${name} (${words})`)
  .join(", ");
