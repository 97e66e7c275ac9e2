/** Step 1: what the data are, by their audit. */
import { basename, join } from "node:path";
import { auditDataset } from "../../audit/audit.ts";
import type { Confounds } from "../../audit/confounds.ts";
import type { Audit, AuditCounts } from "../../audit/findings.ts";
import type { Dataset, Problem } from "../../dataset/dataset.ts";
import { type Metadata, matchMetadata } from "../../dataset/metadata.ts";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { writeFileAtomic } from "../../disk/files.ts";
import { tidyJson } from "../../disk/tidy-json.ts";
import { doStep, type StudyContext } from "../study-context.ts";
import { countBy } from "./count-by.ts";
import { type Spread, spread } from "./spread.ts";

/** What is there, before anything is done about it. */
export interface DataFindings {
  /** Of the data folder: its last name. */
  readonly name: string;
  readonly origin: Dataset["origin"];
  readonly bytes: number;
  readonly classes: readonly { readonly name: string; readonly train: number; readonly test: number }[];
  readonly counts: AuditCounts;
  /** Contents that stand under several classes, by the classes' names. */
  readonly labelConflicts: readonly { readonly classes: readonly string[]; readonly contents: number }[];
  /** Null where no metadata tell. */
  readonly disagreements:
    | readonly { readonly label: string; readonly diagnosis: string; readonly images: number }[]
    | null;
  /** What tells the classes apart without looking at a lesion; null where it could not be tried. */
  readonly confounds: Confounds | null;
  readonly metadataFields: readonly string[];
  /** Sizes in pixels by the number of images, most frequent first. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly images: number }[];
  /** The longer side in pixels, by class. */
  readonly sides: readonly ({ readonly class: string } & Spread)[];
  /** The first of them. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
}

/** Problems that a report lists. */
const listedProblems = 30;

/** Audits the data as found; `audit.json` in the study's folder holds all that was found. */
export function auditData(context: StudyContext, raw: Dataset, metadata: Metadata | undefined): Promise<DataFindings> {
  const { folder, onEvent, signal } = context;
  return doStep(context, {
    id: "data",
    inputs: [basename(raw.root), raw.problems],
    run: async () => {
      const audit = await auditDataset(raw, {
        metadata: metadata && matchMetadata(raw.images, metadata),
        cacheFolder: await cacheFolder(context.settings.cache),
        signal,
        onProgress: (what, done, total) =>
          onEvent({ kind: what === "opening images" ? "packing" : "comparing", done, total }),
      });
      await writeFileAtomic(join(folder.path, "audit.json"), tidyJson(audit, 1));
      return findingsOf(raw, audit);
    },
  });
}

/** An audit, as far as a study tells of it. */
function findingsOf({ origin, classes, images }: Dataset, audit: Audit): DataFindings {
  const conflicts = audit.exactDuplicates
    .filter(({ labelConflict }) => labelConflict)
    .map(({ files }) => JSON.stringify([...new Set(files.map((file) => file.class))].sort()));
  const disagreements = audit.disagreements.map((file) => JSON.stringify([file.class, file.diagnosis]));
  const problems = [...audit.unreadable, ...audit.leftOut];
  const countOf = (label: number, split: string): number =>
    images.filter((image) => image.label === label && image.split === split).length;
  return {
    name: audit.name,
    origin,
    bytes: images.reduce((sum, { bytes }) => sum + bytes, 0),
    classes: classes.map((name, label) => ({ name, train: countOf(label, "train"), test: countOf(label, "test") })),
    counts: audit.counts,
    labelConflicts: [...countBy(conflicts)]
      .map(([names, contents]) => ({ classes: JSON.parse(names) as string[], contents }))
      .sort((a, b) => b.contents - a.contents),
    disagreements: audit.metadata?.fields.includes("diagnosis")
      ? [...countBy(disagreements)]
          .map(([key, count]) => {
            const [label, diagnosis] = JSON.parse(key) as [string, string];
            return { label, diagnosis, images: count };
          })
          .sort((a, b) => b.images - a.images)
      : null,
    confounds: audit.confounds ?? null,
    metadataFields: [...(audit.metadata?.fields ?? [])].sort(),
    sizes: [
      ...audit.sizes
        .reduce((sum, { width, height, images: count }) => {
          const key = `${width} ${height}`;
          return sum.set(key, { width, height, images: (sum.get(key)?.images ?? 0) + count });
        }, new Map<string, DataFindings["sizes"][number]>())
        .values(),
    ].sort((a, b) => b.images - a.images),
    sides: classes.flatMap((name) => {
      const own = audit.sizes.filter((size) => size.class === name);
      const sides = own.flatMap(({ width, height, images: count }) => Array(count).fill(Math.max(width, height)));
      return sides.length === 0 ? [] : [{ class: name, ...spread(sides) }];
    }),
    problems: problems.slice(0, listedProblems),
    problemCount: problems.length,
  };
}
