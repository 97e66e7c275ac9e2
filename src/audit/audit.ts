/** The audit of a data set: everything that can be found out about its files, labels, splits and sources, as one plain object. */
import { basename } from "node:path";
import { dataFingerprint } from "../dataset/content-hashes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type DiagnosisMapping, diagnosisMapping } from "../dataset/diagnosis-mapping.ts";
import type { MatchedMetadata } from "../dataset/metadata.ts";
import { type ComparisonProgress, samePhotographs } from "../near-duplicates/same-photographs.ts";
import { surveyImages } from "../near-duplicates/survey.ts";
import { type Confounds, findConfounds } from "./confounds.ts";
import { distributionOf } from "./distribution.ts";
import { exactDuplicatesOf, imagePairs, nearDuplicateOf, photographPairs } from "./duplicates.ts";
import { type Examined, examined, placeOf, spread } from "./examined.ts";
import { findOddities } from "./file-findings.ts";
import type { Audit, AuditCounts, OutlierImage } from "./findings.ts";
import { curatedDistribution, disagreementsOf } from "./labels.ts";
import { findOutliers, outlierRule } from "./outliers.ts";
import { type CleanTest, cleanTest, isSplitDrawn, spanning } from "./splits.ts";

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
  const { pairs } = await samePhotographs(dataset, { cacheFolder, survey, onProgress, signal });
  const all = examined(dataset, survey, metadata?.images ?? []);
  const near = photographPairs(all, pairs);
  const alike = imagePairs(near);
  const { groupOf, clean } = cleanTest(all, alike);
  const found: Found = {
    sizes: sizesOf(all),
    unreadable: survey.unreadable,
    leftOut: dataset.problems,
    oddities: findOddities(images, survey),
    exactDuplicates: exactDuplicatesOf(all),
    nearDuplicates: near.map((pair) => nearDuplicateOf(pair, all)),
    lesionsAcrossSplits: spanning(all, "lesion"),
    patientsAcrossSplits: spanning(all, "patient"),
    disagreements: disagreementsOf(all, mapping),
    distribution: distributionOf(classes, images, all.known),
    curated: curatedDistribution(all, mapping, alike),
    outlierRule,
    outliers: outliersOf(all),
    confounds: confoundsOf(all, groupOf),
  };
  return {
    format: "naevus audit 1",
    name: basename(dataset.root),
    origin: dataset.origin,
    ...(dataset.curation && { curation: dataset.curation }),
    fingerprint: fingerprintOf(all),
    classes,
    splitDrawn: isSplitDrawn(dataset),
    counts: { images: images.length, contents: survey.contents.length, ...countsOf(found, clean) },
    ...found,
    metadata: metadata && { fields: [...metadata.fields], unknownImages: metadata.unknownImages },
  };
}

/** The findings, beside what the data set is. */
type Found = Omit<
  Audit,
  "format" | "name" | "origin" | "curation" | "fingerprint" | "classes" | "splitDrawn" | "counts" | "metadata"
>;

const countsOf = (found: Found, clean: CleanTest["clean"]): Omit<AuditCounts, "images" | "contents"> => ({
  unreadable: found.unreadable.length,
  leftOut: found.leftOut.length,
  wronglyNamed: found.oddities.wronglyNamed.length,
  tooSmall: found.oddities.tooSmall.length,
  notRgb: found.oddities.notRgb.length,
  turned: found.oddities.turned.length,
  exactDuplicateGroups: found.exactDuplicates.length,
  labelConflicts: found.exactDuplicates.filter(({ labelConflict }) => labelConflict).length,
  testImagesInTrain: clean.inTrain,
  nearDuplicatePairs: found.nearDuplicates.length,
  nearDuplicateConflicts: found.nearDuplicates.filter(({ labelConflict }) => labelConflict).length,
  nearDuplicateLeaks: found.nearDuplicates.filter(({ leak }) => leak).length,
  lesionsAcrossSplits: found.lesionsAcrossSplits.length,
  patientsAcrossSplits: found.patientsAcrossSplits.length,
  testImagesOfTrainLesions: clean.ofTrainLesions,
  testImagesAlikeInTrain: clean.alike,
  cleanTestImages: clean.left,
  metadataDisagreements: found.disagreements.length,
  outliers: new Set(found.outliers.map(({ path }) => path)).size,
});

/** The fingerprint of the images that can be decoded. */
function fingerprintOf({ dataset, survey: { contentOf, sha256 } }: Examined): string {
  const decoded = dataset.images.flatMap(({ split, label }, index) =>
    contentOf[index] === undefined ? [] : [{ split, label, sha256: sha256[index]! }],
  );
  return dataFingerprint(dataset.classes, decoded);
}

function sizesOf({ dataset, survey }: Examined): Audit["sizes"] {
  const { classes, images } = dataset;
  const { contents, contentOf } = survey;
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

const outliersOf = ({ dataset, survey, imagesOf }: Examined): OutlierImage[] =>
  findOutliers(survey.contents).map(({ content, ...outlier }) => ({
    ...placeOf(dataset, imagesOf[content]![0]!),
    ...outlier,
  }));

function confoundsOf({ dataset, survey, imagesOf }: Examined, groupOf: readonly number[]): Confounds | undefined {
  const samples = survey.contents.flatMap((facts, content) => {
    const indices = imagesOf[content]!;
    const { label, path } = dataset.images[indices[0]!]!;
    // What has two labels says nothing of either.
    return spread(indices, dataset).labelConflict ? [] : [{ facts, label, path, group: groupOf[indices[0]!]! }];
  });
  return findConfounds(samples, dataset.classes.length);
}
