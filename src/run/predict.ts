/** Judges single image files with a run's model, or with those of several runs as an ensemble. */

import { type FoundImage, imagesBelow } from "../dataset/images-below.ts";
import { forEachBounded } from "../disk/bounded.ts";
import { folderExists } from "../disk/files.ts";
import { ImageError } from "../errors.ts";
import { decodeImage } from "../image/decoding/decode.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import type { Runs } from "./folder/runs.ts";
import {
  ensembleFields,
  type JudgingOptions,
  type ModelGroup,
  type OpenedModels,
  openModels,
} from "./models/open-models.ts";

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

/** Predictions for single images, and what made them. */
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

/** Predictions that are made as they are asked for, a block of images at a time. */
export interface PredictionStream extends Omit<Predictions, "predictions"> {
  /** To be read to its end or broken off, which frees the models. */
  readonly predictions: AsyncIterable<Prediction>;
}

/** Paths of images, and of folders that stand for all images below them. */
export type ImagePaths = readonly string[] | AsyncIterable<string>;

/** Images that are decoded and judged at once. */
const block = 32;
const decodedAtOnce = 4;

/** How images are judged. */
export type PredictOptions = JudgingOptions & {
  /** Millions of pixels of the largest image that is opened; default 100. */
  readonly maxPixels?: number | undefined;
};

/**
 * Predicts the class of every image: of files, and of all images below folders. One that cannot be read gives an entry with its error
 * and does not stop the others. Several runs, or the folder of a cross-validation, judge as an ensemble: by the mean of their
 * probabilities.
 *
 * Throws RunError where a run has no model or their classes differ, ModelError where one is damaged.
 */
export async function predict(runs: Runs, images: ImagePaths, options: PredictOptions = {}): Promise<Predictions> {
  const { predictions: stream, ...description } = await streamPredictions(runs, images, options);
  const predictions: Prediction[] = [];
  for await (const prediction of stream) predictions.push(prediction);
  return { ...description, predictions };
}

/** As {@link predict}, for more images than memory holds. */
export async function streamPredictions(
  runs: Runs,
  images: ImagePaths,
  { maxPixels, ...options }: PredictOptions = {},
): Promise<PredictionStream> {
  const models = await openModels(runs, options);
  const { classes, origin } = models;
  return {
    runs: typeof runs === "string" ? [runs] : runs,
    ...ensembleFields(models),
    classes,
    origin,
    predictions: judgeImages(models, images, maxPixels),
  };
}

async function* judgeImages(
  models: OpenedModels,
  images: ImagePaths,
  maxPixels: number | undefined,
): AsyncGenerator<Prediction> {
  try {
    const judge = (some: readonly FoundImage[]) => withPixelLimit(maxPixels, () => judgeBlock(models, some));
    const files: FoundImage[] = [];
    for await (const file of findImages(images)) {
      files.push(file);
      if (files.length === block) yield* await judge(files.splice(0));
    }
    yield* await judge(files);
  } finally {
    await models.dispose();
  }
}

async function* findImages(paths: ImagePaths): AsyncGenerator<FoundImage> {
  for await (const path of paths) {
    if (await folderExists(path)) yield* imagesBelow(path);
    else yield { image: path };
  }
}

async function judgeBlock(
  { groups, classes, count }: OpenedModels,
  files: readonly FoundImage[],
): Promise<Prediction[]> {
  const errors = new Map<number, string>();
  for (const [i, file] of files.entries()) if ("error" in file) errors.set(i, file.error);
  const sum = new Float64Array(files.length * classes.length);
  for (const group of groups) await addGroup(group, files, sum, errors);
  return files.map(({ image }, i) => {
    const error = errors.get(i);
    if (error !== undefined) return { image, error };
    const own = Array.from(sum.subarray(i * classes.length, (i + 1) * classes.length), (value) => value / count);
    const probability = Math.max(...own);
    return {
      image,
      class: classes[own.indexOf(probability)]!,
      probability,
      probabilities: Object.fromEntries(classes.map((name, label) => [name, own[label]!])),
    };
  });
}

/** Adds a group's probabilities of each file to its row of `sum`, or says in `errors` why it could not be decoded; those named there stay. */
async function addGroup(
  { imageSize, geometry, resampling, models }: ModelGroup,
  files: readonly FoundImage[],
  sum: Float64Array,
  errors: Map<number, string>,
): Promise<void> {
  const decoded = new Map<number, Uint8Array>();
  await forEachBounded(files, decodedAtOnce, async ({ image }, i) => {
    if (errors.has(i)) return;
    try {
      decoded.set(i, await decodeImage(image, imageSize, geometry, resampling));
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
