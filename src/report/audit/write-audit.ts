/** Audits a data folder and leaves `audit.json` and `audit.html`. */
import { join, resolve } from "node:path";
import { type AuditProgress, auditDataset } from "../../audit/audit.ts";
import type { Audit } from "../../audit/findings.ts";
import { applyClassMap, readClassMap } from "../../dataset/class-map.ts";
import { applyCuration } from "../../dataset/curation/apply-curation.ts";
import { readCurationPlan } from "../../dataset/curation/curation-plan.ts";
import type { Dataset, Problem } from "../../dataset/dataset.ts";
import { readDiagnosisMapping } from "../../dataset/diagnosis-mapping.ts";
import { matchMetadata, readMetadata } from "../../dataset/metadata.ts";
import { writeFileAtomic } from "../../disk/files.ts";
import { checkOutputFolder, makeOutputFolder } from "../../disk/output-folder.ts";
import { tidyJson } from "../../disk/tidy-json.ts";
import { filePicture } from "../../image/picture.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { Random } from "../../random.ts";
import { auditPage } from "./audit-page.ts";

/** What an audit is made with, and where it is left. */
export interface AuditReportOptions {
  /** Folder for the two files; made where it is missing. */
  readonly out: string;
  /** Tables of metadata; without them lesions, patients and diagnoses are not known. */
  readonly metadata?: string | readonly string[] | undefined;
  /** A mapping of diagnoses to classes, before what is built in. */
  readonly mapping?: string | undefined;
  /** A curation plan: what it leaves is audited. */
  readonly curation?: string | undefined;
  /** A class map: its classes are audited. */
  readonly classMap?: string | undefined;
  /** Whether the page shows pictures of the images; default true. */
  readonly images?: boolean | undefined;
  /** Keeps what was found of the files' contents. */
  readonly cacheFolder?: string | undefined;
  readonly onProgress?: ((what: AuditProgress, done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an audit left. */
export interface AuditReport {
  readonly audit: Audit;
  /** `audit.json` and `audit.html`. */
  readonly files: { readonly json: string; readonly html: string };
  /** What is odd about the metadata and the curation plan. */
  readonly problems: readonly Problem[];
}

const pictureSize = 128;
const picturesPerClass = 8;

/** Throws DatasetError for data, metadata, a mapping or a plan that cannot be used; FileError; the signal's reason where it aborts. */
export async function writeAudit(
  data: string,
  { out, metadata, mapping, curation, classMap, images = true, cacheFolder, onProgress, signal }: AuditReportOptions,
): Promise<AuditReport> {
  const folder = resolve(out);
  await checkOutputFolder(folder, data);
  const folders = await readDataset(data);
  const map = classMap === undefined ? undefined : await readClassMap(classMap);
  const mapped = (one: Dataset): Dataset => (map === undefined ? one : applyClassMap(one, map));
  const read = mapped(folders);
  // A plan names the classes of the folders.
  const curated =
    curation === undefined
      ? undefined
      : mapped(await applyCuration(folders, await readCurationPlan(curation), { signal }));
  // The problems of plan and map are no findings about the folder.
  const dataset = { ...(curated ?? read), problems: folders.problems };
  const table = metadata === undefined ? undefined : await readMetadata(metadata);
  const audit = await auditDataset(dataset, {
    metadata: table && matchMetadata(dataset.images, table),
    mapping: mapping === undefined ? undefined : await readDiagnosisMapping(mapping, dataset.classes),
    cacheFolder,
    onProgress,
    signal,
  });
  await makeOutputFolder(folder, data);
  const files = { json: join(folder, "audit.json"), html: join(folder, "audit.html") };
  await writeFileAtomic(files.json, tidyJson(audit, 1));
  const page = await auditPage(audit, {
    gallery: sampleOfClasses(dataset, picturesPerClass),
    picture: images ? (path) => filePicture(join(dataset.root, path), pictureSize) : undefined,
  });
  await writeFileAtomic(files.html, page);
  const planProblems = (curated ?? read).problems.slice(folders.problems.length);
  const tableProblems = table ? matchMetadata(read.images, table).problems : [];
  return { audit, files, problems: [...planProblems, ...tableProblems] };
}

/** For each class some of its images, by path, drawn at random but the same every time. */
export function sampleOfClasses({ classes, images }: Dataset, count: number): string[][] {
  return classes.map((_, label) => {
    const own = images.filter((image) => image.label === label);
    const order = Random.of(0, label).shuffle(Array.from(own, (_, i) => i));
    return order.slice(0, count).map((i) => own[i]!.path);
  });
}
