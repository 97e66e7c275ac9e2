/** `naevus/dataset`: data sets: metadata, groups, protocols and folds, class maps, curation, contents, and where data come from. */
import "../../node-version.ts";

export type { Clock } from "../../acquire/isic-archive/clock.ts";
export type { MissingImage } from "../../acquire/isic-archive/download-folder.ts";
export {
  type DownloadEvent,
  type DownloadOptions,
  type DownloadResult,
  downloadIsicImages,
} from "../../acquire/isic-archive/isic-download.ts";
export { isic9Manifest, type ManifestEntry } from "../../acquire/isic-archive/manifest.ts";
export type { PhantomOptions } from "../../acquire/phantom/phantom-files.ts";
export { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
export type { Confound, Confounds, IdRanges } from "../../audit/confounds.ts";
export type { ClassCounts, Distribution } from "../../audit/distribution.ts";
export type { FileFinding, Oddity } from "../../audit/file-findings.ts";
export type {
  AuditCounts,
  Disagreement,
  ExactDuplicate,
  NearDuplicatePair,
  OutlierImage,
  Place,
  Spanning,
} from "../../audit/findings.ts";
export { applyClassMap, type ClassMap, type ClassNames, readClassMap } from "../../dataset/class-map.ts";
export { type ContentHashes, type HashOptions, hashContents } from "../../dataset/content-hashes.ts";
export { applyCuration } from "../../dataset/curation/apply-curation.ts";
export { type CurationFindings, makeCurationPlan } from "../../dataset/curation/curate.ts";
export type { ImageStep } from "../../dataset/curation/curation-plan.ts";
export {
  type CurationPlan,
  type CurationPlanFile,
  type CurationStep,
  formatCurationPlan,
  readCurationPlan,
} from "../../dataset/curation/curation-plan.ts";
export type { Dataset, ImageRecord, Problem, Split } from "../../dataset/dataset.ts";
export { type DiagnosisMapping, diagnosisMapping, readDiagnosisMapping } from "../../dataset/diagnosis-mapping.ts";
export type { GroupReason } from "../../dataset/groups.ts";
export { type GroupOptions, type Groups, groupImages } from "../../dataset/groups.ts";
export type { FoundNames, Likeness } from "../../dataset/image-names.ts";
export type { ImagePlaces } from "../../dataset/image-source.ts";
export { listLabelledImages } from "../../dataset/list-images.ts";
export type { MetadataField } from "../../dataset/metadata.ts";
export {
  type ImageMetadata,
  type MatchedMetadata,
  type Metadata,
  matchMetadata,
  readMetadata,
} from "../../dataset/metadata.ts";
export type { ClassMapSummary, CurationSummary, ProtocolSummary } from "../../dataset/protocol-summary.ts";
export {
  applyProtocol,
  type Folds,
  foldDataset,
  foldIndices,
  foldsOf,
  groupsOf,
  type ProtocolOptions,
} from "../../dataset/protocols.ts";
export type { ComparisonProgress } from "../../near-duplicates/same-photographs.ts";
export { type CurateOptions, type CurationResult, curate } from "../../run/curate.ts";
export { nearDuplicatePairs, nearDuplicatePaths } from "../../run/data/near-duplicate-pairs.ts";
