/** The part of the training images that a run is not trained on, whole groups at a time. */
import type { Dataset, ImageRecord } from "../../dataset/dataset.ts";
import { groupedFolds } from "../../dataset/grouped-folds.ts";
import { groupedHoldout } from "../../dataset/grouped-holdout.ts";
import { groupsOf, type ProtocolOptions } from "../../dataset/protocols.ts";
import { RunError } from "../../errors.ts";
import type { RunImage } from "../folder/run-images.ts";

/** How many training images are held out for validation, by which seed. */
export interface ValidationOptions {
  /** Of the training images, in [0, 0.5]. */
  readonly fraction: number;
  readonly seed: number;
}

/** What an image must not be to be held out, as far as others are there. */
export interface ValidationPartOptions extends ValidationOptions {
  /** Whether weights that a training goes on from were fitted to an image, by its index; by default none was. */
  readonly isFitted?: ((index: number) => boolean) | undefined;
}

const trainingImages = (images: readonly ImageRecord[]): number[] =>
  images.flatMap(({ split }, i) => (split === "train" ? [i] : []));

/**
 * Indices of the images to validate on: of the training images and of each class the part that was asked for, whole groups at a time. A
 * class of a single group is only learned. Groups of an image that earlier weights were fitted to are held out only where there are no others; then
 * the part is that of all training images, and at most half of the others.
 *
 * @param groupOf group of each image
 */
export function validationPart(
  images: readonly ImageRecord[],
  groupOf: readonly number[],
  { fraction, seed, isFitted = () => false }: ValidationPartOptions,
): Set<number> {
  const training = trainingImages(images);
  if (fraction === 0) return new Set();
  const fitted = new Set(training.filter(isFitted).map((index) => groupOf[index]!));
  const others = training.filter((index) => !fitted.has(groupOf[index]!));
  const drawn = others.length > 0 ? others : training;
  const held = groupedHoldout({
    labels: drawn.map((index) => images[index]!.label),
    groupOf: drawn.map((index) => groupOf[index]!),
    fraction: Math.min(0.5, (fraction * training.length) / drawn.length),
    seed,
  });
  return new Set(drawn.filter((_, i) => held[i]));
}

/**
 * The same as it was drawn before a run kept its images, for going on with such a run: one fold of as many as come near to the part, which
 * was up to a half more than asked for.
 */
export async function earlierValidationPart(
  dataset: Dataset,
  images: readonly ImageRecord[],
  { fraction, seed, ...options }: ValidationOptions & ProtocolOptions,
): Promise<Set<number>> {
  const training = trainingImages(images);
  if (fraction === 0) return new Set();
  const own = training.map((index) => images[index]!);
  const { groupOf } = await groupsOf({ ...dataset, images: own }, options);
  const labels = own.map(({ label }) => label);
  const foldOf = groupedFolds({ labels, groupOf, folds: Math.max(2, Math.round(1 / fraction)), seed });
  const groupsWith = dataset.classes.map((_, label) => new Set(groupOf.filter((_, i) => labels[i] === label)));
  const alone = new Set(groupsWith.flatMap((groups) => (groups.size === 1 ? [...groups] : [])));
  return new Set(training.filter((_, i) => foldOf[i] === 0 && !alone.has(groupOf[i]!)));
}

/** Classes that are listed one by one. */
const listed = 10;

/**
 * A warning where classes that are learned have no image to validate on, undefined where all have. Throws RunError where validation
 * was asked for and no image at all is left for it.
 */
export function warningOfUnvalidated(
  images: readonly RunImage[],
  classes: readonly string[],
  fraction: number,
): string | undefined {
  if (fraction === 0) return undefined;
  const labelsIn = (part: RunImage["part"]) =>
    new Set(images.flatMap((image) => (image.part === part ? image.label : [])));
  const [learned, validated] = [labelsIn("train"), labelsIn("validation")];
  if (validated.size === 0) {
    throw new RunError(
      "validation: no image can be held out, as all training images of each class are one image, lesion or group; " +
        "add images, or leave validation out",
    );
  }
  const without = classes.filter((_, label) => learned.has(label) && !validated.has(label));
  if (without.length === 0) return undefined;
  const more = without.length > listed ? ` and ${without.length - listed} more` : "";
  return (
    `validation: no image is held out of ${without.slice(0, listed).join(", ")}${more}, which have too few images or groups for ` +
    `${fraction} of them; the validation figures say nothing of these classes`
  );
}
