/** The part of the training images that a run does not learn from, whole lesions at a time. */
import type { Dataset } from "../dataset/dataset.ts";
import { groupedFolds } from "../dataset/grouped-folds.ts";
import { type Metadata, readMetadata } from "../dataset/metadata.ts";
import { groupsOf, type ProtocolOptions } from "../dataset/protocols.ts";
import type { ImageRecord } from "../dataset/records.ts";

export interface TrainingParts {
  /** Indices of the images to learn from. */
  readonly learned: Uint32Array;
  /** Indices of those to validate on; none where `fraction` is 0. */
  readonly validated: Uint32Array;
  /** The group of each validated image. */
  readonly groups: readonly number[];
}

export interface ValidationOptions
  extends Pick<ProtocolOptions, "contents" | "nearDuplicates" | "metadata" | "patients"> {
  readonly fraction: number;
  readonly seed: number;
  readonly cacheFolder?: string | undefined;
}

/**
 * Divides the training images among `images`: of each class about `fraction` is validated, groups (of one content, photograph,
 * lesion or, where asked for, patient) stay whole, and a class of a single group is only learned. Indices count as in `images`.
 */
export async function validationPart(
  dataset: Dataset,
  images: readonly ImageRecord[],
  { fraction, seed, ...options }: ValidationOptions,
): Promise<TrainingParts> {
  const training = images.flatMap(({ split }, i) => (split === "train" ? [i] : []));
  if (fraction === 0) return { learned: Uint32Array.from(training), validated: new Uint32Array(), groups: [] };
  const own = training.map((index) => images[index]!);
  const { groupOf } = await groupsOf({ ...dataset, images: own }, options);
  const labels = own.map(({ label }) => label);
  const foldOf = groupedFolds({ labels, groupOf, folds: Math.max(2, Math.round(1 / fraction)), seed });
  const groupsWith = dataset.classes.map((_, label) => new Set(groupOf.filter((_, i) => labels[i] === label)));
  const alone = new Set(groupsWith.flatMap((groups) => (groups.size === 1 ? [...groups] : [])));
  const isValidated = (i: number) => foldOf[i] === 0 && !alone.has(groupOf[i]!);
  const pick = (wanted: boolean) => training.filter((_, i) => isValidated(i) === wanted);
  return {
    learned: Uint32Array.from(pick(false)),
    validated: Uint32Array.from(pick(true)),
    groups: groupOf.filter((_, i) => isValidated(i)),
  };
}

/** The table of a run's settings, read; undefined where there is none. */
export const metadataOf = async (file: string | undefined): Promise<Metadata | undefined> =>
  file === undefined ? undefined : readMetadata(file);
