/** Which images belong together, such as the photographs of one lesion, as whole numbers. */
import { EvaluationError } from "../errors.ts";

/** A name or number per image, equal for images that belong together; null: an image that belongs with no other. */
export type GroupLabels = ArrayLike<string | number | null>;

/** Numbered groups of images. */
export interface ImageGroups {
  /** The group of every image, from 0. */
  readonly of: Uint32Array;
  readonly count: number;
}

/** Numbers the groups in the order they appear. Throws {@link EvaluationError} unless there is one label per image. */
export function numberGroups(labels: GroupLabels, images: number): ImageGroups {
  if (labels.length !== images) {
    throw new EvaluationError(`groups: expected one per image, got ${labels.length} for ${images} images`);
  }
  const numbers = new Map<string | number, number>();
  let count = 0;
  const of = Uint32Array.from({ length: images }, (_, image) => {
    const label = labels[image]!;
    const known = label === null ? undefined : numbers.get(label);
    if (known !== undefined) return known;
    if (label !== null) numbers.set(label, count);
    return count++;
  });
  return { of, count };
}

/** The sizes of all groups, counting the images of `within` alone where it is given; 0 for a group without such images. */
export function groupSizes({ of, count }: ImageGroups, within?: ArrayLike<boolean>): Uint32Array {
  const sizes = new Uint32Array(count);
  of.forEach((group, image) => {
    if (within === undefined || within[image]) sizes[group]! += 1;
  });
  return sizes;
}

/** Every image a group of its own. */
export const separateImages = (images: number): GroupLabels => new Array<null>(images).fill(null);

/** The same, numbered. */
export const separateGroups = (images: number): ImageGroups => numberGroups(separateImages(images), images);
