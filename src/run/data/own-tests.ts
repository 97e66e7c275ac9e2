/** A run's own test images among those of a folder: which they are, with which label, and which of them are gone. */
import type { JudgedCheck } from "../../evaluation/judgement/judged-check.ts";
import { type Digest, digestOf } from "../../onnx/learned-images.ts";
import type { Provenance } from "../folder/provenance.ts";
import type { RunImage } from "../folder/run-images.ts";
import { type Candidate, isKnown } from "./judged-candidates.ts";

/** Whether the images are a run's data: most of them are, or most of its own are there; left out and new ones may stand beside. */
export function isOwn(run: Provenance, candidates: readonly Candidate[]): boolean {
  const { train, validation, test } = run.learned!.counts;
  const known = candidates.filter((one) => isKnown(run, one)).length;
  return 2 * known >= Math.min(candidates.length, train + validation + test);
}

/**
 * Which of the images that hold a content of the run's test are its test images, with their labels: of each content as many as the
 * run has, first those that lie where they lay, then those in the folder of their class. A copy in Train is none of them.
 */
export function ownTests(
  { learned, images = [] }: Provenance,
  tested: readonly Candidate[],
  labelOf: readonly number[],
): Map<Candidate, number> {
  const open = new Map([...learned!.test].map(([digest, labels]) => [digest, [...labels]]));
  const paths = new Set(images.flatMap(({ part, path }) => (part === "test" ? [path] : [])));
  const labels = new Map<Candidate, number>();
  const take = (one: Candidate, label: number | undefined): void => {
    const places = one.digests.map((digest) => open.get(digest)).find((found) => found !== undefined)!;
    const at = label === undefined ? 0 : places.indexOf(label);
    if (!labels.has(one) && at >= 0 && at < places.length) labels.set(one, places.splice(at, 1)[0]!);
  };
  const ofClass = (one: Candidate): number => labelOf[one.image.label]!;
  const inPlace = tested.filter(({ image }) => paths.has(image.path));
  for (const one of inPlace) take(one, ofClass(one));
  // What curation gave another class.
  for (const one of inPlace) take(one, undefined);
  for (const one of tested) take(one, ofClass(one));
  // Elsewhere, a copy that was trained on under its own class is none of these; a model file does not tell them apart.
  for (const one of tested) {
    if (images.length === 0 || !one.digests.some((digest) => learned!.train.has(digest))) take(one, undefined);
  }
  return labels;
}

/** The test images of a run's folder that are none of the chosen ones: first those are matched that lie where they lay. */
export function goneTests(
  { images = [] }: Provenance,
  chosen: readonly Candidate[],
  labels: ReadonlyMap<Candidate, number>,
  undecoded: JudgedCheck["leftOutImages"],
): JudgedCheck["leftOutImages"] {
  const trouble = new Map(undecoded.map(({ path, reason }) => [path, reason]));
  const free = new Set(chosen);
  const byDigest = new Map<Digest, Candidate[]>();
  for (const one of chosen)
    for (const digest of one.digests) byDigest.set(digest, [...(byDigest.get(digest) ?? []), one]);
  const take = ({ pixels, file, label, path }: RunImage, anywhere: boolean): boolean => {
    const alike = [pixels, file].flatMap((hash) => byDigest.get(digestOf(hash)) ?? []);
    const found = alike.find(
      (one) => free.has(one) && labels.get(one) === label && (anywhere || one.image.path === path),
    );
    return found !== undefined && free.delete(found);
  };
  return images
    .filter(({ part }) => part === "test")
    .filter((row) => !take(row, false))
    .filter((row) => !take(row, true))
    .map(({ path }) => ({
      path,
      reason: trouble.get(path) ?? "is missing, or has another content than when the run began",
    }));
}
