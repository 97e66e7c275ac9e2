/** Grouped cross-validation as the library offers it: from any source of images. */
import { type CrossValidationResult, crossValidate as crossValidateFolds } from "../run/cross-validate.ts";
import type { RunContext } from "../run/run-events.ts";
import { settingsBeforeNetwork } from "../training/settings/train-settings.ts";
import { contextKinds, expectArgument, expectOptions, type OptionKinds } from "./arguments.ts";
import { type WithClassNames, withoutClassNames } from "./class-names.ts";
import { type DataSource, expectSource, listSource } from "./data-source.ts";
import { expectPlaces, refuseFunctions, separate, type TrainOptions, withFunctions } from "./own-functions.ts";

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
 * @param options settings and functions of every fold's training, as `train` takes them, a class map as an object included; `data`, `protocol` and `fold` are not read. A callback
 *   sees the events of all folds, and its "stop" ends the fold that is trained
 * @throws what `train` and `evaluate` throw; RunError where the folder holds runs with other settings
 */
export async function crossValidate(
  source: DataSource,
  options: WithClassNames<TrainOptions> = {},
  context: CrossValidateContext = {},
): Promise<CrossValidationResult> {
  const example = 'crossValidate("data/isic9", { epochs: 20 }, { folds: 5 })';
  expectSource(source, "crossValidate", example);
  expectOptions(options, "crossValidate", example);
  expectPlaces(options, context, "crossValidate");
  expectOptions(context, "crossValidate", example, crossValidateKinds);
  const { folds = 5 } = context;
  expectArgument(Number.isInteger(folds) && folds >= 2 && folds <= 100, folds, {
    of: "crossValidate: folds",
    expected: "a whole number from 2 to 100",
    example,
  });
  const { settings, functions } = separate(withoutClassNames<TrainOptions>(options, "crossValidate"), "crossValidate");
  const { classMap } = options;
  refuseFunctions(functions, settingsBeforeNetwork({ ...settings, protocol: `grouped:${folds}`, fold: 0 }));
  const told = withFunctions(context, functions);
  const data = typeof source === "string" ? source : await listSource(source);
  const result = await crossValidateFolds(data, settings, {
    ...told,
    folds,
    ...(typeof classMap === "object" && { classNames: classMap }),
  });
  await told.callback?.settled();
  return result;
}
