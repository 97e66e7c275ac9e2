/** What a run's model was trained on and is to be tested on, from its folder or from the model file alone. */
import { join, resolve } from "node:path";
import { dataFingerprint } from "../../dataset/content-hashes.ts";
import type { ClassMapSummary, CurationSummary, ProtocolSummary } from "../../dataset/protocol-summary.ts";
import { RunError } from "../../errors.ts";
import type { LearnedImages } from "../../onnx/learned-images.ts";
import type { Ancestor } from "../../onnx/lineage.ts";
import type { StoredMetadata } from "../../onnx/model-metadata.ts";
import { readLineage } from "./lineage-file.ts";
import { readConfig } from "./run-config.ts";
import { isModelFile, runFiles } from "./run-folder.ts";
import { learnedImagesOf, type RunImage, readRunImages, recordsOf } from "./run-images.ts";

/** What a model was trained on. */
export interface Provenance {
  /** As it was given. */
  readonly run: string;
  /** Undefined where nothing tells it: a model without digests, or a run of a version that did not keep them. */
  readonly learned: LearnedImages | undefined;
  /** The models that it went on from, nearest first; none where it was trained from scratch. */
  readonly ancestors: readonly Ancestor[];
  /** How the run's test images were kept apart. */
  readonly protocol: ProtocolSummary;
  /** The run's images, of a run's folder alone. */
  readonly images: readonly RunImage[] | undefined;
  /** The fingerprint of all images of the run. */
  readonly fingerprint: string;
  /** What a curation plan did to them, as far as the run's folder says it. */
  readonly curation?: CurationSummary | undefined;
  /** Which classes were renamed, merged or left out for it. */
  readonly classMap?: ClassMapSummary | undefined;
}

/** Throws RunError where the folder's files are damaged. */
export async function provenanceOf(run: string, metadata: StoredMetadata): Promise<Provenance> {
  const { classes } = metadata;
  const official = { name: "official", groupedBy: [] };
  if (isModelFile(run)) {
    const { learnedImages, ancestors = [], protocol = official, dataFingerprint, classMap } = metadata;
    return {
      run,
      learned: learnedImages,
      ancestors,
      protocol,
      images: undefined,
      fingerprint: dataFingerprint,
      classMap,
    };
  }
  const folder = resolve(run);
  const { settings, data, from } = await readConfig(folder);
  const images = await readRunImages(folder, { ...data, classes });
  if (images !== undefined && fingerprintOf(images, data.classes) !== data.fingerprint) {
    throw new RunError(
      `${join(folder, runFiles.images)}: damaged: it does not hold the images that the run was begun with; ` +
        "put the file back as it was, or train again",
    );
  }
  return {
    run,
    learned: images && learnedImagesOf(images, settings),
    ancestors: await readLineage(folder, from),
    protocol: data.protocol ?? official,
    images,
    fingerprint: data.fingerprint,
    curation: data.curation,
    classMap: data.classMap,
  };
}

/** What the fingerprint of a run's data was, from the images that it kept. */
function fingerprintOf(images: readonly RunImage[], classes: readonly string[]): string {
  const records = recordsOf(images);
  return dataFingerprint(
    classes,
    images.map(({ label, file }, i) => ({ split: records[i]!.split, label, sha256: file })),
  );
}
