/** Opens the data of a run as its settings say: read, curated, and separated by the protocol. */
import { resolve } from "node:path";
import { applyCuration } from "../dataset/apply-curation.ts";
import { readCurationPlan } from "../dataset/curation-plan.ts";
import { type Dataset, readDataset } from "../dataset/dataset.ts";
import { type Metadata, matchMetadata, readMetadata } from "../dataset/metadata.ts";
import { applyProtocol, type ProtocolOptions } from "../dataset/protocols.ts";
import type { Settings } from "../training/settings.ts";
import { cacheFolder } from "./cache-folder.ts";
import { readConfig } from "./run-config.ts";
import { RunError } from "./run-folder.ts";

/** The settings that decide which images there are, and which of them are tested. */
export const dataSettingNames = [
  "seed",
  "testFraction",
  "curation",
  "metadata",
  "protocol",
  "fold",
  "groupBy",
] as const satisfies readonly (keyof Settings)[];

export type DataSettings = {
  readonly [K in (typeof dataSettingNames)[number] | "cache"]?: Settings[K] | undefined;
};

interface OpenContext {
  readonly onEvent?: (
    event:
      | { readonly kind: "warning"; readonly message: string }
      | { readonly kind: "packing"; readonly done: number; readonly total: number },
  ) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A data set before its protocol, and what the protocol is applied with. */
export interface CuratedData {
  readonly dataset: Dataset;
  readonly options: ProtocolOptions;
}

/**
 * Reads a data folder, applies the curation plan where there is one, and separates its images as the protocol says.
 *
 * Throws DatasetError, also for metadata and a plan that do not fit; FileError of the cache; the signal's reason where it aborts.
 */
export async function openData(root: string, settings: DataSettings = {}, context: OpenContext = {}): Promise<Dataset> {
  const { protocol = "official", fold } = settings;
  const { dataset, options } = await openCuratedData(root, settings, context);
  if (protocol !== "official") warnOfUnknownLesions(protocol, dataset, options, context);
  return applyProtocol(dataset, protocol, { ...options, ...(fold !== undefined && { fold }) });
}

/** As {@link openData}, before the protocol. */
export async function openCuratedData(
  root: string,
  { seed = 0, testFraction = 0.2, curation, metadata, groupBy, cache }: DataSettings,
  { onEvent, signal }: OpenContext = {},
): Promise<CuratedData> {
  const read = await readDataset(root, { seed, testFraction });
  const hashing = {
    cacheFolder: cacheFolder(cache),
    onProgress: (done: number, total: number) => onEvent?.({ kind: "packing", done, total }),
    ...(signal && { signal }),
  };
  const curated = curation === undefined ? read : await applyCuration(read, await readCurationPlan(curation), hashing);
  const table = metadata === undefined ? undefined : await readMetadata(metadata);
  const dataset =
    table === undefined
      ? curated
      : { ...curated, problems: [...curated.problems, ...metadataProblems(curated, table)] };
  return { dataset, options: { ...hashing, metadata: table, patients: groupBy === "patient" } };
}

/** Says that lesions may be on both sides, where nothing tells them. */
export function warnOfUnknownLesions(
  protocol: string,
  dataset: Dataset,
  { metadata }: ProtocolOptions,
  { onEvent }: OpenContext,
): void {
  if (metadata !== undefined || dataset.images.some(({ group }) => group !== undefined)) return;
  onEvent?.({
    kind: "warning",
    message: `${protocol}: no metadata and no curation plan tell which images show one lesion; only equal files are kept together`,
  });
}

function metadataProblems({ images }: Dataset, metadata: Metadata): Dataset["problems"] {
  const { unknownImages } = matchMetadata(images, metadata);
  const file = metadata.files.join(", ");
  return [
    ...metadata.problems,
    ...(unknownImages > 0
      ? [{ path: file, message: `says nothing of ${unknownImages} of ${images.length} images` }]
      : []),
  ];
}

/**
 * The settings with which a run's model is judged on a data folder: those of the run where it is the run's own data, so that the same
 * images are tested, else the run's draw alone. `given` goes before them.
 *
 * Throws RunError where there is no run, or where the model has learned from images that would be tested.
 */
export async function judgingSettings(run: string, root: string, given: DataSettings): Promise<DataSettings> {
  // A model file without its run says nothing of its data.
  if (run.endsWith(".onnx")) return given;
  const { settings, data } = await readConfig(resolve(run));
  const { seed, testFraction } = settings;
  if (resolve(root) !== data.root) return { seed, testFraction, ...given };
  const own = Object.fromEntries(dataSettingNames.map((name) => [name, settings[name]])) as DataSettings;
  const judged: DataSettings = { ...own, ...given };
  const isGrouped = (protocol: string | undefined): boolean => protocol?.startsWith("grouped:") === true;
  const others = dataSettingNames.filter((name) => judged[name] !== own[name]);
  if (others.length > 0 && (isGrouped(own.protocol) || isGrouped(judged.protocol))) {
    const name = own.fold === undefined ? own.protocol : `${own.protocol}, fold ${own.fold}`;
    throw new RunError(
      `${run}: trained with the protocol ${name}, so with another ${others.join(" or ")} it would be tested on images that it ` +
        "learned from; leave that out, or train again",
    );
  }
  return judged;
}
