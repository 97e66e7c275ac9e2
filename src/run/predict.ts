/** Judges single image files with a run's model, or with those of several runs as an ensemble. */
import { forEachBounded } from "../bounded.ts";
import { decodeImage, ImageError } from "../image/decode.ts";
import { ensembleFields, type JudgingOptions, type ModelGroup, openModels, type Runs } from "./open-models.ts";

/** The most probable class of an image with all probabilities, or why the image could not be judged. */
export type Prediction =
  | {
      readonly image: string;
      readonly class: string;
      readonly probability: number;
      /** By class name. */
      readonly probabilities: Readonly<Record<string, number>>;
    }
  | { readonly image: string; readonly error: string };

export interface Predictions {
  /** As they were given. */
  readonly runs: readonly string[];
  /** Models whose mean probabilities these are; absent for one. */
  readonly models?: number;
  /** Views of each image over which a model's probabilities were averaged; absent for one. */
  readonly views?: number;
  readonly classes: readonly string[];
  /** `phantom`: a model was trained on drawn images, not on photographs. */
  readonly origin: "folder" | "phantom";
  /** In the order of the images. */
  readonly predictions: readonly Prediction[];
}

/** Images that are decoded and judged at once. */
const block = 32;
const decodedAtOnce = 4;

/**
 * Predicts the class of every image file. An image that cannot be decoded gives an entry with its error and does not stop
 * the others. Several runs, or the folder of a cross-validation, judge as an ensemble: by the mean of their probabilities.
 *
 * Throws RunError where a run has no model or their classes differ, ModelError where one is damaged.
 */
export async function predict(
  runs: Runs,
  images: readonly string[],
  options: JudgingOptions = {},
): Promise<Predictions> {
  const models = await openModels(runs, options);
  const { classes, origin, count } = models;
  try {
    const predictions: Prediction[] = [];
    for (let start = 0; start < images.length; start += block) {
      const files = images.slice(start, start + block);
      const errors = new Map<number, string>();
      const sum = new Float64Array(files.length * classes.length);
      for (const group of models.groups) await addGroup(group, files, sum, errors);
      files.forEach((image, i) => {
        const error = errors.get(i);
        if (error !== undefined) {
          predictions.push({ image, error });
          return;
        }
        const own = Array.from(sum.subarray(i * classes.length, (i + 1) * classes.length), (value) => value / count);
        const probability = Math.max(...own);
        predictions.push({
          image,
          class: classes[own.indexOf(probability)]!,
          probability,
          probabilities: Object.fromEntries(classes.map((name, label) => [name, own[label]!])),
        });
      });
    }
    return {
      runs: typeof runs === "string" ? [runs] : runs,
      ...ensembleFields(models),
      classes,
      origin,
      predictions,
    };
  } finally {
    await models.dispose();
  }
}

/** Adds a group's probabilities of each file to its row of `sum`, or says in `errors` why it could not be decoded. */
async function addGroup(
  { imageSize, geometry, resampling, models }: ModelGroup,
  files: readonly string[],
  sum: Float64Array,
  errors: Map<number, string>,
): Promise<void> {
  const decoded = new Map<number, Uint8Array>();
  await forEachBounded(files, decodedAtOnce, async (file, i) => {
    try {
      decoded.set(i, await decodeImage(file, imageSize, geometry, resampling));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      errors.set(i, error.message);
    }
  });
  const rows = [...decoded.keys()].sort((a, b) => a - b);
  const imageBytes = imageSize * imageSize * 3;
  const input = new Uint8Array(rows.length * imageBytes);
  rows.forEach((file, row) => {
    input.set(decoded.get(file)!, row * imageBytes);
  });
  for (const model of models) {
    const probabilities = await model.probabilities(input, rows.length);
    const width = model.classes.length;
    rows.forEach((file, row) => {
      for (let c = 0; c < width; c++) sum[file * width + c]! += probabilities[row * width + c]!;
    });
  }
}
