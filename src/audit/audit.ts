/** The audit of a data set: everything that can be found out about its files, labels, splits and sources, as one plain object. */

import { basename } from "node:path";
import { dataFingerprint } from "../dataset/content-hashes.ts";
import { makeCurationPlan } from "../dataset/curation/curate.ts";
import type { CurationPlan } from "../dataset/curation/curation-plan.ts";
import type { Dataset, Problem, Split } from "../dataset/dataset.ts";
import { type DiagnosisMapping, diagnosisMapping } from "../dataset/diagnosis-mapping.ts";
import { groupImages } from "../dataset/groups.ts";
import type { MatchedMetadata } from "../dataset/metadata.ts";
import { turnNames } from "../near-duplicates/registration.ts";
import { type ComparisonProgress, type SamePhotograph, samePhotographs } from "../near-duplicates/same-photographs.ts";
import { type Survey, surveyImages } from "../near-duplicates/survey.ts";
import { type Confounds, findConfounds } from "./confounds.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import { type FileFinding, findOddities, type Oddity } from "./file-findings.ts";
import { findOutliers, outlierRule } from "./outliers.ts";

/** A file with the class and split that it stands in. */
export interface Place {
  readonly path: string;
  readonly class: string;
  readonly split: Split;
}

/** Files of one content. */
export interface ExactDuplicate {
  readonly sha256: string;
  readonly files: readonly Place[];
  /** Whether they stand under several classes. */
  readonly labelConflict: boolean;
  /** Whether they stand in Train and in Test. */
  readonly leak: boolean;
  /** What the metadata say; absent where they say nothing. */
  readonly diagnosis?: string;
}

/** Two files that show the same photograph, turned, cut or saved anew, or another one of the very same skin. */
export interface NearDuplicatePair {
  readonly a: Place;
  readonly b: Place;
  /** How the second lies on the first, in words. */
  readonly turn: string;
  /** Part of the first's width and height that the second shows. */
  readonly shows: readonly [number, number];
  readonly correlation: number;
  /** Median correlation of the fine structure, by which the two were told to be one photograph. */
  readonly detail: number;
  /** Whether they have no class in common. */
  readonly labelConflict: boolean;
  /** Whether one stands in Train and the other in Test. */
  readonly leak: boolean;
  /** Whether the metadata call them one lesion; absent where they do not say. */
  readonly sameLesion?: boolean;
}

/** A lesion or patient whose images stand in Train and in Test. */
export interface Spanning {
  readonly id: string;
  readonly files: readonly Place[];
}

/** A file whose class the diagnosis in the metadata contradicts. */
export interface Disagreement extends Place {
  readonly diagnosis: string;
  /** The classes that the diagnosis agrees with. */
  readonly agreesWith: readonly string[];
}

/** An image that is unlike the rest. */
export interface OutlierImage extends Place {
  readonly what: string;
  readonly value: number;
  readonly median: number;
  readonly score: number;
}

/** Everything found, in numbers. */
export interface AuditCounts {
  /** Files that look like images by their suffix. */
  readonly images: number;
  readonly contents: number;
  /** Files that cannot be decoded. */
  readonly unreadable: number;
  /** Remarks on the folder: files and folders that were not taken for images, classes with too few. */
  readonly leftOut: number;
  readonly wronglyNamed: number;
  readonly tooSmall: number;
  readonly notRgb: number;
  readonly turned: number;
  /** Contents that several files hold. */
  readonly exactDuplicateGroups: number;
  /** Contents under several classes. */
  readonly labelConflicts: number;
  /** Test images whose content stands in Train. */
  readonly testImagesInTrain: number;
  readonly nearDuplicatePairs: number;
  readonly nearDuplicateConflicts: number;
  readonly nearDuplicateLeaks: number;
  readonly lesionsAcrossSplits: number;
  readonly patientsAcrossSplits: number;
  /** Further test images of whose lesion another image stands in Train. */
  readonly testImagesOfTrainLesions: number;
  /** Further test images of which nearly the same picture stands in Train. */
  readonly testImagesAlikeInTrain: number;
  /** Test images that are none of these. */
  readonly cleanTestImages: number;
  readonly metadataDisagreements: number;
  readonly outliers: number;
}

/** What an audit found. JSON-ready. */
export interface Audit {
  readonly format: "naevus audit 1";
  /** Of the data folder: its last name. Where it lies is no finding, and an audit may be sent around. */
  readonly name: string;
  readonly origin: Dataset["origin"];
  /** What a curation plan did before the audit; absent where none was applied. */
  readonly curation?: Dataset["curation"];
  readonly fingerprint: string;
  readonly classes: readonly string[];
  /** Whether the test images were drawn from the same folders as the training images, as there was no Test. */
  readonly splitDrawn: boolean;
  readonly counts: AuditCounts;
  /** How many images of a class are of one size, in pixels, upright; by class, the most frequent size first. */
  readonly sizes: readonly {
    readonly class: string;
    readonly width: number;
    readonly height: number;
    readonly images: number;
  }[];
  readonly unreadable: readonly Problem[];
  readonly leftOut: readonly Problem[];
  readonly oddities: { readonly [K in Oddity]: readonly FileFinding[] };
  readonly exactDuplicates: readonly ExactDuplicate[];
  readonly nearDuplicates: readonly NearDuplicatePair[];
  readonly lesionsAcrossSplits: readonly Spanning[];
  readonly patientsAcrossSplits: readonly Spanning[];
  readonly disagreements: readonly Disagreement[];
  readonly distribution: Distribution;
  /** The class names and counts that the default curation plan leaves. */
  readonly curated: Distribution & { readonly classesLeftOut: readonly string[] };
  readonly outlierRule: string;
  readonly outliers: readonly OutlierImage[];
  readonly confounds: Confounds | undefined;
  /** Undefined where none were given. */
  readonly metadata: { readonly fields: readonly string[]; readonly unknownImages: number } | undefined;
}

/** What is under way. */
export type AuditProgress = ComparisonProgress;

/** What {@link auditDataset} is given besides the images. */
export interface AuditOptions {
  /** Laid beside the images with `matchMetadata`; without them lesions, patients and diagnoses are not known. */
  readonly metadata?: MatchedMetadata | undefined;
  /** Default: the built-in names. */
  readonly mapping?: DiagnosisMapping | undefined;
  /** Keeps which contents show the same photograph. */
  readonly cacheFolder?: string | undefined;
  /** Called as images are opened and compared: what is under way, how many are done, and of how many. */
  readonly onProgress?: ((what: AuditProgress, done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Audits a data set: opens every image once, compares all, and lays the metadata beside them. Throws only the signal's reason. */
export async function auditDataset(
  dataset: Dataset,
  { metadata, mapping = diagnosisMapping(dataset.classes), cacheFolder, onProgress, signal }: AuditOptions = {},
): Promise<Audit> {
  const { classes, images } = dataset;
  const survey = await surveyImages(dataset, { signal, onProgress: (...at) => onProgress?.("opening images", ...at) });
  const { contents, contentOf, sha256, unreadable } = survey;
  const imagesOf = contents.map((): number[] => []);
  for (const [index, content] of contentOf.entries()) if (content !== undefined) imagesOf[content]!.push(index);
  const { pairs } = await samePhotographs(dataset, { cacheFolder, survey, onProgress, signal });
  const numbers = new Map(contents.map(({ sha256: content }, number) => [content, number]));
  const near = pairs
    .map(
      (pair): FoundPair => ({
        ...pair,
        first: imagesOf[numbers.get(pair.a)!]!,
        second: imagesOf[numbers.get(pair.b)!]!,
      }),
    )
    .sort((one, other) => one.first[0]! - other.first[0]! || one.second[0]! - other.second[0]!);

  const place = (index: number): Place => {
    const { path, label, split } = images[index]!;
    return { path, class: classes[label]!, split };
  };
  const known = metadata?.images ?? [];
  const exactDuplicates = imagesOf.flatMap((indices, content): ExactDuplicate[] => {
    if (indices.length < 2) return [];
    const diagnosis = known[indices[0]!]?.diagnosis;
    return [
      {
        sha256: contents[content]!.sha256,
        files: indices.map(place),
        ...spread(indices, dataset),
        ...(diagnosis !== undefined && { diagnosis }),
      },
    ];
  });
  const nearDuplicates = near.map((pair) => nearDuplicateOf(pair, dataset, known));
  const alike = near.flatMap(({ first, second }) => first.flatMap((a) => second.map((b) => [a, b] as const)));
  const { groupOf, clean } = cleanTest(dataset, sha256, known, alike);
  const lesionsAcrossSplits = spanning(dataset, (index) => known[index]?.lesion, place);
  const patientsAcrossSplits = spanning(dataset, (index) => known[index]?.patient, place);
  const disagreements = images.flatMap(({ label }, index): Disagreement[] => {
    const diagnosis = known[index]?.diagnosis;
    const agreeing = diagnosis === undefined ? undefined : mapping.labelsOf(diagnosis);
    if (diagnosis === undefined || agreeing === undefined || agreeing.includes(label)) return [];
    return [{ ...place(index), diagnosis, agreesWith: agreeing.map((other) => classes[other]!) }];
  });
  const outliers = findOutliers(contents).map(({ content, ...outlier }) => ({
    ...place(imagesOf[content]![0]!),
    ...outlier,
  }));
  const oddities = findOddities(images, survey);
  const plan = makeCurationPlan({
    dataset,
    sha256: sha256.map((hash, index) => (contentOf[index] === undefined ? undefined : hash)),
    mapping,
    metadata: known,
    nearDuplicates: alike,
  });
  const decoded = images.flatMap(({ split, label }, index) =>
    contentOf[index] === undefined ? [] : [{ split, label, sha256: sha256[index]! }],
  );
  return {
    format: "naevus audit 1",
    name: basename(dataset.root),
    origin: dataset.origin,
    ...(dataset.curation && { curation: dataset.curation }),
    fingerprint: dataFingerprint(classes, decoded),
    classes,
    splitDrawn: isSplitDrawn(dataset),
    counts: {
      images: images.length,
      contents: contents.length,
      unreadable: unreadable.length,
      leftOut: dataset.problems.length,
      wronglyNamed: oddities.wronglyNamed.length,
      tooSmall: oddities.tooSmall.length,
      notRgb: oddities.notRgb.length,
      turned: oddities.turned.length,
      exactDuplicateGroups: exactDuplicates.length,
      labelConflicts: exactDuplicates.filter(({ labelConflict }) => labelConflict).length,
      testImagesInTrain: clean.inTrain,
      nearDuplicatePairs: nearDuplicates.length,
      nearDuplicateConflicts: nearDuplicates.filter(({ labelConflict }) => labelConflict).length,
      nearDuplicateLeaks: nearDuplicates.filter(({ leak }) => leak).length,
      lesionsAcrossSplits: lesionsAcrossSplits.length,
      patientsAcrossSplits: patientsAcrossSplits.length,
      testImagesOfTrainLesions: clean.ofTrainLesions,
      testImagesAlikeInTrain: clean.alike,
      cleanTestImages: clean.left,
      metadataDisagreements: disagreements.length,
      outliers: new Set(outliers.map(({ path }) => path)).size,
    },
    sizes: sizesOf(dataset, survey),
    unreadable,
    leftOut: dataset.problems,
    oddities,
    exactDuplicates,
    nearDuplicates,
    lesionsAcrossSplits,
    patientsAcrossSplits,
    disagreements,
    distribution: distributionOf(classes, images, known),
    curated: curatedDistribution(dataset, plan, known),
    outlierRule,
    outliers,
    confounds: confoundsOf(dataset, survey, imagesOf, groupOf),
    metadata: metadata && { fields: [...metadata.fields], unknownImages: metadata.unknownImages },
  };
}

function sizesOf({ classes, images }: Dataset, { contents, contentOf }: Survey): Audit["sizes"] {
  return classes.flatMap((name, label) => {
    const counts = new Map<string, number>();
    for (const [index, image] of images.entries()) {
      const content = contents[contentOf[index] ?? -1];
      if (image.label !== label || content === undefined) continue;
      const size = `${content.width} ${content.height}`;
      counts.set(size, (counts.get(size) ?? 0) + 1);
    }
    return [...counts]
      .sort((a, b) => b[1] - a[1])
      .map(([size, count]) => {
        const [width, height] = size.split(" ").map(Number) as [number, number];
        return { class: name, width, height, images: count };
      });
  });
}

type Known = MatchedMetadata["images"];

/** Whether images stand under several classes, and whether they stand on both sides of the split. */
function spread(
  indices: readonly number[],
  { images }: Dataset,
): { readonly labelConflict: boolean; readonly leak: boolean } {
  return {
    labelConflict: new Set(indices.map((index) => images[index]!.label)).size > 1,
    leak: new Set(indices.map((index) => images[index]!.split)).size > 1,
  };
}

/** Two contents of one photograph, with the images that hold each. */
interface FoundPair extends SamePhotograph {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

function nearDuplicateOf(
  { first, second, registration, detail }: FoundPair,
  dataset: Dataset,
  known: Known,
): NearDuplicatePair {
  const place = (index: number): Place => {
    const { path, label, split } = dataset.images[index]!;
    return { path, class: dataset.classes[label]!, split };
  };
  const lesions = [known[first[0]!]?.lesion, known[second[0]!]?.lesion];
  const [, width, shearX, , shearY, height] = registration.placement;
  return {
    a: place(first[0]!),
    b: place(second[0]!),
    turn: turnNames[registration.turn]!,
    shows: [Math.hypot(width, shearY), Math.hypot(height, shearX)],
    correlation: registration.correlation,
    detail,
    labelConflict: !first.some((i) => second.some((j) => dataset.images[i]!.label === dataset.images[j]!.label)),
    leak: first.some((i) => second.some((j) => dataset.images[i]!.split !== dataset.images[j]!.split)),
    ...(lesions.every((lesion) => lesion !== undefined) && { sameLesion: lesions[0] === lesions[1] }),
  };
}

/** The test images that training does not know, by content, near duplicate and lesion; as the protocol `clean` has it. */
function cleanTest(
  dataset: Dataset,
  sha256: readonly (string | undefined)[],
  metadata: Known,
  nearDuplicates: readonly (readonly [number, number])[],
) {
  const { images } = dataset;
  const { groupOf } = groupImages(images, { sha256, metadata, nearDuplicates });
  const lesions = groupImages(images, { sha256, metadata }).groupOf;
  const trained = images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const contents = new Set(trained.map((index) => sha256[index]));
  const groups = new Set(trained.map((index) => groupOf[index]!));
  const trainedLesions = new Set(trained.map((index) => lesions[index]!));
  const clean = { inTrain: 0, ofTrainLesions: 0, alike: 0, left: 0 };
  images.forEach(({ split }, index) => {
    if (split !== "test") return;
    if (sha256[index] !== undefined && contents.has(sha256[index])) clean.inTrain++;
    else if (trainedLesions.has(lesions[index]!)) clean.ofTrainLesions++;
    else if (groups.has(groupOf[index]!)) clean.alike++;
    else clean.left++;
  });
  return { groupOf, clean };
}

function spanning(
  { images }: Dataset,
  idOf: (index: number) => string | undefined,
  place: (index: number) => Place,
): Spanning[] {
  const byId = new Map<string, number[]>();
  for (const index of images.keys()) {
    const id = idOf(index);
    if (id === undefined) continue;
    const same = byId.get(id);
    if (same === undefined) byId.set(id, [index]);
    else same.push(index);
  }
  return [...byId].flatMap(([id, indices]) =>
    new Set(indices.map((index) => images[index]!.split)).size > 1 ? [{ id, files: indices.map(place) }] : [],
  );
}

/** What the default plan leaves, counted under the classes of the data set. */
function curatedDistribution(dataset: Dataset, { steps }: CurationPlan, known: Known): Audit["curated"] {
  const indexOf = new Map(dataset.images.map(({ path }, index) => [path, index]));
  const labels: (number | undefined)[] = dataset.images.map(({ label }) => label);
  const classesLeftOut: string[] = [];
  for (const step of steps) {
    if (step.action === "leave out class") classesLeftOut.push(step.className);
    else if (step.action === "leave out") labels[indexOf.get(step.path)!] = undefined;
    else if (step.action === "relabel") labels[indexOf.get(step.path)!] = dataset.classes.indexOf(step.className);
  }
  const gone = new Set(classesLeftOut.map((name) => dataset.classes.indexOf(name)));
  const left = labels.flatMap((label, index) => (label === undefined || gone.has(label) ? [] : [{ label, index }]));
  return {
    ...distributionOf(
      dataset.classes,
      left.map(({ label, index }) => ({ label, split: dataset.images[index]!.split })),
      left.map(({ index }) => known[index]),
    ),
    classesLeftOut,
  };
}

function confoundsOf(
  dataset: Dataset,
  { contents }: Survey,
  imagesOf: readonly (readonly number[])[],
  groupOf: readonly number[],
): Confounds | undefined {
  const samples = contents.flatMap((facts, content) => {
    const indices = imagesOf[content]!;
    const { label, path } = dataset.images[indices[0]!]!;
    // What has two labels says nothing of either.
    return spread(indices, dataset).labelConflict ? [] : [{ facts, label, path, group: groupOf[indices[0]!]! }];
  });
  return findConfounds(samples, dataset.classes.length);
}

/** In a published split Train and Test have folders of their own; in a drawn one they share the class folders. */
function isSplitDrawn({ images }: Dataset): boolean {
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
  const tested = new Set(images.filter(({ split }) => split === "test").map(({ path }) => folderOf(path)));
  return images.some(({ split, path }) => split === "train" && tested.has(folderOf(path)));
}
