/** A data set with what is in its files and what metadata tell of them: what every part of an audit looks at. */
import type { Dataset } from "../dataset/dataset.ts";
import type { MatchedMetadata } from "../dataset/metadata.ts";
import type { Survey } from "../near-duplicates/survey.ts";
import type { Place } from "./findings.ts";

/** Images are numbered as in the data set, contents as in the survey. */
export interface Examined {
  readonly dataset: Dataset;
  readonly survey: Survey;
  /** Of each content the images that hold it. */
  readonly imagesOf: readonly (readonly number[])[];
  /** What metadata tell of each image; empty where there are none. */
  readonly known: MatchedMetadata["images"];
}

/** Lays what was found in the files beside a data set. */
export function examined(dataset: Dataset, survey: Survey, known: Examined["known"]): Examined {
  const imagesOf = survey.contents.map((): number[] => []);
  for (const [index, content] of survey.contentOf.entries()) if (content !== undefined) imagesOf[content]!.push(index);
  return { dataset, survey, imagesOf, known };
}

/** Where an image stands. */
export function placeOf({ classes, images }: Dataset, index: number): Place {
  const { path, label, split } = images[index]!;
  return { path, class: classes[label]!, split };
}

/** Whether images stand under several classes, and whether they stand on both sides of the split. */
export function spread(
  indices: readonly number[],
  { images }: Dataset,
): { readonly labelConflict: boolean; readonly leak: boolean } {
  return {
    labelConflict: new Set(indices.map((index) => images[index]!.label)).size > 1,
    leak: new Set(indices.map((index) => images[index]!.split)).size > 1,
  };
}
