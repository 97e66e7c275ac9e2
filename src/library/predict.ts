/** Predictions for images whose class nobody told. */
import type { ImageSource } from "../dataset/image-source.ts";
import type { Runs } from "../run/folder/runs.ts";
import {
  type JudgedSources,
  type NamedImage,
  type Predictions,
  type PredictOptions,
  predict as predictImages,
} from "../run/predict.ts";
import { expectArgument, expectOptions, expectRuns, isIterable, isNamedImage, type OptionKinds } from "./arguments.ts";

const predictKinds: OptionKinds<PredictOptions> = { testTimeAugmentation: "boolean", maxPixels: "megapixels" };

/**
 * Predicts the class of one image or of many: of files, of all images below folders, and of contents in memory. One that cannot be read
 * gives an entry with its error and does not stop the others. Several runs, or the folder of a cross-validation, predict as an ensemble: by the
 * mean of their probabilities. For one image after another, `loadModel` keeps the model open.
 *
 * ```ts
 * const { predictions } = await predict("runs/first", ["lesion.jpg", await readFile("other.jpg")]);
 * ```
 *
 * @throws ArgumentError; RunError where a run has no model or their classes differ; ModelError where one is damaged
 */
export async function predict(
  runs: Runs,
  images: ImageSource | NamedImage | JudgedSources,
  options: PredictOptions = {},
): Promise<Predictions> {
  const example = 'predict("runs/first", ["lesion.jpg"])';
  expectRuns(runs, "predict", example);
  const given = isNamedImage(images) ? [images] : images;
  expectArgument(isIterable(given) && (!Array.isArray(given) || given.every(isNamedImage)), images, {
    of: "predict",
    expected: "images (paths, Buffers, Blobs) or folders of images",
    example,
  });
  expectOptions(options, "predict", example, predictKinds);
  return predictImages(runs, given, options);
}
