/** Recipes: settings that go together, by name. What is given beside a recipe goes before what it says. */

import type { RecipeName } from "./recipe-names.ts";
import type { SettingsInput } from "./schema.ts";

/** What a recipe may decide. */
export type RecipeSettings = Readonly<
  Omit<
    SettingsInput,
    "recipe" | "seconds" | "epochs" | "data" | "from" | "out" | "cache" | "protocol" | "fold" | "seed"
  >
>;

/** Settings that go together. */
export interface Recipe {
  /** Epochs of it, and the most that it has where its time is limited. */
  readonly epochs: number;
  /** What it decides for so many epochs. */
  readonly settings: (epochs: number) => RecipeSettings;
}

/** Below, mixed images cost more than they give: a network has hardly seen each image by itself. */
const enoughForMixing = 30;

/** All recipes by name. */
export const recipes: { readonly [N in RecipeName]: Recipe } = {
  // Keras's defaults, and the choices of image classification with image_dataset_from_directory: bytes / 255, validation_split 0.2, Adam, 20 epochs.
  keras: {
    epochs: 20,
    settings: () => ({
      network: "notebook",
      initialization: "glorotUniform",
      optimizer: "adam",
      learningRate: 0.001,
      epsilon: 1e-7,
      schedule: "constant",
      warmupEpochs: 0,
      batch: 32,
      resampling: "linear",
      augmentation: "none",
      validation: 0.2,
      keep: "last",
    }),
  },
  fast: {
    epochs: 100,
    settings: (epochs) => ({
      network: "resnet18-w32",
      optimizer: "adamW",
      weightDecay: 0.05,
      warmupEpochs: Math.min(5, epochs / 10),
      augmentation: "standard",
      cutmix: epochs < enoughForMixing ? 0 : 1,
      averaging: 0.99,
    }),
  },
};

const isRecipe = (name: unknown): name is RecipeName => typeof name === "string" && Object.hasOwn(recipes, name);

/** Settings of an optimizer, which are of no use to another. */
const ofOptimizer: readonly string[] = ["learningRate", "weightDecay", "momentum", "beta1", "beta2", "epsilon"];

/** The settings with what their recipe says of those that are not given. A recipe that there is not is left for the check to refuse. */
export function withRecipe(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("recipe" in input) || !isRecipe(input.recipe)) return input;
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const recipe = recipes[input.recipe];
  const epochs = typeof given.epochs === "number" ? given.epochs : recipe.epochs;
  const own = { ...recipe.settings(epochs), epochs };
  const isOther = given.optimizer !== undefined && given.optimizer !== own.optimizer;
  const fitting = Object.entries(own).filter(([name]) => !(isOther && ofOptimizer.includes(name)));
  return { ...Object.fromEntries(fitting), ...given };
}
