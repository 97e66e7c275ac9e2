/** Chooses which images of a data set models are judged on: by content and lesion, none that they were trained on. */
import type { Dataset } from "../../dataset/dataset.ts";
import { groupImages } from "../../dataset/groups.ts";
import type { Metadata } from "../../dataset/metadata.ts";
import {
  type ClassMapSummary,
  type CurationSummary,
  drawnProtocol,
  externalProtocol,
  type ProtocolSummary,
} from "../../dataset/protocol-summary.ts";
import { RunError } from "../../errors.ts";
import type { JudgedCheck, SeenCounts } from "../../evaluation/judgement/judged-check.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import type { Provenance } from "../folder/provenance.ts";
import {
  type Candidate,
  candidatesOf,
  isKnown,
  isTested,
  seenBy,
  seenByAncestor,
  withLearned,
} from "./judged-candidates.ts";
import { goneTests, isOwn, ownTests } from "./own-tests.ts";

/** Which images may be judged. */
export interface SelectionOptions {
  /** Class names in the order of the models' probabilities. */
  readonly classes: readonly string[];
  /** Whether images that a model was trained on are evaluated all the same; default false. */
  readonly allowSeen?: boolean | undefined;
  /** Tells the lesions and patients of images that no run knows. */
  readonly metadata?: Metadata | undefined;
}

/** The images to judge. */
export interface Selection {
  readonly protocol: ProtocolSummary;
  /** Whether these are the first run's own test images, all of them and as it was trained to be tested. */
  readonly isOwnTest: boolean;
  /** Of the data that they are from: the run's where they are its own. */
  readonly fingerprint: string;
  readonly curation?: CurationSummary | undefined;
  readonly classMap?: ClassMapSummary | undefined;
  /** Into the packed images. */
  readonly indices: readonly number[];
  /** Of each, an index into the models' classes. */
  readonly truth: readonly number[];
  /** Of each, the group of images that show one lesion, as far as it is known. */
  readonly groups: readonly number[];
  readonly check: JudgedCheck;
}

/** The candidates that a protocol tests; `own` where they are the first run's. */
interface Choice {
  readonly protocol: ProtocolSummary;
  readonly own: boolean;
  readonly chosen: readonly Candidate[];
  /** The run's own labels, where it has any: curation may have changed those of the folders. */
  readonly labels?: ReadonlyMap<Candidate, number>;
}

/**
 * Chooses the images of `dataset` on which the models of `runs` are judged together.
 *
 * - Where the data are the first run's own (it knows at least half of the images, or half of its images are there, and one of its test
 *   images is among them), its test images are judged, wherever they lie and whatever the folder's split would be now.
 * - Where another protocol was asked for, the test images that it makes.
 * - All other data are external, and all of their images are judged.
 *
 * What one of the models was trained on, by content, lesion or patient, is left out and counted. Only a published Test is judged as it is,
 * since its figures are for comparison with other work; they say how much of it stands in Train. What a model was trained on that one of
 * them went on from is left out and counted always, also of a published Test.
 *
 * @throws RunError where a class is unknown to the models, no image is left, or nothing tells what a model was trained on and
 *   `allowSeen` is not given
 */
export function selectImages(
  given: readonly Provenance[],
  dataset: Dataset,
  packed: PackedImages,
  { classes, allowSeen = false, metadata }: SelectionOptions,
): Selection {
  const labelOf = dataset.classes.map((name) => classes.indexOf(name));
  const runs = given.map((run) => withLearned(run, packed, labelOf));
  const first = runs[0]!;
  const candidates = candidatesOf(runs, packed, metadata);
  const unchecked = runs.find(({ learned, ancestors }) => !learned || ancestors.some((one) => !one.learned));
  if (unchecked && !allowSeen) {
    throw new RunError(
      unchecked.learned
        ? `${unchecked.run}: nothing tells which images an earlier model was trained on that this one went on from, so it might ` +
            "be judged on these; go on from the folder of that model's run, or insist with --allow-seen"
        : `${unchecked.run}: nothing tells which images this model was trained on, so it might be judged on these; ` +
            "give the folder of its run, train it again, or insist with --allow-seen",
    );
  }
  const { protocol, own, chosen, labels } = choose(first, dataset, candidates, labelOf);
  const asPublished = own && protocol.name === "official";
  const kindIn = (
    seen: (run: Provenance, one: Candidate) => keyof SeenCounts | undefined,
    one: Candidate,
  ): keyof SeenCounts | undefined => runs.map((run) => seen(run, one)).find((kind) => kind !== undefined);
  const ofAncestor = (one: Candidate) => kindIn(seenByAncestor, one);
  const kindOf = (one: Candidate) => kindIn(seenBy, one) ?? ofAncestor(one);
  const forAncestors = allowSeen ? [] : chosen.filter((one) => ofAncestor(one) !== undefined);
  const apart = new Set(forAncestors);
  const judged = chosen.filter(
    (one) =>
      allowSeen ||
      (!apart.has(one) &&
        runs.every((run) => seenBy(run, one) === undefined || (asPublished && isPublished(run) && isTested(run, one)))),
  );
  const kept = new Set(judged);
  const leftOut = chosen.filter((one) => !kept.has(one) && !apart.has(one));
  const undecoded = undecodedImages(dataset, packed, { own, protocol });
  const gone = labels ? goneTests(first, chosen, labels, undecoded) : [];
  const named = new Set(gone.map(({ path }) => path));
  const used = new Set((own ? first.images : undefined)?.map(({ path }) => path));
  // What the run used is known to it, also where it can no longer be decoded.
  const unread = undecoded.filter(({ path }) => !named.has(path) && !used.has(path));
  // A model file alone knows how many images there were, but not their names.
  const missing = labels ? first.learned!.counts.test - chosen.length : unread.length;
  const reasons = [
    ...leftOut.map((one) => ({ path: one.image.path, reason: `its ${kindOf(one)} stands in training` })),
    ...forAncestors.map((one) => ({
      path: one.image.path,
      reason: `its ${ofAncestor(one)} stands in the training of an earlier model that this one went on from`,
    })),
    ...gone,
    ...unread,
  ];
  if (judged.length === 0) throw nothingLeft(dataset, chosen.length, reasons);
  const count = (of: readonly Candidate[], kindOfOne = kindOf): SeenCounts => {
    const kinds = of.map(kindOfOne);
    const number = (kind: keyof SeenCounts) => kinds.filter((other) => other === kind).length;
    return { content: number("content"), lesion: number("lesion"), patient: number("patient") };
  };
  const check: JudgedCheck = {
    comparedBy: unchecked ? [] : comparedBy(runs, candidates),
    seen: count(judged),
    leftOut: { ...count(leftOut), missing },
    ...(runs.some(({ ancestors }) => ancestors.length > 0) && { leftOutForAncestors: count(forAncestors, ofAncestor) }),
    leftOutImages: reasons,
    newImages: own
      ? candidates.filter((one) => !isKnown(first, one)).length + Math.max(0, gone.length + unread.length - missing)
      : 0,
    otherLabels: labels ? judged.filter((one) => isOtherLabel(labels.get(one), labelOf[one.image.label]!)).length : 0,
  };
  return {
    protocol,
    isOwnTest: own && leftOut.length + missing === 0,
    fingerprint: own ? first.fingerprint : packed.fingerprint,
    curation: own ? first.curation : dataset.curation,
    classMap: own ? first.classMap : dataset.classMap,
    indices: judged.map(({ index }) => index),
    truth: knownLabels(judged, (one) => labels?.get(one) ?? labelOf[one.image.label]!, dataset, classes),
    groups: groupsOfJudged(judged, own, packed),
    check,
  };
}

/** Whether a run's label contradicts that of the folder, where the models know the folder's class. */
const isOtherLabel = (label: number | undefined, inFolder: number): boolean => inFolder >= 0 && label !== inFolder;

const isPublished = ({ protocol }: Provenance): boolean => protocol.name === "official";

function choose(
  first: Provenance,
  dataset: Dataset,
  candidates: readonly Candidate[],
  labelOf: readonly number[],
): Choice {
  const asked = dataset.protocol?.name === drawnProtocol ? undefined : dataset.protocol;
  const external = { protocol: { name: externalProtocol, groupedBy: [] }, own: false, chosen: candidates };
  const testSplit = candidates.filter(({ image }) => image.split === "test");
  if (asked?.name === externalProtocol) return external;
  const isRuns = asked === undefined || (asked.name === first.protocol.name && asked.fold === first.protocol.fold);
  const tested = candidates.filter((one) => isTested(first, one));
  if (isRuns && tested.length > 0 && isOwn(first, candidates)) {
    const labels = ownTests(first, tested, labelOf);
    const chosen = tested.filter((one) => labels.has(one));
    const asFolders = chosen.every((one) => labels.get(one) === labelOf[one.image.label]);
    // A plan that the run did not have makes other test images. A model file does not tell its plan, but the labels.
    const samePlan = first.images === undefined ? asFolders : dataset.curation?.plan === first.curation?.plan;
    if (dataset.curation === undefined || samePlan) return { protocol: first.protocol, own: true, chosen, labels };
  }
  return asked === undefined ? external : { protocol: asked, own: false, chosen: testSplit };
}

/** The images that could not be decoded, of those that a protocol may test, with the trouble. */
function undecodedImages(
  { images }: Dataset,
  packed: PackedImages,
  { own, protocol }: Pick<Choice, "own" | "protocol">,
): JudgedCheck["leftOutImages"] {
  const trouble = new Map(packed.problems.map(({ path, message }) => [path, message]));
  const decoded = new Set(packed.images.map(({ path }) => path));
  return images
    .filter(({ split }) => own || protocol.name === externalProtocol || split === "test")
    .filter(({ path }) => !decoded.has(path))
    .map(({ path }) => ({ path, reason: trouble.get(path) ?? "could not be decoded" }));
}

function nothingLeft(dataset: Dataset, chosen: number, reasons: JudgedCheck["leftOutImages"]): RunError {
  const [example] = reasons;
  if (example === undefined) {
    return new RunError(`${dataset.root}: no test image to judge the model on; add images below Test`);
  }
  const images = chosen === 0 ? "the test images of the run" : `${chosen} images that would be judged`;
  return new RunError(
    `${dataset.root}: none is left of ${images} (${example.path}: ${example.reason}); ` +
      "give images that the model was not trained on, or insist with --allow-seen",
  );
}

/** By what it was checked whether images were seen, by any of the models or those before them: a lesion counts where all of them tell theirs. */
function comparedBy(runs: readonly Provenance[], candidates: readonly Candidate[]): JudgedCheck["comparedBy"] {
  const learned = runs.flatMap((run) => [run, ...run.ancestors]).flatMap((one) => one.learned ?? []);
  const tells = (kind: "lesion" | "patient", among: "lesions" | "patients"): boolean =>
    learned.length > 0 &&
    learned.every((one) => one[among].size > 0) &&
    candidates.some((one) => one[kind] !== undefined);
  return [
    "content",
    ...(tells("lesion", "lesions") ? ["lesion" as const] : []),
    ...(tells("patient", "patients") ? ["patient" as const] : []),
  ];
}

/** The label of each image; throws where it is of a class that the models do not know. */
function knownLabels(
  judged: readonly Candidate[],
  labelOf: (one: Candidate) => number,
  dataset: Dataset,
  classes: readonly string[],
): number[] {
  const labels = judged.map(labelOf);
  const unknown = new Set(judged.flatMap(({ image }, i) => (labels[i] === -1 ? [dataset.classes[image.label]!] : [])));
  if (unknown.size > 0) {
    const names = [...unknown].map((name) => `"${name}"`).join(", ");
    throw new RunError(
      `${dataset.root}: the model does not know the ${unknown.size === 1 ? "class" : "classes"} ${names}; its classes are ` +
        `${classes.join(", ")}; say with --class-map what each of them becomes`,
    );
  }
  return labels;
}

/** As the run has them where the images are its own; else by content and lesion. */
function groupsOfJudged(judged: readonly Candidate[], own: boolean, { contents }: PackedImages): readonly number[] {
  const recorded = judged.map((one) => one.recorded?.group);
  if (own && recorded.every((group) => group !== undefined)) return recorded;
  return groupImages(
    judged.map(({ image }) => image),
    {
      sha256: judged.map(({ index }) => contents[index]!.pixels),
      metadata: judged.map(({ lesion }) => (lesion === undefined ? undefined : { lesion })),
    },
  ).groupOf;
}
