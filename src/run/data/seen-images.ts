/** Which of a run's images the models were trained on that it goes on from. */
import { digestOf, type LearnedImages } from "../../onnx/learned-images.ts";
import type { Ancestor } from "../../onnx/lineage.ts";
import { idDigest, type RunImage } from "../folder/run-images.ts";
import { seenBy } from "./judged-candidates.ts";

/** What identifies an image of a run. */
export type IdentifiedImage = Pick<RunImage, "pixels" | "file" | "lesion" | "patient">;

const digestsOf = ({ pixels, file }: IdentifiedImage) => [digestOf(pixels), digestOf(file)];

/** Whether a model of a lineage was trained on an image, or had an epoch chosen by it: by content, lesion or patient. */
export const isSeen = (ancestors: readonly Ancestor[], image: IdentifiedImage): boolean =>
  ancestors.some(
    (one) => seenBy(one, { digests: digestsOf(image), lesion: image.lesion, patient: image.patient }) !== undefined,
  );

/**
 * Whether the weights of a lineage were fitted to an image, or to another one of its lesion or patient. What a model was only validated on, whole
 * lesions at a time, its weights do not know.
 */
export const isFittedTo = (ancestors: readonly Ancestor[], image: IdentifiedImage): boolean =>
  ancestors.some(({ learned }) => learned !== undefined && isFitted(learned, image));

function isFitted({ train, validation, lesions, patients }: LearnedImages, image: IdentifiedImage): boolean {
  const digests = digestsOf(image);
  if (digests.some((digest) => train.has(digest))) return true;
  if (digests.some((digest) => validation.has(digest))) return false;
  const { lesion, patient } = image;
  return (
    (lesion !== undefined && lesions.has(idDigest("lesion", lesion))) ||
    (patient !== undefined && patients.has(idDigest("patient", patient)))
  );
}
