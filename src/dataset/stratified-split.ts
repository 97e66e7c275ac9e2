/** Divides the images of each class between training and test by a seeded draw. */

import { Random } from "../random.ts";
import type { Split } from "./records.ts";

/**
 * Draws the split of every image, class by class: `testFraction` of a class's images, rounded, go to test. Of a class with
 * at least two images one or more go to each part (none to test where `testFraction` is 0); a lone image goes to training.
 *
 * @param labels label of each image; the draw depends on their order
 * @returns the split of each image, in the same order
 */
export function stratifiedSplit(
  labels: readonly number[],
  { seed, testFraction }: { readonly seed: number; readonly testFraction: number },
): Split[] {
  const members = new Map<number, number[]>();
  for (const [image, label] of labels.entries()) {
    const ofClass = members.get(label);
    if (ofClass === undefined) members.set(label, [image]);
    else ofClass.push(image);
  }
  const splits = labels.map((): Split => "train");
  for (const [label, images] of members) {
    const fewest = testFraction > 0 && images.length > 1 ? 1 : 0;
    const count = Math.min(Math.max(Math.round(images.length * testFraction), fewest), images.length - 1);
    for (const image of Random.of(seed, label).shuffle(images).slice(0, count)) splits[image] = "test";
  }
  return splits;
}
