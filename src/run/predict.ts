/** Judges single images with a run's model, or with those of several runs as an ensemble. */

import type { ImageSource } from "../dataset/image-source.ts";
import { imagesBelow } from "../dataset/images-below.ts";
import { forEachBounded } from "../disk/bounded.ts";
import { folderExists } from "../disk/files.ts";
import { ImageError } from "../errors.ts";
import { decodeBytes, readImage } from "../image/decoding/decode.ts";
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

/** An image, and what its prediction calls it. */
export interface NamedImage {
  readonly image: ImageSource;
  /** By default its path, the name of a File, or its number among the images, such as `image 1`. */
  readonly name?: string | undefined;
}

/** Images to judge; the path of a folder stands for all images below it. */
export type JudgedSources = Iterable<ImageSource | NamedImage> | AsyncIterable<ImageSource | NamedImage>;

/** Images that are decoded and judged at once. */
const block = 32;
const decodedAtOnce = 4;

/** How images are judged. */
export type PredictOptions = JudgingOptions & {
  /** Millions of pixels of the largest image that is opened; default 100. */
  readonly maxPixels?: number | undefined;
};

/**
 * Predicts the class of every image: of files, of all images below folders, and of contents in memory. One that cannot be read gives an
 * entry with its error and does not stop the others. Several runs, or the folder of a cross-validation, judge as an ensemble: by the mean of
 * their probabilities.
 *
 * Throws RunError where a run has no model or their classes differ, ModelError where one is damaged.
 */
export async function predict(runs: Runs, images: JudgedSources, options: PredictOptions = {}): Promise<Predictions> {
  const { predictions: stream, ...description } = await streamPredictions(runs, images, options);
  const predictions: Prediction[] = [];
  for await (const prediction of stream) predictions.push(prediction);
  return { ...description, predictions };
}

/** As {@link predict}, for more images than memory holds. */
export async function streamPredictions(
  runs: Runs,
  images: JudgedSources,
  { maxPixels, ...options }: PredictOptions = {},
): Promise<PredictionStream> {
  const models = await openModels(runs, options);
  const { classes, origin } = models;
  return {
    runs: typeof runs === "string" ? [runs] : runs,
    ...ensembleFields(models),
    classes,
    origin,
    predictions: predictAndDispose(models, findImages(images), maxPixels),
  };
}

async function* predictAndDispose(
  models: OpenedModels,
  images: AsyncIterable<SourceImage>,
  maxPixels: number | undefined,
): AsyncGenerator<Prediction> {
  try {
    yield* predictEach(models, images, { maxPixels });
  } finally {
    await models.dispose();
  }
}

/** An image that is to be opened under the name that its prediction has, or why it cannot be. */
export type SourceImage = { readonly image: string } & ({ readonly source: ImageSource } | { readonly error: string });

/** Predicts image after image by models that stay open, a block at a time. `onUnread` is told of each that cannot be decoded. */
export async function* predictEach(
  models: Pick<OpenedModels, "groups" | "classes" | "count">,
  images: AsyncIterable<SourceImage>,
  { maxPixels, onUnread = () => {} }: Pick<PredictOptions, "maxPixels"> & { onUnread?: (error: ImageError) => void },
): AsyncGenerator<Prediction> {
  const judge = (some: readonly SourceImage[]) => withPixelLimit(maxPixels, () => judgeBlock(models, some, onUnread));
  const files: SourceImage[] = [];
  for await (const file of images) {
    files.push(file);
    if (files.length === block) yield* await judge(files.splice(0));
  }
  yield* await judge(files);
}

/** What an image is called that is the `number`th of those given. */
export function namedImage(given: ImageSource | NamedImage, number: number): { image: string; source: ImageSource } {
  const isNamed = typeof given === "object" && "image" in given;
  const source = isNamed ? given.image : given;
  if (isNamed && given.name !== undefined) return { image: given.name, source };
  if (typeof source === "string") return { image: source, source };
  const { name } = source as { readonly name?: unknown };
  return { image: typeof name === "string" && name !== "" ? name : `image ${number}`, source };
}

async function* findImages(given: JudgedSources): AsyncGenerator<SourceImage> {
  let number = 0;
  for await (const one of given) {
    const named = namedImage(one, ++number);
    if (typeof named.source === "string" && (await folderExists(named.source))) {
      for await (const found of imagesBelow(named.source)) {
        yield "error" in found ? found : { ...found, source: found.image };
      }
    } else yield named;
  }
}

async function judgeBlock(
  { groups, classes, count }: Pick<OpenedModels, "groups" | "classes" | "count">,
  files: readonly SourceImage[],
  onUnread: (error: ImageError) => void,
): Promise<Prediction[]> {
  const errors = new Map<number, string>();
  const note = (i: number, error: ImageError) => {
    errors.set(i, error.message);
    onUnread(error);
  };
  for (const [i, file] of files.entries()) if ("error" in file) errors.set(i, file.error);
  const sum = new Float64Array(files.length * classes.length);
  for (const group of groups) await addGroup(group, files, sum, { errors, note });
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

/** Adds a group's probabilities of each file to its row of `sum`, or notes why it could not be decoded; those that have an error are passed over. */
async function addGroup(
  { imageSize, geometry, resampling, models }: ModelGroup,
  files: readonly SourceImage[],
  sum: Float64Array,
  {
    errors,
    note,
  }: { readonly errors: ReadonlyMap<number, string>; readonly note: (i: number, error: ImageError) => void },
): Promise<void> {
  const decoded = new Map<number, Uint8Array>();
  await forEachBounded(files, decodedAtOnce, async (file, i) => {
    if ("error" in file || errors.has(i)) return;
    const { image, source } = file;
    try {
      decoded.set(i, await decodeBytes(await readImage(source, image), imageSize, image, geometry, resampling));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      note(i, error);
    }
  });
  const rows = [...decoded.keys()].sort((a, b) => a - b);
  const [height, width] = imageSize;
  const imageBytes = height * width * 3;
  const input = new Uint8Array(rows.length * imageBytes);
  rows.forEach((file, row) => {
    input.set(decoded.get(file)!, row * imageBytes);
  });
  for (const model of models) {
    const probabilities = await model.probabilities(input, rows.length);
    const classes = model.classes.length;
    rows.forEach((file, row) => {
      for (let c = 0; c < classes; c++) sum[file * classes + c]! += probabilities[row * classes + c]!;
    });
  }
}
