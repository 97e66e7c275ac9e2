/** `naevus/runs`: run folders: followed while they are trained in, read afterwards, and asked for the predictions behind their figures. */
import "../../node-version.ts";

export type { Selection, SelectionOptions } from "../../run/data/judged-images.ts";
export type { PairOptions } from "../../run/data/near-duplicate-pairs.ts";
export type { JudgedImages } from "../../run/evaluate.ts";
export { readEvaluation } from "../../run/folder/evaluation-file.ts";
export { type FollowedEvent, type FollowOptions, followRun as follow } from "../../run/folder/follow-run.ts";
export type { RunConfig } from "../../run/folder/run-config.ts";
export type { Stopwatch } from "../../stopwatch.ts";
export type { BatchLoader, BatchLoaderOptions, OpenLoader, ReadImages } from "../../training/batch-loader.ts";
export type { Batch, BatchJob, BatchPreparation, BatchRecipe } from "../../training/batches.ts";
export type { ResolvedSettings } from "../../training/fit.ts";
export type { ImbalanceName } from "../../training/imbalance.ts";
export type { Progress } from "../../training/progress.ts";
export type { ScheduleName, ScheduleNumbers } from "../../training/schedule.ts";
export { parseSettings } from "../../training/settings/parse.ts";
export { type RecipeName, recipeNames } from "../../training/settings/recipe-names.ts";
export { type Recipe, type RecipeSettings, recipes } from "../../training/settings/recipes.ts";
export type { Aspect, Entries as SettingEntries, SettingName, SettingThat } from "../../training/settings/schema.ts";
export type { StepReport, ValidationFigures } from "../../training/train.ts";
export type { Companions } from "../../training/training-state.ts";
export { judge } from "../evaluate.ts";
