/** Draws the test images of each class by their contents, so that the names and the number of the other files move nothing. */

import { createHash } from "node:crypto";
import type { Split } from "./dataset.ts";

/** How a split is drawn. */
export interface SplitOptions {
  readonly seed: number;
  /** Part of each class that goes to test, in [0, 1). */
  readonly testFraction: number;
}

/** An image to be drawn: its label, what its file holds, and the group that stays on one side. */
export interface DrawnImage {
  readonly label: number;
  /** A hash of the content, or whatever else stays with the image. */
  readonly content: string;
  readonly group: number;
}

/** A group's place in the draw: the least hash of seed and content among its images. */
const rankOf = (seed: number, content: string): string =>
  createHash("sha256").update(`${seed} ${content}`).digest("hex");

/**
 * The split of every image, in their order. Each class ranks its groups by a hash of seed and content, and the lowest ranks go to
 * test until they hold `testFraction` of the class's images, rounded, and at least one. A renamed file therefore keeps its split, and an
 * image that is added or removed moves at most one other group of its class, unless it gives its own group another rank. One group of each class stays in training; a group that
 * holds several classes is drawn with the first of them.
 */
export function stratifiedSplit(images: readonly DrawnImage[], { seed, testFraction }: SplitOptions): Split[] {
  const groups = new Map<number, { rank: string; readonly members: number[]; label: number }>();
  for (const [index, { label, content, group }] of images.entries()) {
    const rank = rankOf(seed, content);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, { rank, members: [index], label });
    else {
      known.members.push(index);
      if (rank < known.rank) known.rank = rank;
      known.label = Math.min(known.label, label);
    }
  }
  const splits = images.map((): Split => "train");
  const ranked = [...groups.values()].sort((a, b) => (a.rank < b.rank ? -1 : 1));
  for (const label of new Set(images.map((image) => image.label))) {
    const own = ranked.filter((group) => group.label === label);
    const count = own.reduce((sum, { members }) => sum + members.length, 0);
    const wanted = testFraction === 0 ? 0 : Math.max(1, Math.round(count * testFraction));
    let drawn = 0;
    for (const { members } of own.slice(0, -1)) {
      if (drawn >= wanted) break;
      for (const index of members) splits[index] = "test";
      drawn += members.length;
    }
  }
  return splits;
}
