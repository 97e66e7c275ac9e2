/** Reads a data set to train on; where its folders have no Test, draws one by what the images show. */
import type { HashOptions } from "../dataset/content-hashes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { groupImages } from "../dataset/groups.ts";
import { type DrawOptions, drawSplit, listDataset, withoutDraw } from "../dataset/list-images.ts";
import { imageContents } from "./store/image-contents.ts";

/**
 * Lists the images of a data folder with their classes and their split. Where the folders have no Test, every image is decoded once and the split drawn, class
 * by class, from `seed` and the pixels: renamed files keep their split, and equal pictures stand on one side.
 *
 * @param options.cacheFolder keeps what was decoded between calls
 * @throws DatasetError where the folder or a class of it cannot be read or holds no images, and for a test fraction out of range; FileError where the cache cannot be written
 */
export async function readDataset(
  root: string,
  { seed, testFraction, ...hashing }: DrawOptions & HashOptions = {},
): Promise<Dataset> {
  const listed = await listDataset(root);
  if (!listed.drawn) return withoutDraw(listed);
  const { contents } = await imageContents(listed, hashing);
  const { groupOf } = groupImages(listed.images, { sha256: contents });
  return drawSplit(listed, { seed, testFraction, contents, groupOf });
}
