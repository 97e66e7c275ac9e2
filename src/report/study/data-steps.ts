/** The first chapters of a study: what the data are, what is made of them, and how they look. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Audit, AuditCounts } from "../../audit/audit.ts";
import type { Confounds } from "../../audit/confounds.ts";
import type { Dataset, Problem } from "../../dataset/dataset.ts";
import type { ImageMetadata } from "../../dataset/metadata.ts";
import { ageBand } from "../../evaluation/age-band.ts";
import { quantile } from "../../evaluation/quantile.ts";
import { writeFileAtomic } from "../../files.ts";
import type { PackedImages } from "../../image/packed-store.ts";
import { pixelPicture } from "../../image/pixel-picture.ts";
import { Random } from "../../random.ts";

/** What is there, before anything is done about it. */
export interface DataFindings {
  readonly root: string;
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
  /** The first of them. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
}

/** Problems that a report lists. */
const listedProblems = 30;

function countBy<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** An audit, as far as a study tells of it. */
export function findData({ root, origin, classes, images }: Dataset, audit: Audit): DataFindings {
  const conflicts = audit.exactDuplicates
    .filter(({ labelConflict }) => labelConflict)
    .map(({ files }) => [...new Set(files.map((file) => file.class))].sort().join("\n"));
  const disagreements = audit.disagreements.map((file) => `${file.class}\n${file.diagnosis}`);
  const problems = [...audit.unreadable, ...audit.leftOut];
  const countOf = (label: number, split: string): number =>
    images.filter((image) => image.label === label && image.split === split).length;
  return {
    root,
    origin,
    bytes: images.reduce((sum, { bytes }) => sum + bytes, 0),
    classes: classes.map((name, label) => ({ name, train: countOf(label, "train"), test: countOf(label, "test") })),
    counts: audit.counts,
    labelConflicts: [...countBy(conflicts)]
      .map(([names, contents]) => ({ classes: names.split("\n"), contents }))
      .sort((a, b) => b.contents - a.contents),
    disagreements: audit.metadata?.fields.includes("diagnosis")
      ? [...countBy(disagreements)]
          .map(([key, count]) => ({ label: key.split("\n")[0]!, diagnosis: key.split("\n")[1]!, images: count }))
          .sort((a, b) => b.images - a.images)
      : null,
    confounds: audit.confounds ?? null,
    metadataFields: [...(audit.metadata?.fields ?? [])].sort(),
    problems: problems.slice(0, listedProblems),
    problemCount: problems.length,
  };
}

/** What curation and protocol made of the data. */
export interface DatasetFindings {
  readonly leftOut: number;
  readonly relabelled: number;
  readonly grouped: number;
  readonly classesLeftOut: Readonly<Record<string, string>>;
  /** By class: images before, and after curation and protocol. */
  readonly counts: readonly {
    readonly name: string;
    readonly trainBefore: number;
    readonly testBefore: number;
    readonly train: number;
    readonly test: number;
  }[];
  readonly protocol: string;
  readonly groupedBy: readonly string[];
  readonly testLeftOut: { readonly content: number; readonly group: number };
  readonly groups: { readonly train: number; readonly test: number };
  /** The most images of one class over the fewest, in training. */
  readonly imbalanceBefore: number;
  readonly imbalanceAfter: number;
  /** The text of the plan. */
  readonly plan: string;
}

export const planName = "curation.csv";

/** Puts the plan back where its file was removed. */
export async function restorePlan(folder: string, text: string): Promise<string> {
  const file = join(folder, planName);
  const there = await readFile(file, "utf8").catch(() => undefined);
  if (there !== text) await writeFileAtomic(file, text);
  return file;
}

export function imbalanceRatio(counts: readonly number[]): number {
  const present = counts.filter((count) => count > 0);
  return Math.max(...present) / Math.min(...present);
}

/** How the images look, by class. */
export interface LookFindings {
  readonly classes: readonly {
    readonly name: string;
    /** JPEG as `data:` addresses. */
    readonly samples: readonly string[];
  }[];
  /** Of each training image: what its colours are in the mean, and how large its file is. */
  readonly colours: readonly {
    readonly class: string;
    readonly brightness: Spread;
    readonly redness: Spread;
    readonly kilobytes: Spread;
  }[];
  readonly people: readonly {
    readonly field: "age" | "sex" | "site";
    readonly counts: readonly { readonly class: string; readonly value: string; readonly images: number }[];
    readonly unknown: number;
  }[];
}

/** Five numbers that stand for a distribution. */
export interface Spread {
  readonly low: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  readonly high: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (part: number) => Number(quantile(sorted, part).toPrecision(4));
  return { low: at(0.05), quarter: at(0.25), median: at(0.5), threeQuarters: at(0.75), high: at(0.95) };
}

const samplesPerClass = 6;

/** Looks at the training images: samples, colours, and who they are of. */
export async function findLooks(
  packed: PackedImages,
  classes: readonly string[],
  metadataOf: (path: string) => ImageMetadata | undefined,
  seed: number,
): Promise<LookFindings> {
  const { height, width } = packed;
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const pixels = new Uint8Array(height * width * 3);
  const colours = new Map(training.map((index) => [index, coloursOf(index)]));

  function coloursOf(index: number): { readonly brightness: number; readonly redness: number } {
    packed.read([index], pixels);
    const sums = [0, 0, 0];
    for (let i = 0; i < pixels.length; i++) sums[i % 3]! += pixels[i]!;
    const [red, green, blue] = sums.map((sum) => sum / (height * width)) as [number, number, number];
    return {
      // Rec. 709 luma of the mean colour.
      brightness: 0.2126 * red + 0.7152 * green + 0.0722 * blue,
      redness: red / Math.max(1, red + green + blue),
    };
  }

  const byClass = classes.map((_, label) => training.filter((index) => packed.images[index]!.label === label));
  const samples = await Promise.all(
    byClass.map(async (indices, label) => {
      const chosen = [...Random.of(seed, label).shuffle([...indices])].slice(0, samplesPerClass);
      const pictures: string[] = [];
      for (const index of chosen) {
        const own = new Uint8Array(pixels.length);
        packed.read([index], own);
        pictures.push(await pixelPicture(own, { height, width, size: 112 }));
      }
      return { name: classes[label]!, samples: pictures };
    }),
  );
  const fields = ["age", "sex", "site"] as const;
  return {
    classes: samples,
    colours: byClass.flatMap((indices, label) =>
      indices.length === 0
        ? []
        : [
            {
              class: classes[label]!,
              brightness: spread(indices.map((index) => colours.get(index)!.brightness)),
              redness: spread(indices.map((index) => colours.get(index)!.redness)),
              kilobytes: spread(indices.map((index) => packed.images[index]!.bytes / 1000)),
            },
          ],
    ),
    people: fields.flatMap((field) => {
      const values = training.map((index) => {
        const about = metadataOf(packed.images[index]!.path);
        return field === "age" ? ageBand(about?.age ?? null) : (about?.[field] ?? null);
      });
      if (values.every((value) => value === null)) return [];
      const counts = countBy(
        training.flatMap((index, at) =>
          values[at] === null ? [] : [`${classes[packed.images[index]!.label]}\n${values[at]}`],
        ),
      );
      return [
        {
          field,
          counts: [...counts].map(([key, images]) => {
            const [name, value] = key.split("\n") as [string, string];
            return { class: name, value, images };
          }),
          unknown: values.filter((value) => value === null).length,
        },
      ];
    }),
  };
}
