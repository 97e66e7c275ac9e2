/** What becomes of each image of a run: trained on, validated on or tested, with what is known of it. */
import type { Dataset } from "../../dataset/dataset.ts";
import { isInMemory } from "../../dataset/image-source.ts";
import { matchMetadata, readMetadata } from "../../dataset/metadata.ts";
import { groupsOf } from "../../dataset/protocols.ts";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { RunError } from "../../errors.ts";
import { withPixelLimit } from "../../image/decoding/pixel-limit.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import type { Ancestor } from "../../onnx/lineage.ts";
import type { Settings } from "../../training/settings/schema.ts";
import type { RunConfig } from "../folder/run-config.ts";
import { type RunImage, recordsOf } from "../folder/run-images.ts";
import { nearDuplicatePaths, type PairOptions } from "./near-duplicate-pairs.ts";
import { isFittedTo } from "./seen-images.ts";
import { earlierValidationPart, validationPart } from "./validation-part.ts";

/** How the images of a run are divided. */
export interface DivideOptions extends Pick<PairOptions, "onEvent" | "signal"> {
  /** Whether this repeats what an earlier version did, which kept near duplicates apart; default false. */
  readonly olderRun?: boolean;
  /** The models that the training goes on from; default none. */
  readonly ancestors?: readonly Ancestor[];
}

/** Divides the images of a new run, in the order of the packed ones. Throws DatasetError for metadata that do not fit. */
export async function divideImages(
  dataset: Dataset,
  packed: PackedImages,
  { validation, seed, metadata: file, groupBy, cache, maxPixels }: Settings,
  { onEvent, signal, olderRun = false, ancestors = [] }: DivideOptions = {},
): Promise<RunImage[]> {
  const { images, contents } = packed;
  const metadata = file === undefined ? undefined : await readMetadata(file);
  const known = metadata && matchMetadata(images, metadata).images;
  // Published folders without a part for validation are taken as they are, so nothing has to be compared.
  const isSeparated = !olderRun && (validation > 0 || dataset.protocol !== undefined);
  const options = {
    ...(isSeparated && {
      nearDuplicates: await withPixelLimit(maxPixels, async () =>
        nearDuplicatePaths(dataset, { cacheFolder: await cacheFolder(cache), onEvent, signal }),
      ),
    }),
    metadata,
    patients: groupBy === "patient",
    // Earlier, only equal files were one content.
    contents: new Map(images.map(({ path }, i) => [path, contents[i]![olderRun ? "file" : "pixels"]])),
  };
  const { groupOf } = await groupsOf({ ...dataset, images }, options);
  const asked = { fraction: validation, seed };
  const held = olderRun
    ? await earlierValidationPart(dataset, images, { ...asked, ...options })
    : validationPart(images, groupOf, {
        ...asked,
        isFitted: (index) => isFittedTo(ancestors, { ...known?.[index], ...contents[index]! }),
      });
  return images.map(({ path, label, split, bytes }, i) => {
    const { lesion, patient } = known?.[i] ?? {};
    return {
      part: split === "test" ? "test" : held.has(i) ? "validation" : "train",
      path,
      label,
      bytes,
      group: groupOf[i]!,
      ...(lesion !== undefined && { lesion }),
      ...(patient !== undefined && { patient }),
      ...contents[i]!,
    };
  });
}

/** The data set of a run, from what it kept of it; `root` is where the images are now. Throws RunError where they were never files. */
export function ownDataset({ data }: RunConfig, images: readonly RunImage[], root: string): Dataset {
  if (isInMemory(root)) {
    throw new RunError(
      "the run was trained on images that were given in memory, which it does not keep; give the same images again, such as " +
        "resume(run, { dataset: await openDataset(images) })",
    );
  }
  return {
    root,
    origin: data.origin,
    classes: data.classes,
    images: recordsOf(images),
    problems: [],
    ...(data.curation && { curation: data.curation }),
    ...(data.classMap && { classMap: data.classMap }),
    ...(data.protocol && { protocol: data.protocol }),
  };
}
