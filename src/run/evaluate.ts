/** Judges a run's model on the test images of a data set, once, and keeps the figures in the run folder. */
import { join } from "node:path";
import type { Dataset, ImageRecord } from "../dataset/dataset.ts";
import { type Evaluation, evaluateClassification } from "../evaluation/evaluation.ts";
import { FileError, writeFileAtomic } from "../files.ts";
import { type PackedImages, packImages } from "../image/packed-store.ts";
import type { Model } from "../inference/model.ts";
import { cacheFolder } from "./cache-folder.ts";
import { ensembleFields, type JudgingOptions, openModels, type Runs } from "./open-models.ts";
import { RunError, runFiles } from "./run-folder.ts";
import type { RunContext } from "./train.ts";

/** Images that are read and judged at once. */
const block = 64;

/** How test images are judged, and who is told of it. */
export type JudgingContext = Omit<RunContext, "clock"> & JudgingOptions & { readonly cache?: string | undefined };

/**
 * Evaluates a run (its folder, or its model file) on the test images of a data set with the model's classes. The figures are also
 * written to `evaluation.json` where the folder of a single run was given; where that fails, a warning says so. Several runs, or the
 * folder of a cross-validation, are judged as an ensemble: by the mean of their probabilities.
 *
 * Throws RunError where a run has no model yet, the classes differ or there is no test image; ModelError for a damaged
 * model; DatasetError and FileError of the images. Whether a run has learned from the test images is not asked here.
 */
export async function evaluate(runs: Runs, dataset: Dataset, context: JudgingContext = {}): Promise<Evaluation> {
  const { folder, images, fingerprint, trainingImages, origin, count, views, ...predictions } = await judgeTestImages(
    runs,
    dataset,
    context,
  );
  const { name, fold, groupedBy, leftOut } = dataset.protocol ?? {};
  const evaluation = evaluateClassification({
    protocol: name ?? folderProtocol(images, dataset.images),
    ...(fold !== undefined && { fold }),
    ...(groupedBy && { groupedBy }),
    ...(leftOut && { leftOut }),
    trainingImages,
    ...(dataset.curation && { curation: dataset.curation }),
    origin,
    ...ensembleFields({ count, views }),
    dataFingerprint: fingerprint,
    ...predictions,
  });
  if (folder !== undefined) {
    try {
      await writeFileAtomic(join(folder, runFiles.evaluation), `${JSON.stringify(evaluation, undefined, 2)}\n`);
    } catch (error) {
      // The figures are worth more than their file.
      if (!(error instanceof FileError)) throw error;
      context.onEvent?.({ kind: "warning", message: error.message });
    }
  }
  return evaluation;
}

/** A model's predictions on the test images of a data set. */
export interface JudgedImages {
  /** The run's folder; undefined where the model's file or several runs were given. */
  readonly folder: string | undefined;
  /** Models, and views of each image, over which the mean was taken. */
  readonly count: number;
  readonly views: number;
  readonly classes: readonly string[];
  /** The test images that could be decoded. */
  readonly images: readonly ImageRecord[];
  /** Of each image. */
  readonly truth: readonly number[];
  /** (images, classes). */
  readonly probabilities: Float32Array;
  readonly origin: Dataset["origin"];
  readonly fingerprint: string;
  readonly trainingImages: number;
}

/** Has the models of runs judge the test images; throws as {@link evaluate}. */
export async function judgeTestImages(
  runs: Runs,
  dataset: Dataset,
  { cache, onEvent, signal, ...options }: JudgingContext = {},
): Promise<JudgedImages> {
  const models = await openModels(runs, options);
  const { folder, classes, count, views } = models;
  try {
    refuseOtherClasses(classes, dataset);
    let judged: Pick<JudgedImages, "images" | "fingerprint" | "trainingImages"> | undefined;
    let sum: Float64Array | undefined;
    for (const group of models.groups) {
      const packed = await packImages(dataset, {
        size: group.imageSize,
        geometry: group.geometry,
        cacheFolder: cacheFolder(cache),
        onProgress: (done, total) => onEvent?.({ kind: "packing", done, total }),
        ...(signal && { signal }),
      });
      try {
        const tested = packed.images.flatMap((image, index) => (image.split === "test" ? [{ image, index }] : []));
        if (tested.length === 0) {
          throw new RunError(`${dataset.root}: no test image to judge the model on; add images below Test`);
        }
        judged ??= {
          images: tested.map(({ image }) => image),
          fingerprint: packed.fingerprint,
          trainingImages: packed.images.length - tested.length,
        };
        sum ??= new Float64Array(tested.length * classes.length);
        if (tested.some(({ image }, i) => image.path !== judged?.images[i]?.path)) {
          throw new RunError(`${dataset.root}: its images changed while they were judged; try again`);
        }
        const indices = tested.map(({ index }) => index);
        for (const model of group.models) await addProbabilities(sum, model, packed, indices, signal);
      } finally {
        packed.close();
      }
    }
    return {
      ...judged!,
      folder,
      count,
      views,
      classes,
      truth: judged!.images.map(({ label }) => label),
      probabilities: Float32Array.from(sum!, (value) => value / count),
      origin: dataset.origin === "phantom" || models.origin === "phantom" ? "phantom" : "folder",
    };
  } finally {
    await models.dispose();
  }
}

function refuseOtherClasses(expected: readonly string[], { classes, root }: Dataset): void {
  const only = (these: readonly string[], those: readonly string[]) => these.filter((name) => !those.includes(name));
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  const inData = only(classes, expected);
  const inModel = only(expected, classes);
  if (inData.length + inModel.length > 0) {
    const differences = [
      ...(inData.length > 0 ? [`${list(inData)} only in the data`] : []),
      ...(inModel.length > 0 ? [`${list(inModel)} only in the model`] : []),
    ];
    throw new RunError(
      `${root}: its classes are not the model's: ${differences.join("; ")}; ` +
        "give data with the classes that the model was trained on",
    );
  }
  // Both lists are in code-point order, so that equal sets are equal lists; labels depend on it.
  if (classes.some((name, label) => name !== expected[label])) {
    throw new RunError(`${root}: the model has the same classes in another order; train it again`);
  }
}

/** A published split has folders of its own for training and test; in a drawn one they share the class folders. */
function folderProtocol(tested: readonly ImageRecord[], all: readonly ImageRecord[]): string {
  const folderOf = ({ path }: ImageRecord) => path.slice(0, path.lastIndexOf("/"));
  const testFolders = new Set(tested.map(folderOf));
  const drawn = all.some((image) => image.split === "train" && testFolders.has(folderOf(image)));
  return drawn ? "drawn split" : "official";
}

async function addProbabilities(
  sum: Float64Array,
  model: Model,
  packed: PackedImages,
  indices: readonly number[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let start = 0; start < indices.length; start += block) {
    signal?.throwIfAborted();
    const some = indices.slice(start, start + block);
    const images = new Uint8Array(some.length * model.imageSize * model.imageSize * 3);
    packed.read(some, images);
    const probabilities = await model.probabilities(images, some.length);
    const at = start * model.classes.length;
    for (let i = 0; i < probabilities.length; i++) sum[at + i]! += probabilities[i]!;
  }
}
