/** Opens the data of a run as its settings say: read, curated, and separated by the protocol. */
import { resolve } from "node:path";
import { applyCuration } from "../dataset/apply-curation.ts";
import { readCurationPlan } from "../dataset/curation-plan.ts";
import { type Dataset, readDataset } from "../dataset/dataset.ts";
import { matchMetadata, readMetadata } from "../dataset/metadata.ts";
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

/**
 * Opens the data on which runs are judged together: with the test images that the first of them has there, `given` going before
 * its own settings.
 *
 * Throws RunError where one of the others has learned from some of those images, and what {@link judgingSettings} and
 * {@link openData} throw.
 */
export async function openJudgedData(
  runs: readonly string[],
  root: string,
  { cache, ...given }: DataSettings,
  context: OpenContext = {},
): Promise<{ readonly dataset: Dataset; readonly settings: DataSettings }> {
  const [first, ...others] = runs;
  if (first === undefined) throw new RunError("expected at least one run, got none");
  const settings = { ...(await judgingSettings(first, root, given)), cache };
  const dataset = await openData(root, settings, context);
  const tested = new Set(dataset.images.filter(({ split }) => split === "test").map(({ path }) => path));
  for (const run of others) {
    await judgingSettings(run, root, given);
    const own = await ownSettings(run, root);
    if (own === undefined) continue;
    const { images } = await openData(root, { ...own, cache }, context.signal ? { signal: context.signal } : {});
    const learned = images.filter(({ split, path }) => split === "train" && tested.has(path)).length;
    if (learned > 0) {
      throw new RunError(
        `${run}: has learned from ${learned} of the ${tested.size} images that ${first} is tested on; ` +
          "give runs of the same split, or other data",
      );
    }
  }
  return { dataset, settings };
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
      : { ...curated, problems: [...curated.problems, ...matchMetadata(read.images, table).problems] };
  return { dataset, options: { ...hashing, metadata: table, patients: groupBy === "patient" } };
}

/** Says that lesions may be on both sides, where nothing tells them. */
export function warnOfUnknownLesions(
  protocol: string,
  dataset: Dataset,
  { metadata, patients = false }: ProtocolOptions,
  { onEvent }: OpenContext,
): void {
  const tells = patients || metadata?.fields.has("lesion");
  if (tells || dataset.images.some(({ group }) => group !== undefined)) return;
  onEvent?.({
    kind: "warning",
    message: `${protocol}: no metadata and no curation plan tell which images show one lesion; only equal files are kept together`,
  });
}

/** The settings that a run opened these data with; undefined where it was trained on others, or is a model file alone. */
async function ownSettings(run: string, root: string): Promise<DataSettings | undefined> {
  if (run.endsWith(".onnx")) return undefined;
  const { settings, data } = await readConfig(resolve(run));
  if (resolve(root) !== data.root) return undefined;
  return Object.fromEntries(dataSettingNames.map((name) => [name, settings[name]])) as DataSettings;
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
  const own = await ownSettings(run, root);
  if (own === undefined) {
    const { seed, testFraction } = (await readConfig(resolve(run))).settings;
    return { seed, testFraction, ...given };
  }
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
