/** Groups of images that must never stand on both sides of a split: of one content, one lesion, one patient, or found alike. */

import type { ImageRecord } from "./dataset.ts";
import { isicId } from "./image-id.ts";
import type { ImageMetadata } from "./metadata.ts";

/** What puts two images into one group. */
export type GroupReason = "content" | "ISIC id" | "lesion" | "patient" | "curation plan" | "near duplicate";

/** What tells that images belong together; all of it may be left out. */
export interface GroupOptions {
  /** Of each image, in their order; images without are of unknown content. */
  readonly sha256?: readonly (string | undefined)[];
  /** Of each image, in their order. */
  readonly metadata?: readonly (ImageMetadata | undefined)[];
  /** Whether images of one patient are one group, default false: lesions of one patient look alike far less than one lesion. */
  readonly patients?: boolean;
  /** Pairs of indices into the images. */
  readonly nearDuplicates?: Iterable<readonly [number, number]>;
}

/** Images in groups that are never separated, such as all images of one lesion. */
export interface Groups {
  /** For each image the index of its group; groups are numbered in the order of their first images. */
  readonly groupOf: readonly number[];
  /** For each group its images, in their order. */
  readonly members: readonly (readonly number[])[];
  /** What joined at least two images. */
  readonly joinedBy: readonly GroupReason[];
}

/** Joins images into groups by everything that is known of them: whatever shares a content, ISIC id or lesion, directly or over others. */
export function groupImages(
  images: readonly Pick<ImageRecord, "path" | "group">[],
  { sha256, metadata, patients = false, nearDuplicates = [] }: GroupOptions = {},
): Groups {
  const sets = new DisjointSets(images.length);
  const joinedBy = new Set<GroupReason>();
  const join = (reason: GroupReason, a: number, b: number): void => {
    sets.join(a, b);
    joinedBy.add(reason);
  };
  const joinEqual = (reason: GroupReason, keyOf: (index: number) => string | undefined): void => {
    const first = new Map<string, number>();
    for (let index = 0; index < images.length; index++) {
      const key = keyOf(index);
      if (key === undefined) continue;
      const other = first.get(key);
      if (other === undefined) first.set(key, index);
      else join(reason, other, index);
    }
  };
  joinEqual("content", (index) => sha256?.[index]);
  joinEqual("ISIC id", (index) => isicId(images[index]!.path));
  joinEqual("lesion", (index) => metadata?.[index]?.lesion);
  if (patients) joinEqual("patient", (index) => metadata?.[index]?.patient);
  joinEqual("curation plan", (index) => images[index]!.group);
  for (const [a, b] of nearDuplicates) join("near duplicate", a, b);

  const numbers = new Map<number, number>();
  const members: number[][] = [];
  const groupOf = images.map((_, index) => {
    const root = sets.find(index);
    let number = numbers.get(root);
    if (number === undefined) {
      number = members.length;
      numbers.set(root, number);
      members.push([]);
    }
    members[number]!.push(index);
    return number;
  });
  return { groupOf, members, joinedBy: [...joinedBy] };
}

/** Union-find (Tarjan): sets of whole numbers that are joined two by two. */
export class DisjointSets {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  /** The smallest number of the set that `item` is in. */
  find(item: number): number {
    let root = item;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    for (let step = item; step !== root; ) {
      const next = this.#parent[step]!;
      this.#parent[step] = root;
      step = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [rootA, rootB] = [this.find(a), this.find(b)];
    // The smaller one stays the root, so that a set's name does not depend on the order of joining.
    if (rootA < rootB) this.#parent[rootB] = rootA;
    else this.#parent[rootA] = rootB;
  }
}
