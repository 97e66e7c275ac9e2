/** The images that a function of the library is given: a folder, a data set that is open, or images one by one. */
import type { Dataset } from "../dataset/dataset.ts";
import { type ListedDataset, listDataset } from "../dataset/list-images.ts";
import { type LabelledImages, listTestImages, listTrainingImages } from "../dataset/listed-images.ts";
import type { Metadata } from "../dataset/metadata.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { type DataSettings, openData, openJudgedData } from "../run/data/open-data.ts";
import type { Runs } from "../run/folder/runs.ts";
import type { RunContext } from "../run/run-events.ts";
import { expectArgument, isDataset, isIterable, isText, type OptionKinds } from "./arguments.ts";

/**
 * Where labelled images come from: the path of a folder (`Train/<class>` and `Test/<class>`, or one folder per class), a data set that
 * `openDataset` opened, or the images themselves, such as an array or a stream of `{ image, label }`.
 */
export type DataSource = string | Dataset | LabelledImages;

/** Who is told of what happens while images are read, and how it is stopped. */
export type OpenContext = Pick<RunContext, "onEvent" | "signal">;

/** The kinds of {@link OpenContext}. */
export const openKinds: OptionKinds<OpenContext> = { onEvent: "function", signal: "signal" };

/** Throws a sentence unless a value is a source of images. */
export function expectSource(value: unknown, of: string, example: string): asserts value is DataSource {
  expectArgument(isText(value) || isDataset(value) || isIterable(value), value, {
    of,
    expected: "a folder of images, a data set of openDataset, or labelled images",
    example,
  });
}

/** Lists images to train on; what is open stays as it is. */
export async function listSource(source: DataSource): Promise<ListedDataset> {
  if (typeof source === "string") return listDataset(source);
  return isDataset(source) ? { ...source, drawn: false } : listTrainingImages(source);
}

/** Opens images to train on, as the settings say; a data set that is open is given back. */
export async function openSource(source: DataSource, settings: DataSettings, context: OpenContext): Promise<Dataset> {
  if (isDataset(source)) return source;
  return openData(typeof source === "string" ? source : await listTrainingImages(source), settings, context);
}

/** Images to judge models on, with what tells their lesions. */
export interface JudgedSource {
  readonly dataset: Dataset;
  readonly metadata: Metadata | undefined;
  readonly maxPixels: number | undefined;
}

/** Opens images to judge runs on: all of them where they are no run's own. */
export async function openJudgedSource(
  runs: Runs,
  source: DataSource,
  settings: DataSettings,
  context: OpenContext,
): Promise<JudgedSource> {
  const { maxPixels } = settings;
  if (typeof source === "string") {
    return openJudgedData(typeof runs === "string" ? [runs] : runs, source, settings, context);
  }
  const dataset = isDataset(source) ? source : await withPixelLimit(maxPixels, () => listTestImages(source));
  return { dataset, metadata: undefined, maxPixels };
}
