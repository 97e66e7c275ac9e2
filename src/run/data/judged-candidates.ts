/** Images that may be judged, by all that identifies them, and what a run's model has to do with each. */
import type { ImageRecord } from "../../dataset/dataset.ts";
import type { Metadata } from "../../dataset/metadata.ts";
import type { SeenCounts } from "../../evaluation/judgement/judged-check.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import { type Digest, digestOf } from "../../onnx/learned-images.ts";
import type { Provenance } from "../folder/provenance.ts";
import { idDigest, learnedImagesOf, type RunImage } from "../folder/run-images.ts";

/** A decoded image with all that identifies it. */
export interface Candidate {
  readonly index: number;
  readonly image: ImageRecord;
  readonly digests: readonly Digest[];
  /** What the first run that knows it recorded. */
  readonly recorded: RunImage | undefined;
  readonly lesion: string | undefined;
  readonly patient: string | undefined;
}

/** The decoded images, with what the metadata, or else the runs, know of them. */
export function candidatesOf(
  runs: readonly Provenance[],
  { images, contents }: PackedImages,
  metadata: Metadata | undefined,
): Candidate[] {
  const recorded = new Map<Digest, RunImage>();
  for (const { images: own = [] } of runs.toReversed()) {
    for (const image of own) for (const hash of [image.file, image.pixels]) recorded.set(digestOf(hash), image);
  }
  return images.map((image, index) => {
    const { pixels, file } = contents[index]!;
    const digests = [digestOf(pixels), digestOf(file)];
    const known = digests.map((digest) => recorded.get(digest)).find((one) => one !== undefined);
    const { lesion = known?.lesion, patient = known?.patient } = metadata?.of(image.path) ?? {};
    return { index, image, digests, recorded: known, lesion, patient };
  });
}

/** A run that does not say what it was trained on, on the data that it had: their fingerprint shows which images those were. */
export function withLearned(run: Provenance, packed: PackedImages, labelOf: readonly number[]): Provenance {
  if (run.learned !== undefined || run.fingerprint !== packed.fingerprint) return run;
  const images = packed.images.map(({ path, label, split, bytes }, i) => ({
    part: split,
    path,
    label: labelOf[label]!,
    bytes,
    group: 0,
    ...packed.contents[i]!,
  }));
  return { ...run, learned: learnedImagesOf(images, { groupBy: "lesion" }) };
}

/** Whether an image is of a run's own test. */
export const isTested = ({ learned }: Provenance, { digests }: Candidate): boolean =>
  digests.some((digest) => learned?.test.has(digest));

/** Whether a model was trained on an image, or had an epoch chosen by it, and by what that is known. */
export function seenBy(
  { learned }: Pick<Provenance, "learned">,
  { digests, lesion, patient }: Pick<Candidate, "digests" | "lesion" | "patient">,
): keyof SeenCounts | undefined {
  if (learned === undefined) return undefined;
  if (digests.some((digest) => learned.train.has(digest) || learned.validation.has(digest))) return "content";
  if (lesion !== undefined && learned.lesions.has(idDigest("lesion", lesion))) return "lesion";
  return patient !== undefined && learned.patients.has(idDigest("patient", patient)) ? "patient" : undefined;
}

/** As {@link seenBy}, of the models that a model went on from. */
export const seenByAncestor = ({ ancestors }: Provenance, one: Candidate): keyof SeenCounts | undefined =>
  ancestors.map((ancestor) => seenBy(ancestor, one)).find((kind) => kind !== undefined);

/** Whether a run used an image, for whatever part. */
export const isKnown = (run: Provenance, one: Candidate): boolean =>
  isTested(run, one) || seenBy(run, one) === "content";
