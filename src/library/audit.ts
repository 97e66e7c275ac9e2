/** The audit of a data set as the library offers it: from any source of images. */
import { type AuditProgress, auditDataset } from "../audit/audit.ts";
import type { Audit } from "../audit/findings.ts";
import type { DiagnosisMapping } from "../dataset/diagnosis-mapping.ts";
import { type Metadata, matchMetadata, readMetadata } from "../dataset/metadata.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { expectOptions, type OptionKinds } from "./arguments.ts";
import { type DataSource, expectSource, openSource } from "./data-source.ts";

/** What is known of the images beside them, and who is told of the progress. */
export interface AuditOptions {
  /** Tells which diagnoses agree with which classes; default: the built-in names. */
  readonly mapping?: DiagnosisMapping | undefined;
  /** Called as images are opened and compared: what is under way, how many are done, and of how many. */
  readonly onProgress?: ((what: AuditProgress, done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tells lesions, patients and diagnoses: a table, or the path of its file. */
  readonly metadata?: string | Metadata | undefined;
  /** The folder that keeps which contents show the same photograph; by default that of the user. */
  readonly cache?: string | undefined;
  /** Millions of pixels of the largest image that is opened; default 100. */
  readonly maxPixels?: number | undefined;
}

const auditKinds: OptionKinds<AuditOptions> = {
  mapping: "any",
  onProgress: "function",
  signal: "signal",
  metadata: "metadata",
  cache: "path",
  maxPixels: "megapixels",
};

/**
 * Finds what is wrong with a data set: files that are no whole images, exact and near duplicates, contents under two labels, test images
 * and lesions that stand in training, labels that the metadata contradict, outliers, and how much a trivial model tells from colours, borders
 * and files alone. No image is changed.
 *
 * ```ts
 * const { counts } = await audit("data/isic9", { metadata: "metadata.csv" });
 * ```
 *
 * @throws ArgumentError, DatasetError, FileError of the cache; the signal's reason where it aborts
 */
export async function audit(source: DataSource, options: AuditOptions = {}): Promise<Audit> {
  const example = 'audit("data/isic9", { metadata: "metadata.csv" })';
  expectSource(source, "audit", example);
  expectOptions(options, "audit", example, auditKinds);
  const { metadata, cache, maxPixels, ...rest } = options;
  const dataset = await openSource(
    source,
    { cache, ...(maxPixels !== undefined && { maxPixels }) },
    rest.signal ? { signal: rest.signal } : {},
  );
  const table = typeof metadata === "string" ? await readMetadata(metadata) : metadata;
  return withPixelLimit(maxPixels, async () =>
    auditDataset(dataset, {
      ...rest,
      cacheFolder: await cacheFolder(cache),
      ...(table && { metadata: matchMetadata(dataset.images, table) }),
    }),
  );
}
