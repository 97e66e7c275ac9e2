/** Grouped cross-validation as the library offers it: from any source of images. */
import { type CrossValidationResult, crossValidate as crossValidateFolds } from "../run/cross-validate.ts";
import type { RunContext } from "../run/run-events.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { contextKinds, expectArgument, expectOptions, type OptionKinds } from "./arguments.ts";
import { type DataSource, expectSource, listSource } from "./data-source.ts";

/** Into how many folds the images are divided, and who is told of the trainings. */
export interface CrossValidateContext extends RunContext {
  /** From 2 to 100; default 5. */
  readonly folds?: number | undefined;
}

// The number of folds has a check of its own.
const crossValidateKinds: OptionKinds<CrossValidateContext> = { ...contextKinds, folds: "any" };

/**
 * Trains a model for each of K folds over all images, and evaluates it on that fold, which it was not trained on; the predictions are pooled.
 * Groups of images stay whole, so that no model is evaluated on a lesion that it was trained on, as far as lesions are known. The folds depend on
 * the data alone, not on the seed. Where `settings.out` holds an earlier cross-validation that was stopped, this goes on with it.
 *
 * ```ts
 * const { folder, evaluation } = await crossValidate("data/isic9", { epochs: 20, metadata: "metadata.csv" }, { folds: 5 });
 * ```
 *
 * @param settings those of every fold's training; `data`, `protocol` and `fold` are not read
 * @throws what `train` and `evaluate` throw; RunError where the folder holds runs with other settings
 */
export async function crossValidate(
  source: DataSource,
  settings: TrainSettings = {},
  context: CrossValidateContext = {},
): Promise<CrossValidationResult> {
  const example = 'crossValidate("data/isic9", { epochs: 20 }, { folds: 5 })';
  expectSource(source, "crossValidate", example);
  expectOptions(settings, "crossValidate", example);
  expectOptions(context, "crossValidate", example, crossValidateKinds);
  const { folds = 5 } = context;
  expectArgument(Number.isInteger(folds) && folds >= 2 && folds <= 100, folds, {
    of: "crossValidate: folds",
    expected: "a whole number from 2 to 100",
    example,
  });
  const data = typeof source === "string" ? source : await listSource(source);
  return crossValidateFolds(data, settings, { ...context, folds });
}
