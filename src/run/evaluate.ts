/** Evaluates a run's model on images that it was not trained on, and keeps the figures of its own test in the run folder. */
import type { Dataset, ImageRecord } from "../dataset/dataset.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { FileError, RunError } from "../errors.ts";
import type { AncestorSummary } from "../evaluation/judgement/ancestor.ts";
import { type Evaluation, evaluateClassification } from "../evaluation/judgement/evaluation.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { type PackedImages, packImages } from "../image/store/packed-store.ts";
import { slowRuntimeNotice } from "../inference/describe-runtime.ts";
import type { Model } from "../inference/model.ts";
import { ancestorSummary } from "../onnx/lineage.ts";
import { type Selection, type SelectionOptions, selectImages } from "./data/judged-images.ts";
import { differingMaps, inModelClasses } from "./data/model-classes.ts";
import { writeEvaluation } from "./folder/evaluation-file.ts";
import type { Provenance } from "./folder/provenance.ts";
import type { Runs } from "./folder/runs.ts";
import {
  ensembleFields,
  type JudgingOptions,
  type OpenedModels,
  openModels,
  refuseOtherClasses,
} from "./models/open-models.ts";
import type { RunContext } from "./run-events.ts";

/** Images that are read and judged at once. */
const block = 64;

/** How images are judged, and who is told of it. */
export type JudgingContext = Omit<RunContext, "clock" | "stopwatch"> &
  JudgingOptions &
  Omit<SelectionOptions, "classes"> & {
    readonly cache?: string | undefined;
    /** Millions of pixels of the largest image that is opened; default 100. */
    readonly maxPixels?: number | undefined;
  };

/**
 * Evaluates a run (its folder, or its model file) on a data set: on its own test images where the data are its own, by their content;
 * else on all images, whatever their split, as the protocol `external`; see `selectImages`. Images that the model was trained on
 * are left out and counted. The figures of a run's own, whole test are also written to `evaluation.json` where its folder was
 * given; where that fails, a warning says so. Several runs, or the folder of a cross-validation, are judged as an ensemble: by the
 * mean of their probabilities, on images that none of them was trained on.
 *
 * Throws RunError where a run has no model yet, a class is unknown to it or no image is left; ModelError for a damaged
 * model; DatasetError and FileError of the images.
 */
export async function evaluate(runs: Runs, dataset: Dataset, context: JudgingContext = {}): Promise<Evaluation> {
  const judged = await judgeTestImages(runs, dataset, context);
  const { protocol, folder, images, fingerprint, origin, count, views, isOwnTest, curation, classMap, ...predictions } =
    judged;
  const { name, fold, groupedBy, leftOut } = protocol;
  const evaluation = evaluateClassification({
    protocol: name,
    ...(fold !== undefined && { fold }),
    ...(groupedBy.length > 0 && { groupedBy }),
    ...(leftOut && { leftOut }),
    ...(curation && { curation }),
    ...(classMap && { classMap }),
    origin,
    ...ensembleFields({ count, views }),
    dataFingerprint: fingerprint,
    ...predictions,
  });
  if (folder !== undefined && isOwnTest) {
    try {
      await writeEvaluation(folder, evaluation);
    } catch (error) {
      // The figures are worth more than their file.
      if (!(error instanceof FileError)) throw error;
      context.onEvent?.({ kind: "warning", message: error.message });
    }
  }
  return evaluation;
}

/** A model's predictions on the images that it was judged on. */
export interface JudgedImages extends Omit<Selection, "indices"> {
  /** The run's folder; undefined where the model's file or several runs were given. */
  readonly folder: string | undefined;
  /** Models, and views of each image, over which the mean was taken. */
  readonly count: number;
  readonly views: number;
  readonly classes: readonly string[];
  /** In the order of `truth`. */
  readonly images: readonly ImageRecord[];
  /** (images, classes). */
  readonly probabilities: Float32Array;
  readonly origin: Dataset["origin"];
  /** Of a single run, where it is known. */
  readonly trainingImages?: number;
  readonly validationImages?: number;
  /** The models that they went on from; absent where there are none. */
  readonly lineage?: readonly AncestorSummary[];
}

/** Has the models of runs judge images, chosen and left out as {@link evaluate} says; throws as it does. */
export async function judgeTestImages(
  runs: Runs,
  dataset: Dataset,
  context: JudgingContext = {},
): Promise<JudgedImages> {
  const [judged] = await judgeEach([runs], dataset, context);
  return judged!;
}

/** As {@link judgeTestImages} for several models or ensembles, all on the same images: those that none of them was trained on. */
export async function judgeEach(
  all: readonly Runs[],
  given: Dataset,
  { cache, maxPixels, onEvent, signal, allowSeen, metadata, ...options }: JudgingContext = {},
): Promise<JudgedImages[]> {
  const opened: OpenedModels[] = [];
  try {
    for (const runs of all) opened.push(await openModels(runs, options));
    const onWarning = (message: string) => onEvent?.({ kind: "warning", message });
    const notice = await slowRuntimeNotice();
    if (notice !== undefined) onWarning(notice);
    const [first] = opened as [OpenedModels];
    const { classes } = first;
    const provenances = opened.flatMap((models) => models.provenances);
    const dataset = inModelClasses(given, classes, provenances);
    const differing = differingMaps(provenances);
    if (differing !== undefined) onWarning(differing);
    let selection: Selection | undefined;
    let subject: { readonly images: readonly ImageRecord[]; readonly packed: string } | undefined;
    const results: JudgedImages[] = [];
    for (const models of opened) {
      refuseOtherClasses(first, models);
      let sum: Float64Array | undefined;
      for (const group of models.groups) {
        const { imageSize: size, geometry, resampling } = group;
        const onProgress = (done: number, total: number) => onEvent?.({ kind: "packing", done, total });
        const form = { size, geometry, resampling, cacheFolder: await cacheFolder(cache, onWarning) };
        const packed = await withPixelLimit(maxPixels, () =>
          packImages(dataset, { ...form, onProgress, onWarning, ...(signal && { signal }) }),
        );
        try {
          selection ??= selectImages(provenances, dataset, packed, { classes, allowSeen, metadata });
          const { indices } = selection;
          subject ??= { images: indices.map((index) => packed.images[index]!), packed: packed.fingerprint };
          if (packed.fingerprint !== subject.packed) {
            throw new RunError(`${dataset.root}: its images changed while they were judged; try again`);
          }
          sum ??= new Float64Array(indices.length * classes.length);
          for (const model of group.models) await addProbabilities(sum, model, packed, indices, signal);
        } finally {
          packed.close();
        }
      }
      const { folder, count, views } = models;
      const { indices: _, ...chosen } = selection!;
      results.push({
        ...chosen,
        images: subject!.images,
        folder,
        count,
        views,
        classes,
        probabilities: Float32Array.from(sum!, (value) => value / count),
        origin: dataset.origin === "phantom" || models.origin === "phantom" ? "phantom" : "folder",
        ...(models.provenances.length === 1 && imagesLearnedFrom(models.provenances[0]!)),
        ...lineageOf(models.provenances),
      });
    }
    return results;
  } finally {
    for (const models of opened) await models.dispose();
  }
}

/** Of a model that tells it. */
function imagesLearnedFrom({ learned }: Provenance) {
  if (learned === undefined) return {};
  const { train, validation } = learned.counts;
  return { trainingImages: train, ...(validation > 0 && { validationImages: validation }) };
}

/** The ancestors of models, each once. */
function lineageOf(provenances: readonly Provenance[]): Pick<JudgedImages, "lineage"> {
  const all = provenances.flatMap(({ ancestors }) => ancestors.map(ancestorSummary));
  const byContent = new Map(all.map((ancestor) => [JSON.stringify(ancestor), ancestor]));
  return byContent.size > 0 ? { lineage: [...byContent.values()] } : {};
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
    const images = new Uint8Array(some.length * packed.height * packed.width * 3);
    packed.read(some, images);
    const probabilities = await model.probabilities(images, some.length);
    const at = start * model.classes.length;
    for (let i = 0; i < probabilities.length; i++) sum[at + i]! += probabilities[i]!;
  }
}
