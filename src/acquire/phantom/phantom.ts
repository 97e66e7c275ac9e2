/** The phantom data set: procedural lesions with the class names and proportions of the 9-class ISIC set, drawn from a seed. */

import type { Split } from "../../dataset/dataset.ts";
import { Random } from "../../random.ts";
import { type PhantomClass, phantomClasses } from "./phantom-classes.ts";
import { drawLesion, drawTraits } from "./phantom-drawing.ts";

/** One image of the phantom set, not yet drawn. */
export interface PhantomImage {
  /** Relative to the data set's root, with `/`. */
  readonly path: string;
  /** Draws it as uint8 RGB, (size, size, 3); the same at every call. */
  readonly draw: () => Uint8Array;
}

const splits: readonly Split[] = ["train", "test"];
const folders = { train: "Train", test: "Test" } as const;

/**
 * The images of a phantom set: `Train/<class>/*.jpg` and `Test/<class>/*.jpg`. The total is divided in the proportions of the real
 * set with at least one image for each class and split, so there are never fewer than two per class.
 *
 * An image depends on the seed, its class, its split and its number alone: a larger set holds the smaller one of the same seed.
 */
export function phantomImages({ images, size, seed }: { images: number; size: number; seed: number }): PhantomImage[] {
  const parts = splits.flatMap((split) => phantomClasses.map((phantom, label) => ({ split, phantom, label })));
  const counts = proportionalCounts(
    parts.map(({ split, phantom }) => phantom[split]),
    images,
  );
  return parts.flatMap(({ split, phantom, label }, part) =>
    Array.from({ length: counts[part]! }, (_, number) => ({
      path: `${folders[split]}/${phantom.name}/phantom-${split}-${String(number + 1).padStart(5, "0")}.jpg`,
      draw: () => draw(phantom, size, Random.of(seed, splits.indexOf(split), label, number)),
    })),
  );
}

function draw(phantom: PhantomClass, size: number, random: Random): Uint8Array {
  return drawLesion(size, drawTraits(phantom.traits, random), random);
}

/** Divides `total` in proportion to `weights`, whole numbers of at least 1 (largest remainders). */
function proportionalCounts(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((weight) => Math.max(1, (weight * total) / sum));
  const counts = shares.map(Math.floor);
  const byRemainder = shares
    .map((_, i) => i)
    .sort((a, b) => shares[b]! - counts[b]! - (shares[a]! - counts[a]!) || a - b);
  let missing = total - counts.reduce((a, b) => a + b, 0);
  for (const i of byRemainder) {
    if (missing <= 0) break;
    counts[i]!++;
    missing--;
  }
  // Where small classes were raised to one image, the largest ones make up for it.
  while (missing < 0) {
    const largest = counts.indexOf(Math.max(...counts));
    if (counts[largest]! <= 1) break;
    counts[largest]!--;
    missing++;
  }
  return counts;
}
