/** Opens a study: checks what was asked for, reads the data, and takes the study's folder. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { applyClassMap, readClassMap } from "../dataset/class-map.ts";
import { hashContents } from "../dataset/content-hashes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type Metadata, readMetadata } from "../dataset/metadata.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { readWhole } from "../disk/files.ts";
import { precisionOn } from "../engine/precision.ts";
import { selectEngine } from "../engine/select-engine.ts";
import { SettingsError } from "../errors.ts";
import { readDataset } from "../image/read-dataset.ts";
import type { NetworkSource } from "../network/network-source.ts";
import { type Stopwatch, stopwatch } from "../stopwatch.ts";
import { parseSettings } from "../training/settings/parse.ts";
import type { Settings, SettingsInput } from "../training/settings/schema.ts";
import { version } from "../version.ts";
import type { StudyContext, StudyEvent } from "./study-context.ts";
import { StudyFolder } from "./study-folder.ts";
import { chapters, studyFormat } from "./study-report.ts";

/** What a study is made from, and how much time it has. */
export interface StudyOptions {
  /** The data folder. */
  readonly data: string;
  /** CSV of metadata. */
  readonly metadata?: string | undefined;
  /** Minutes for the whole; default 30. */
  readonly budget?: number | undefined;
  /** The study's folder; an earlier study in it is gone on with. */
  readonly out: string;
  /** Whether the report, and what the folder keeps for it, hold pictures of the images; default true. */
  readonly images?: boolean | undefined;
  /**
   * The network that the eighth chapter compares with the notebook's, in place of ResNet-18: a name, a network, or a function that is called with the
   * number of classes after curation, and with the image size where one is set or the budget reduces it.
   */
  readonly network?: NetworkSource | undefined;
  /** Settings that all trainings share, such as engine, precision, imageSize, batch, seed, cache. */
  readonly settings?: SettingsInput | undefined;
  /** Told of all that happens; by default nobody is. */
  readonly onEvent?: ((event: StudyEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since any moment; by default the system's monotonic clock. */
  readonly stopwatch?: Stopwatch | undefined;
}

/** A study whose folder is taken until it is closed. */
export interface OpenStudy {
  readonly context: StudyContext;
  /** The data as found. */
  readonly raw: Dataset;
  readonly metadata: Metadata | undefined;
  close(): Promise<void>;
}

/** The settings of a study; throws SettingsError for what a study cannot do, and for a network that is none. */
export function studySettings(input: SettingsInput = {}, network?: NetworkSource): Settings {
  if (input.network !== undefined) {
    throw new SettingsError(
      "network: all trainings of a study share these settings, and not the network; give it beside them, as study({ data, out, network })",
    );
  }
  const own = (["recipe", "seconds"] as const).find((name) => input[name] !== undefined);
  if (own !== undefined) {
    throw new SettingsError(`${own}: a study has recipes and a budget of its own, in minutes; leave it out`);
  }
  const settings = parseSettings({ ...input });
  if (typeof network !== "function") parseSettings({ network });
  if (settings.from !== undefined || settings.freeze > 0) {
    throw new SettingsError(
      "from: a study compares recipes that are trained from scratch, on images that no model has seen; go on from a model with train or cross-validate",
    );
  }
  if (settings.batch === 1) {
    throw new SettingsError(
      "batch: a study compares class weights and mixup, which need several images in a batch; expected at least 2, got 1",
    );
  }
  return settings;
}

/** Selects the engine, begins the first chapter, reads the data, and takes the folder. Throws what these throw, with nothing left behind. */
export async function openStudy(settings: Settings, options: StudyOptions): Promise<OpenStudy> {
  const { onEvent = () => {}, signal, stopwatch: now = stopwatch } = options;
  const warn = (message: string) => onEvent({ kind: "warning", message });
  const engine = await selectEngine(
    settings.engine,
    warn,
    settings.threads === undefined ? {} : { threads: settings.threads },
  );
  precisionOn(engine.description, settings.precision);
  onEvent({ kind: "chapter", number: 1, title: chapters[0] });
  const hashing = { cacheFolder: await cacheFolder(settings.cache, warn), signal };
  const { seed, testFraction } = settings;
  const found = await readDataset(options.data, { seed, testFraction, ...hashing });
  const { classMap } = settings;
  // What the map says is no finding about the folder, and its place is of this machine.
  const raw =
    classMap === undefined
      ? found
      : { ...applyClassMap(found, await readClassMap(classMap)), problems: found.problems };
  const { sha256 } = await hashContents(raw, {
    ...hashing,
    onProgress: (done, total) => onEvent({ kind: "packing", done, total }),
  });
  const metadata = options.metadata === undefined ? undefined : await readMetadata(options.metadata);
  const dataHash = await hashOf(raw, sha256, options.metadata);
  // After all that may be refused, so that a refusal leaves nothing behind.
  const folder = await StudyFolder.open(resolve(options.out), options.data, { stopwatch: now, onWait: warn });
  const context: StudyContext = {
    folder,
    settings,
    onEvent,
    signal,
    stopwatch: now,
    source: { data: options.data, metadata: options.metadata },
    engine,
    pictures: options.images ?? true,
    dataHash,
    steps: new Map(),
  };
  return { context, raw, metadata, close: () => folder.close() };
}

/** Of all that every step depends on: versions, contents, classes and splits as found, and the table of metadata. */
async function hashOf(
  dataset: Dataset,
  sha256: readonly (string | undefined)[],
  metadata: string | undefined,
): Promise<string> {
  const hash = createHash("sha256").update(
    JSON.stringify([
      version,
      studyFormat,
      dataset.classes,
      dataset.images.map(({ path, label, split }, i) => [path, label, split, sha256[i]]),
    ]),
  );
  if (metadata !== undefined) hash.update(await readWhole(metadata));
  return hash.digest("hex");
}
