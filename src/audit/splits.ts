/** What stands on both sides of the split, and what is left of the test set without it. */
import type { Dataset } from "../dataset/dataset.ts";
import { groupImages } from "../dataset/groups.ts";
import { type Examined, placeOf } from "./examined.ts";
import type { Spanning } from "./findings.ts";

/** The groups of all images, and how many test images training knows in which way. */
export interface CleanTest {
  readonly groupOf: readonly number[];
  readonly clean: {
    readonly inTrain: number;
    readonly ofTrainLesions: number;
    readonly alike: number;
    readonly left: number;
  };
}

/** The test images that training does not know, by content, near duplicate and lesion; as the protocol `clean` has it. */
export function cleanTest(
  { dataset, survey: { sha256 }, known: metadata }: Examined,
  nearDuplicates: readonly (readonly [number, number])[],
): CleanTest {
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

/** Lesions or patients that metadata tell, whose images stand in Train and in Test. */
export function spanning({ dataset, known }: Examined, kind: "lesion" | "patient"): Spanning[] {
  const { images } = dataset;
  const byId = new Map<string, number[]>();
  for (const index of images.keys()) {
    const id = known[index]?.[kind];
    if (id === undefined) continue;
    const same = byId.get(id);
    if (same === undefined) byId.set(id, [index]);
    else same.push(index);
  }
  return [...byId].flatMap(([id, indices]) =>
    new Set(indices.map((index) => images[index]!.split)).size > 1
      ? [{ id, files: indices.map((index) => placeOf(dataset, index)) }]
      : [],
  );
}

/** In a published split Train and Test have folders of their own; in a drawn one they share the class folders. */
export function isSplitDrawn({ images }: Dataset): boolean {
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
  const tested = new Set(images.filter(({ split }) => split === "test").map(({ path }) => folderOf(path)));
  return images.some(({ split, path }) => split === "train" && tested.has(folderOf(path)));
}
