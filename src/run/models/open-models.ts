/** Opens the models of runs that judge together, as an ensemble. */

import { RunError } from "../../errors.ts";
import type { Geometry } from "../../image/geometry.ts";
import type { ResamplingFilter } from "../../image/resampling.ts";
import type { Model } from "../../inference/model.ts";
import { meanOver, viewsOf } from "../../inference/test-time-augmentation.ts";
import { type Provenance, provenanceOf } from "../folder/provenance.ts";
import { type Runs, runsOf } from "../folder/runs.ts";
import { openModel } from "./open-model.ts";

/** How models judge an image. */
export interface JudgingOptions {
  /**
   * Whether each image is judged as the mean over its flips and quarter turns: eight, or the four that keep the size where a model reads images
   * that are no squares; default false.
   */
  readonly testTimeAugmentation?: boolean | undefined;
}

/** Models that read images of the same form. */
export interface ModelGroup {
  readonly imageSize: Model["imageSize"];
  readonly geometry: Geometry;
  readonly resampling: ResamplingFilter;
  readonly models: readonly Model[];
}

/** Models that judge together. */
export interface OpenedModels {
  /** The runs, for messages. */
  readonly name: string;
  /** The folder of a single run; undefined for several, or where a model's file was given. */
  readonly folder: string | undefined;
  readonly classes: readonly string[];
  /** `phantom`: one of the models at least was trained on drawn images. */
  readonly origin: "folder" | "phantom";
  readonly count: number;
  /** Of each image. */
  readonly views: number;
  readonly groups: readonly ModelGroup[];
  /** What each model was trained on. */
  readonly provenances: readonly Provenance[];
  dispose(): Promise<void>;
}

/**
 * Opens every model. Throws RunError where one is not there yet or their class lists differ, ModelError where one is damaged.
 */
export async function openModels(
  given: Runs,
  { testTimeAugmentation = false }: JudgingOptions = {},
): Promise<OpenedModels> {
  const runs = await runsOf(given);
  const models: Model[] = [];
  const folders: (string | undefined)[] = [];
  const provenances: Provenance[] = [];
  const dispose = async () => {
    for (const model of models) await model.dispose();
  };
  try {
    for (const run of runs) {
      const { model, folder } = await openModel(run);
      models.push(model);
      folders.push(folder);
      provenances.push(await provenanceOf(run, model.metadata));
      refuseOtherClasses({ name: runs[0]!, classes: models[0]!.classes }, { name: run, classes: model.classes });
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  // All models of an ensemble see the same views.
  const sizes = models.map(({ imageSize }) => imageSize);
  const views = viewsOf(sizes.find(([height, width]) => height !== width) ?? sizes[0]!);
  const judging = testTimeAugmentation ? models.map((model) => meanOver(model, views)) : models;
  return {
    name: runs.join(", "),
    folder: folders.length === 1 ? folders[0] : undefined,
    classes: models[0]!.classes,
    origin: models.some(({ metadata }) => metadata.origin === "phantom") ? "phantom" : "folder",
    count: models.length,
    views: testTimeAugmentation ? views.length : 1,
    groups: groupsOf(judging),
    provenances,
    dispose,
  };
}

interface NamedClasses {
  readonly name: string;
  readonly classes: readonly string[];
}

/** Throws RunError where the classes of another model are not those of the first, in their order. */
export function refuseOtherClasses(first: NamedClasses, { name, classes }: NamedClasses): void {
  if (classes.length === first.classes.length && classes.every((one, label) => one === first.classes[label])) return;
  throw new RunError(
    `${name}: its classes are ${classes.join(", ")}, those of ${first.name} are ${first.classes.join(", ")}; ` +
      "only models of the same classes can be judged together",
  );
}

/** The models by the form of the images that they read. */
export function groupsOf(models: readonly Model[]): ModelGroup[] {
  const groups = new Map<string, ModelGroup & { readonly models: Model[] }>();
  for (const model of models) {
    const { imageSize, metadata } = model;
    const { geometry, resampling } = metadata;
    const key = `${imageSize} ${geometry} ${resampling}`;
    const group = groups.get(key) ?? { imageSize, geometry, resampling, models: [] };
    group.models.push(model);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A field of a model's or evaluation's description that is left out where it says nothing: one model, one view. */
export const ensembleFields = ({ count, views }: Pick<OpenedModels, "count" | "views">) => ({
  ...(count > 1 && { models: count }),
  ...(views > 1 && { views }),
});
