/** Opens the data of a run as its settings say: read, curated, and separated by the protocol. */
import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { applyClassMap, type ClassMap, type ClassNames, classMapOf, readClassMap } from "../../dataset/class-map.ts";
import { applyCuration } from "../../dataset/curation/apply-curation.ts";
import { readCurationPlan } from "../../dataset/curation/curation-plan.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { groupImages } from "../../dataset/groups.ts";
import {
  drawSplit,
  type ListedDataset,
  listDataset,
  listLabelledImages,
  withoutDraw,
} from "../../dataset/list-images.ts";
import { type Metadata, matchMetadata, readMetadata } from "../../dataset/metadata.ts";
import { externalProtocol } from "../../dataset/protocol-summary.ts";
import { applyProtocol, groupsOf, indexPairs, type ProtocolOptions } from "../../dataset/protocols.ts";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { fileExists } from "../../disk/files.ts";
import { DatasetError, SettingsError } from "../../errors.ts";
import { withPixelLimit } from "../../image/decoding/pixel-limit.ts";
import { imageContents } from "../../image/store/image-contents.ts";
import type { Settings, SettingThat } from "../../training/settings/schema.ts";
import { dataSettings } from "../../training/settings/settings-by-aspect.ts";
import { readConfig } from "../folder/run-config.ts";
import { isModelFile, runFiles } from "../folder/run-folder.ts";
import { runsOf } from "../folder/runs.ts";
import { nearDuplicatePaths } from "./near-duplicate-pairs.ts";

/** The settings that decide which images there are, and which of them are tested; and the cache that they are read with. */
export type DataSettings = {
  readonly [K in Exclude<SettingThat<"images"> | "cache", "classMap">]?: Settings[K] | undefined;
} & {
  /** The path of a table, or the map itself: names of classes, and what each becomes, null where it is left out. */
  readonly classMap?: string | ClassNames | undefined;
};

interface OpenContext {
  readonly onEvent?: (
    event:
      | { readonly kind: "warning"; readonly message: string }
      | { readonly kind: "packing" | "comparing"; readonly done: number; readonly total: number },
  ) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A data set before its protocol, and what the protocol is applied with. */
export interface CuratedData {
  readonly dataset: Dataset;
  readonly options: ProtocolOptions;
}

/**
 * Reads a data folder, or takes images that were listed already, applies the curation plan and the class map where there are any, and separates its images as the protocol says.
 *
 * Throws DatasetError, also for metadata, a plan and a map that do not fit; FileError of the cache; the signal's reason where it aborts.
 */
export async function openData(
  source: string | ListedDataset,
  settings: DataSettings = {},
  context: OpenContext = {},
): Promise<Dataset> {
  const { protocol = "official", fold } = settings;
  const { dataset, options } = await openCuratedData(source, settings, context);
  if (protocol !== "official") warnOfUnknownLesions(protocol, dataset, options, context);
  return applyProtocol(dataset, protocol, { ...options, ...(fold !== undefined && { fold }) });
}

/** As {@link openData}, before the protocol. Where the folders have no Test, the split is drawn here, groups whole. */
export const openCuratedData = (
  source: string | ListedDataset,
  settings: DataSettings,
  context: OpenContext = {},
): Promise<CuratedData> => withPixelLimit(settings.maxPixels, () => curatedData(source, settings, context));

async function curatedData(
  source: string | ListedDataset,
  { seed = 0, testFraction = 0.2, curation, classMap, metadata, protocol = "official", groupBy, cache }: DataSettings,
  { onEvent, signal }: OpenContext,
): Promise<CuratedData> {
  const listed = typeof source === "string" ? await listDataset(source) : source;
  const hashing = {
    cacheFolder: await cacheFolder(cache, (message) => onEvent?.({ kind: "warning", message })),
    onProgress: (done: number, total: number) => onEvent?.({ kind: "packing", done, total }),
    ...(signal && { signal }),
  };
  const curated =
    curation === undefined ? listed : await applyCuration(listed, await readCurationPlan(curation), hashing);
  const map = await classMapFrom(classMap);
  const merged = map === undefined ? curated : applyClassMap(curated, map);
  if (map !== undefined && merged.classes.length < 2) {
    throw new DatasetError(`${map.file}: leaves only one class, "${merged.classes[0]}"; at least two are needed`);
  }
  const table = metadata === undefined ? undefined : await readMetadata(metadata);
  const { images } = merged;
  // Published folders are taken as they are, so nothing has to be decoded to read them.
  const isSeparated = listed.drawn || protocol !== "official";
  const { contents } = isSeparated ? await imageContents(merged, hashing) : {};
  const nearDuplicates = isSeparated
    ? await nearDuplicatePaths(listed, { cacheFolder: hashing.cacheFolder, onEvent, signal })
    : undefined;
  const byPath = contents && new Map(images.flatMap(({ path }, i) => (contents[i] ? [[path, contents[i]]] : [])));
  const options: ProtocolOptions = {
    ...hashing,
    metadata: table,
    patients: groupBy === "patient",
    ...(byPath && { contents: byPath }),
    ...(nearDuplicates && { nearDuplicates }),
  };
  const dataset = listed.drawn
    ? drawSplit(merged, { ...(await groupsOf(merged, options)), seed, testFraction })
    : withoutDraw(merged);
  const odd = table === undefined ? [] : matchMetadata(listed.images, table).problems;
  return { dataset: { ...dataset, problems: [...dataset.problems, ...odd] }, options };
}

/** The class map that was given: of a table, or as names. */
async function classMapFrom(given: DataSettings["classMap"]): Promise<ClassMap | undefined> {
  if (typeof given === "string") return readClassMap(given);
  return given && classMapOf("classMap", Object.entries(given));
}

/** Images to judge runs on, and what tells their lesions. */
export interface JudgedData {
  readonly dataset: Dataset;
  readonly metadata: Metadata | undefined;
  /** Millions of pixels of the largest image that is opened, where that was given or the data are the run's own. */
  readonly maxPixels: number | undefined;
}

/**
 * Lists the images on which runs are judged. With nothing given, all labelled images below the folder, whatever its layout: `evaluate`
 * then finds by content which of them the runs may be tested on. With a protocol, a fold or a curation plan, the data set that these
 * make. Where the folder is the first run's, what is not given is as the run had it.
 *
 * Throws RunError where there is no run, SettingsError for settings that contradict each other, and what {@link openData} throws.
 */
export async function openJudgedData(
  runs: readonly string[],
  root: string,
  { cache, ...given }: DataSettings,
  context: OpenContext = {},
): Promise<JudgedData> {
  const [first] = (await runsOf(runs)) as [string];
  const { protocol, curation, fold, classMap } = given;
  if (protocol === externalProtocol && (curation !== undefined || fold !== undefined)) {
    throw new SettingsError(
      "protocol: external judges all images, so it goes with no curation and no fold; leave these out",
    );
  }
  const { protocol: ownProtocol, fold: ownFold, ...own } = await ownSettings(first, root);
  const asRun = { ...own, protocol: ownProtocol, fold: ownFold, cache };
  const { maxPixels = own.maxPixels } = given;
  const metadata =
    given.metadata === undefined ? await metadataOfRun(own.metadata, context) : await readMetadata(given.metadata);
  if (protocol !== externalProtocol && (protocol ?? curation ?? fold) !== undefined) {
    const settings = { ...(protocol === undefined ? asRun : own), ...given, cache };
    const dataset = await openData(root, settings, context);
    return {
      dataset: { ...dataset, protocol: dataset.protocol ?? { name: "official", groupedBy: [] } },
      metadata,
      maxPixels,
    };
  }
  if (protocol === undefined && (await isOlderRun(first))) {
    // Only the data set that its settings make can show that these are its own.
    return { dataset: await openData(root, { ...asRun, maxPixels }, context), metadata, maxPixels };
  }
  const listed = await listLabelledImages(root);
  const map = await classMapFrom(classMap);
  const dataset = map === undefined ? listed : applyClassMap(listed, map);
  const external = { ...dataset, protocol: { name: externalProtocol, groupedBy: [] } };
  return { dataset: protocol === undefined ? dataset : external, metadata, maxPixels };
}

/** The table of a run's settings, which need not be there any more, since the run keeps what it told of its own images. */
async function metadataOfRun(file: string | undefined, { onEvent }: OpenContext): Promise<Metadata | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readMetadata(file);
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    onEvent?.({ kind: "warning", message: `${error.message}; without it the lesions are those that the run kept` });
    return undefined;
  }
}

/** Says that lesions may be on both sides, where nothing tells them, or not of all images. */
export function warnOfUnknownLesions(
  protocol: string,
  dataset: Dataset,
  { metadata, patients = false, contents, nearDuplicates = [] }: ProtocolOptions,
  { onEvent }: OpenContext,
): void {
  const { images } = dataset;
  const told = images.filter(({ path }) => metadata?.of(path)?.[patients ? "patient" : "lesion"] !== undefined).length;
  if (told === images.length) return;
  if (told > 0) {
    onEvent?.({
      kind: "warning",
      message:
        `${protocol}: the metadata tell the ${patients ? "patient" : "lesion"} of ${told} of ${images.length} images; ` +
        "of the others only equal and nearly equal pictures are kept together",
    });
    return;
  }
  // A plan that groups near duplicates alone tells no lesion.
  const alike = {
    sha256: images.map(({ path }) => contents?.get(path)),
    nearDuplicates: indexPairs(images, nearDuplicates),
  };
  const withoutPlan = groupImages(
    images.map(({ path }) => ({ path })),
    alike,
  ).members.length;
  if (groupImages(images, alike).members.length < withoutPlan) return;
  onEvent?.({
    kind: "warning",
    message:
      `${protocol}: no metadata and no curation plan tell which images show one lesion; only equal and nearly equal pictures ` +
      "are kept together, so that a lesion may be both trained on and tested",
  });
}

/** Whether a run was begun before runs kept their images. */
async function isOlderRun(run: string): Promise<boolean> {
  if (isModelFile(run)) return false;
  return !(await fileExists(join(resolve(run), runFiles.images)));
}

/** What a run was told of these data; nothing where it was trained on a folder elsewhere, or is a model file alone. */
async function ownSettings(run: string, root: string): Promise<DataSettings> {
  if (isModelFile(run)) return {};
  const { settings, data } = await readConfig(resolve(run));
  const place = (folder: string) => realpath(folder).catch(() => resolve(folder));
  if (data.root === undefined || (await place(root)) !== (await place(data.root))) return {};
  const own = Object.fromEntries(dataSettings.map((name) => [name, settings[name]])) as DataSettings;
  // The run keeps its map whole, so its table need not be there any more.
  return data.classMap ? { ...own, classMap: Object.fromEntries(data.classMap.becomes) } : own;
}
