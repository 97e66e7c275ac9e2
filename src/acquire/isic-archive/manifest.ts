/** Which images make up a published set: ISIC id, class and split, facts only; the images themselves come from the ISIC Archive. */

import type { Split } from "../../dataset/dataset.ts";
import { isic9Images } from "./isic9-images.ts";

/** One place of an image in a set. An image may stand in several classes and splits; then it has several entries. */
export interface ManifestEntry {
  /** Such as `ISIC_0024310`. */
  readonly id: string;
  readonly className: string;
  readonly split: Split;
}

const splitOf: Readonly<Record<string, Split>> = { Train: "train", Test: "test" };

/**
 * The ISIC 9-class set as it was published: 2,357 entries of 2,202 images, 155 of which stand in two classes. Its two "(1)"
 * copies of files are left out.
 */
export function isic9Manifest(): readonly ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  let section: Omit<ManifestEntry, "id"> | undefined;
  for (const line of isic9Images.trim().split("\n")) {
    const [, folder, className] = /^(Train|Test)\/(.+)$/.exec(line) ?? [];
    if (folder && className) section = { className, split: splitOf[folder]! };
    else if (section) for (const digits of line.split(" ")) entries.push({ id: `ISIC_${digits}`, ...section });
  }
  return entries;
}
