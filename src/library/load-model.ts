/// <reference lib="esnext.disposable" preserve="true" />
/** A model that stays open and predicts images as they come. */
import type { ImageSource } from "../dataset/image-source.ts";
import type { ImageError } from "../errors.ts";
import { loadModel as loadFile } from "../inference/model.ts";
import { testTimeAugmented } from "../inference/test-time-augmentation.ts";
import type { Runs } from "../run/folder/runs.ts";
import { groupsOf, type JudgingOptions, type OpenedModels, openModels } from "../run/models/open-models.ts";
import { type NamedImage, namedImage, predictEach, type SourceImage } from "../run/predict.ts";
import { expectArgument, expectOptions, isIterable, isNamedImage, isRuns, type OptionKinds } from "./arguments.ts";

/** A class with its probability. */
export interface ClassProbability {
  readonly class: string;
  readonly probability: number;
}

/** What a model says of an image. */
export interface ImagePrediction extends ClassProbability {
  /** What the image is called: its name, its path, or its number among those given. */
  readonly image: string;
  /** The classes by their probability, the most probable first: all of them, or as many as `top` says. */
  readonly classes: readonly ClassProbability[];
}

/** Why an image could not be judged. */
export interface UnreadImage {
  readonly image: string;
  readonly error: string;
}

/** How an open model predicts. */
export interface PredictImageOptions {
  /** How many of the most probable classes are named; default all. */
  readonly top?: number | undefined;
  /** Millions of pixels of the largest image that is opened; default 100. */
  readonly maxPixels?: number | undefined;
}

const judgingKinds: OptionKinds<JudgingOptions> = { testTimeAugmentation: "boolean" };
const predictKinds: OptionKinds<PredictImageOptions> = { top: "wholeNumber", maxPixels: "megapixels" };

/** A model, or an ensemble of models, that is open. It may predict several images at a time. */
export interface LoadedModel extends AsyncDisposable {
  /** The names of its classes. */
  readonly classes: readonly string[];
  /** `phantom`: it was trained on drawn images, not on photographs. */
  readonly origin: "folder" | "phantom";
  /** Predicts one image. Throws ImageError where it cannot be read. */
  predict(image: ImageSource | NamedImage, options?: PredictImageOptions): Promise<ImagePrediction>;
  /** Predicts many images, in their order; one that cannot be read has an entry with its error, and does not stop the others. */
  predict(
    images: Iterable<ImageSource | NamedImage> | AsyncIterable<ImageSource | NamedImage>,
    options?: PredictImageOptions,
  ): Promise<(ImagePrediction | UnreadImage)[]>;
  /** Frees the model's memory, once what is under way is done; `await using` does so at the end of a block. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a model to predict images as they come.
 *
 * ```ts
 * const model = await loadModel("runs/first");
 * const { class: name, probability } = await model.predict(await readFile("lesion.jpg"), { top: 3 });
 * await model.close();
 * ```
 *
 * @param source a run's folder or its `model.onnx`; the folder of a cross-validation or several runs, for an ensemble; or the content of a
 *   `model.onnx`
 * @throws ArgumentError; RunError where there is no model; ModelError where it is damaged
 */
export async function loadModel(source: Runs | Uint8Array, options: JudgingOptions = {}): Promise<LoadedModel> {
  const example = 'loadModel("runs/first/model.onnx")';
  expectArgument(isRuns(source) || source instanceof Uint8Array, source, {
    of: "loadModel",
    expected: "a run's folder, a model file, a list of these, or the bytes of a model file",
    example,
  });
  expectOptions(options, "loadModel", example, judgingKinds);
  return loaded(source instanceof Uint8Array ? await openBytes(source, options) : await openModels(source, options));
}

type Opened = Pick<OpenedModels, "groups" | "classes" | "count" | "origin" | "dispose">;

async function openBytes(bytes: Uint8Array, { testTimeAugmentation = false }: JudgingOptions): Promise<Opened> {
  const file = await loadFile(bytes);
  const model = testTimeAugmentation ? testTimeAugmented(file) : file;
  const { classes, metadata } = model;
  const origin = metadata.origin === "phantom" ? "phantom" : "folder";
  return { groups: groupsOf([model]), classes, count: 1, origin, dispose: () => model.dispose() };
}

function loaded(models: Opened): LoadedModel {
  const { classes, origin } = models;
  const inOrder = (values: Readonly<Record<string, number>>): ClassProbability[] =>
    classes.map((name) => ({ class: name, probability: values[name]! })).sort((a, b) => b.probability - a.probability);

  async function predictAll(
    given: Iterable<unknown> | AsyncIterable<unknown>,
    { top = classes.length, maxPixels }: PredictImageOptions,
    onUnread?: (error: ImageError) => void,
  ): Promise<(ImagePrediction | UnreadImage)[]> {
    const predictions: (ImagePrediction | UnreadImage)[] = [];
    for await (const one of predictEach(models, checkedImages(given), { maxPixels, ...(onUnread && { onUnread }) })) {
      if ("error" in one) predictions.push(one);
      else {
        const { image, class: name, probability, probabilities } = one;
        predictions.push({ image, class: name, probability, classes: inOrder(probabilities).slice(0, top) });
      }
    }
    return predictions;
  }

  const predict = async (images: unknown, options: PredictImageOptions = {}): Promise<unknown> => {
    expectOptions(options, "predict", example, predictKinds);
    if (!isNamedImage(images)) {
      expectArgument(isIterable(images), images, expectedImage);
      return predictAll(images, options);
    }
    const [prediction] = await predictAll([images], options, (error) => {
      throw error;
    });
    return prediction;
  };
  const close = () => models.dispose();
  return { classes, origin, predict: predict as LoadedModel["predict"], close, [Symbol.asyncDispose]: close };
}

const example = 'model.predict("lesion.jpg", { top: 3 })';
const expectedImage = {
  of: "predict",
  expected: "an image (a path, Buffer, Uint8Array, ArrayBuffer or Blob) or several",
  example,
};

async function* checkedImages(given: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<SourceImage> {
  let number = 0;
  for await (const one of given) {
    expectArgument(isNamedImage(one), one, expectedImage);
    yield namedImage(one as ImageSource | NamedImage, ++number);
  }
}
