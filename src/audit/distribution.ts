/** How many images each class has: in all, in each split, and by what the metadata say of the people. */
import type { ImageRecord } from "../dataset/dataset.ts";
import type { ImageMetadata } from "../dataset/metadata.ts";

/** Images by class, in the order of the classes, under a heading such as `test` or `female`. */
export interface ClassCounts {
  readonly name: string;
  readonly counts: readonly number[];
  readonly total: number;
  /** The largest class's count over the smallest's that has any; null where there is none. */
  readonly imbalanceRatio: number | null;
}

/** The distribution over classes. */
export interface Distribution {
  readonly all: ClassCounts;
  readonly splits: readonly ClassCounts[];
  /** By `sex`, `age` and `site`, as far as the metadata have them; images that they say nothing of are under `unknown`. */
  readonly by: Readonly<Partial<Record<"sex" | "age" | "site", readonly ClassCounts[]>>>;
}

const unknown = "unknown";

/** Age bands of 20 years, such as `20 to 39`. */
const bandOf = (age: number): string => {
  const start = Math.min(Math.floor(age / 20) * 20, 80);
  return start === 80 ? "80 and older" : `${start} to ${start + 19}`;
};

function classCounts(name: string, labels: readonly number[], classes: number): ClassCounts {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  const some = counts.filter((count) => count > 0);
  return {
    name,
    counts,
    total: labels.length,
    imbalanceRatio: some.length > 0 ? Math.max(...some) / Math.min(...some) : null,
  };
}

/** The labels of the classes with the most images, in the order of the labels; of equals the first. */
export const largestClasses = (counts: readonly number[], most: number): readonly number[] =>
  counts
    .map((count, label) => ({ count, label }))
    .sort((a, b) => b.count - a.count || a.label - b.label)
    .slice(0, most)
    .map(({ label }) => label)
    .sort((a, b) => a - b);

/** @param metadata of each image, in their order; none where there is no table */
export function distributionOf(
  classes: readonly string[],
  images: readonly Pick<ImageRecord, "label" | "split">[],
  metadata: readonly (ImageMetadata | undefined)[] = [],
): Distribution {
  const labelsWhere = (keep: (index: number) => boolean): number[] =>
    images.flatMap(({ label }, index) => (keep(index) ? [label] : []));
  const count = (name: string, keep: (index: number) => boolean) =>
    classCounts(name, labelsWhere(keep), classes.length);
  const by = (readFrom: (image: ImageMetadata) => string | undefined): readonly ClassCounts[] | undefined => {
    const values = images.map((_, index) => {
      const image = metadata[index];
      return (image && readFrom(image)) ?? unknown;
    });
    const names = [...new Set(values)].filter((name) => name !== unknown).sort();
    if (names.length === 0) return undefined;
    if (values.includes(unknown)) names.push(unknown);
    return names.map((name) => count(name, (index) => values[index] === name));
  };
  const groups = {
    sex: by(({ sex }) => sex),
    age: by(({ age }) => (age === undefined ? undefined : bandOf(age))),
    site: by(({ site }) => site),
  };
  return {
    all: count("all", () => true),
    splits: (["train", "test"] as const).map((split) => count(split, (index) => images[index]!.split === split)),
    by: Object.fromEntries(Object.entries(groups).filter(([, found]) => found !== undefined)),
  };
}
