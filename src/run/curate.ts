/** Makes a curation plan of a data folder and writes it: hashes, metadata and mapping brought together. */
import { resolve } from "node:path";
import { hashContents } from "../dataset/content-hashes.ts";
import { applyCuration } from "../dataset/curation/apply-curation.ts";
import { makeCurationPlan } from "../dataset/curation/curate.ts";
import { type CurationPlan, formatCurationPlan } from "../dataset/curation/curation-plan.ts";
import type { Dataset, Problem } from "../dataset/dataset.ts";
import { readDiagnosisMapping } from "../dataset/diagnosis-mapping.ts";
import { matchMetadata, readMetadata } from "../dataset/metadata.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { fileExists, refuseUnwritableFile, writeFileAtomic } from "../disk/files.ts";
import { DatasetError, RunError } from "../errors.ts";
import { readDataset } from "../image/read-dataset.ts";
import { imageContents } from "../image/store/image-contents.ts";
import { nearDuplicatePairs } from "./data/near-duplicate-pairs.ts";
import type { RunContext } from "./run-events.ts";

/** Where a curation plan is written, and what it is made from. */
export interface CurateOptions extends Pick<RunContext, "onEvent" | "signal"> {
  /** The plan's file. */
  readonly out: string;
  /** Whether a file that is there is replaced, default false: somebody may have worked on it. */
  readonly overwrite?: boolean | undefined;
  /** Tables of metadata; without them no conflict can be settled and no lesion is known. */
  readonly metadata?: string | readonly string[] | undefined;
  /** A mapping of diagnoses to classes, before what is built in. */
  readonly mapping?: string | undefined;
  /** Whether images of one patient are grouped, default false. */
  readonly patients?: boolean | undefined;
  readonly cache?: string | undefined;
}

/** What a plan does, in numbers. */
export interface CurationResult {
  /** The plan's file. */
  readonly plan: string;
  readonly images: number;
  readonly fingerprint: string;
  /** Images that the plan leaves out, those of whole classes included. */
  readonly leftOut: number;
  /** Images that stay under another label. */
  readonly relabelled: number;
  readonly grouped: number;
  readonly groups: number;
  /** By name, each with the reason. */
  readonly classesLeftOut: Readonly<Record<string, string>>;
  /** The classes that stay. */
  readonly classes: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Writes the curation plan by the default rules of `makeCurationPlan`.
 *
 * Throws RunError where there is such a file already; DatasetError for data, metadata or a mapping that cannot be used, or where fewer than two classes would stay; FileError;
 * the signal's reason where it aborts.
 */
export async function curate(
  data: string,
  { out, overwrite = false, metadata, mapping, patients = false, cache: given, onEvent, signal }: CurateOptions,
): Promise<CurationResult> {
  if (!overwrite) await refuseExisting(out);
  await refuseUnwritableFile(resolve(out));
  const cache = await cacheFolder(given, (message) => onEvent?.({ kind: "warning", message }));
  const dataset = await readDataset(data, { cacheFolder: cache, signal });
  const table = metadata === undefined ? undefined : await readMetadata(metadata);
  const matched = table && matchMetadata(dataset.images, table);
  if (patients && !matched?.fields.has("patient")) {
    throw new DatasetError(
      "patients: the metadata say nothing of patients; give a table with patient_id, or leave it out",
    );
  }
  const diagnoses = mapping === undefined ? undefined : await readDiagnosisMapping(mapping, dataset.classes);
  const hashing = {
    cacheFolder: cache,
    onProgress: (done: number, total: number) => onEvent?.({ kind: "packing", done, total }),
    signal,
  };
  const { sha256, problems } = await hashContents(dataset, hashing);
  const { contents } = await imageContents(dataset, hashing);
  const nearDuplicates = await nearDuplicatePairs(dataset, { cacheFolder: cache, onEvent, signal });
  const plan = makeCurationPlan({
    dataset,
    sha256,
    contents,
    patients,
    nearDuplicates,
    ...(matched && { metadata: matched.images }),
    ...(diagnoses && { mapping: diagnoses }),
  });
  const result = resultOf(resolve(out), dataset, plan, [
    ...dataset.problems,
    ...problems,
    ...(matched?.problems ?? []),
  ]);
  if (result.classes.length < 2) {
    throw new DatasetError(
      `${data}: fewer than two classes can be trusted, so there is nothing to train on; look at an audit`,
    );
  }
  // Counted as the plan is applied: its lines do not name the images of classes that are left out whole.
  const lines = plan.steps.map((_, i) => i + 1);
  const { curation } = await applyCuration(dataset, { ...plan, file: result.plan, sha256: "", lines }, hashing);
  // Another process may have written one meanwhile.
  if (!overwrite) await refuseExisting(out);
  await writeFileAtomic(result.plan, formatCurationPlan(plan));
  return { ...result, leftOut: curation!.leftOut, relabelled: curation!.relabelled };
}

async function refuseExisting(file: string): Promise<void> {
  if (await fileExists(file)) {
    throw new RunError(
      `${file}: there is such a file already; choose another one, or have it replaced with --overwrite`,
    );
  }
}

function resultOf(
  file: string,
  dataset: Dataset,
  { steps, madeFor }: Required<CurationPlan>,
  problems: readonly Problem[],
): Omit<CurationResult, "leftOut" | "relabelled"> {
  const groups = steps.flatMap((step) => (step.action === "group" ? [step.group] : []));
  const classesLeftOut = Object.fromEntries(
    steps.flatMap((step) => (step.action === "leave out class" ? [[step.className, step.reason] as const] : [])),
  );
  return {
    plan: file,
    images: dataset.images.length,
    fingerprint: madeFor.fingerprint,
    grouped: groups.length,
    groups: new Set(groups).size,
    classesLeftOut,
    classes: dataset.classes.filter((name) => !Object.hasOwn(classesLeftOut, name)),
    problems,
  };
}
