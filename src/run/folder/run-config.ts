/** `config.json`: what a run was started with, written once and checked when it is read. */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { z } from "zod";
import type { Dataset } from "../../dataset/dataset.ts";
import { readText, writeFileAtomic } from "../../disk/files.ts";
import { SealError, sealed, unsealed } from "../../disk/sealed-json.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { type Engine, engineNames } from "../../engine/engine.ts";
import { precisionOn } from "../../engine/precision.ts";
import { RunError } from "../../errors.ts";
import { decoderVersion } from "../../image/decoding/decode.ts";
import { maxPixelsMost } from "../../image/decoding/pixel-limit-range.ts";
import { imageSizeSetting } from "../../image/image-size.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import { javascriptRuntime } from "../../javascript-runtime.ts";
import type { Graph } from "../../network/graph.ts";
import { countTrainable } from "../../network/parameters.ts";
import { parseStoredSettings } from "../../training/settings/parse.ts";
import { learningRateOf } from "../../training/settings/resolve.ts";
import { imageSizeSchema, type Settings } from "../../training/settings/schema.ts";
import { settingsThat } from "../../training/settings/settings-by-aspect.ts";
import { version } from "../../version.ts";
import { type LocalPaths, localSettings, readLocalPaths, writeLocalPaths } from "./local-paths.ts";
import { type FunctionsRecord, functionsSchema } from "./own-functions.ts";
import { runFiles } from "./run-folder.ts";
import { type RunImage, runImagesDigest } from "./run-images.ts";

/** Runs from before the limit was a setting opened images of any size that can be decoded. */
const withFormerLimit = (settings: unknown): unknown =>
  typeof settings === "object" ? { maxPixels: maxPixelsMost, ...settings } : settings;

/** Runs from before it was told from bun and Deno recorded the version of Node that each called itself. */
const withRuntime = (versions: unknown): unknown => {
  if (typeof versions !== "object" || versions === null || !("node" in versions)) return versions;
  const { node, ...others } = versions;
  return { runtime: `Node ${node}`, ...others };
};

const versionsSchema = z.strictObject({
  naevus: z.string(),
  /** What ran JavaScript, such as `Node v20.19.0`. */
  runtime: z.string(),
  engine: z.string(),
  instructionSet: z.string(),
  /** Of the images' decoder; runs from before it was recorded have none. */
  decoder: z.string().optional(),
});

const ancestorSchema = z.strictObject({
  network: z.string(),
  dataFingerprint: z.string(),
  version: z.string(),
  classes: z.array(z.string()),
  origin: z.enum(["folder", "phantom"]).optional(),
  trainingImages: z.int().optional(),
  validationImages: z.int().optional(),
});

const configSchema = z.strictObject({
  /** 1: of a version whose files had no digests. */
  format: z.literal([1, 2]),
  /** As given, with defaults. */
  settings: z.unknown().transform((settings) => parseStoredSettings(withFormerLimit(settings))),
  /** What the settings came to on this machine and these data; resuming needs the same. */
  resolved: z.strictObject({
    engine: z.enum(engineNames),
    precision: z.enum(["f32", "bf16"]),
    threads: z.int().min(1),
    batch: z.int().min(1),
    imageSize: imageSizeSchema,
    learningRate: z.number(),
    parameters: z.int().min(0),
  }),
  data: z.strictObject({
    /** The data folder by its last name. */
    name: z.string().optional(),
    /** Where the folder is on this machine, as `local.json` says; in `config.json` itself of earlier versions only. */
    root: z.string().optional(),
    origin: z.enum(["folder", "phantom"]),
    fingerprint: z.string(),
    /** SHA-256 over paths, labels and splits in order: the order decides which images meet in a batch. */
    listing: z.string(),
    /** SHA-256 of `images.csv`. */
    images: z.string().optional(),
    classes: z.array(z.string()),
    /** Training images, those of validation among them. */
    train: z.int(),
    validation: z.int().optional(),
    test: z.int(),
    leftOut: z.int(),
    /** What a curation plan did, and how a protocol separated the images, where there was one. */
    curation: z
      .strictObject({
        plan: z.string(),
        leftOut: z.int(),
        relabelled: z.int(),
        classesLeftOut: z.array(z.string()),
      })
      .optional(),
    /** Which classes were renamed, merged or left out: null. */
    classMap: z
      .strictObject({ becomes: z.array(z.tuple([z.string(), z.string().nullable()])), leftOut: z.int() })
      .optional(),
    protocol: z
      .strictObject({
        name: z.string(),
        fold: z.int().optional(),
        seed: z.int().optional(),
        groupedBy: z.array(z.string()),
        leftOut: z.strictObject({ content: z.int(), group: z.int() }).optional(),
      })
      .optional(),
  }),
  /** What the run began with, where it went on from another model. */
  from: z
    .strictObject({
      /** SHA-256 of `initial.safetensors`. */
      weights: z.string(),
      /** SHA-256 of `lineage.json`. */
      lineage: z.string(),
      /** The layer that began anew, by its place in the network; absent where every layer went on. */
      newLayer: z.string().optional(),
      /** Validation and test images that one of the models before it was trained on; such test images are left out of every evaluation. */
      seen: z.strictObject({ validation: z.int(), test: z.int() }),
      /** The models before it, nearest first. */
      ancestors: z.array(ancestorSchema),
    })
    .optional(),
  /** Which parts were functions of the program that began the run; absent where none was. */
  functions: functionsSchema.optional(),
  versions: z.preprocess(withRuntime, versionsSchema),
  started: z.iso.datetime(),
});

/** What a run was started with. */
export type RunConfig = z.output<typeof configSchema>;

/** Whether a run is of a version whose files had no digests. */
export const isOlderRun = ({ format }: RunConfig): boolean => format === 1;

/** What a run computes with. */
export interface Prepared {
  readonly graph: Graph;
  readonly engine: Engine;
  readonly packed: PackedImages;
  /** What becomes of each packed image, in their order. */
  readonly images: readonly RunImage[];
}

/** Whether a run has test images of its own that its model may be evaluated on: some that no model before it was trained on. */
export const hasOwnTest = ({ data, from }: RunConfig): boolean =>
  data.test > (from?.seen.test ?? 0) && tellsImages(from?.ancestors ?? []);

/** Whether all models of a lineage tell which images they were trained on. */
export const tellsImages = (ancestors: readonly { readonly trainingImages?: number | undefined }[]): boolean =>
  ancestors.every(({ trainingImages }) => trainingImages !== undefined);

/** SHA-256 over paths, labels and splits of a data set's images, in order. */
export function listingOf({ images }: PackedImages): string {
  const lines = images.map(({ path, label, split }) => JSON.stringify([path, label, split]));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

const countOf = ({ images }: PackedImages, split: "train" | "test"): number =>
  images.filter((image) => image.split === split).length;

/** The configuration of a new run. */
export async function configOf(
  settings: Settings,
  dataset: Dataset,
  prepared: Prepared,
  {
    milliseconds,
    functions,
    from,
  }: {
    readonly milliseconds: number;
    readonly functions?: FunctionsRecord | undefined;
    readonly from?: RunConfig["from"];
  },
): Promise<RunConfig> {
  const { graph, packed, engine, images } = prepared;
  const { name, library, instructionSet, threads } = engine.description;
  const training = countOf(packed, "train");
  const validation = images.filter(({ part }) => part === "validation").length;
  return {
    format: 2,
    settings,
    resolved: {
      engine: name,
      precision: precisionOn(engine.description, settings.precision),
      threads,
      batch: Math.min(settings.batch, training - validation),
      imageSize: imageSizeSetting([packed.height, packed.width]),
      learningRate: learningRateOf(settings),
      parameters: countTrainable(graph.parameters),
    },
    data: {
      name: basename(dataset.root),
      root: dataset.root,
      origin: dataset.origin,
      fingerprint: packed.fingerprint,
      listing: listingOf(packed),
      images: runImagesDigest(dataset.classes, images),
      classes: [...dataset.classes],
      train: training,
      validation,
      test: countOf(packed, "test"),
      leftOut: dataset.images.length - packed.images.length,
      ...(dataset.curation && {
        curation: { ...dataset.curation, classesLeftOut: [...dataset.curation.classesLeftOut] },
      }),
      ...(dataset.classMap && {
        classMap: { ...dataset.classMap, becomes: dataset.classMap.becomes.map(([name, other]) => [name, other]) },
      }),
      ...(dataset.protocol && { protocol: { ...dataset.protocol, groupedBy: [...dataset.protocol.groupedBy] } }),
    },
    ...(functions && { functions }),
    ...(from && { from }),
    versions: {
      naevus: version,
      runtime: javascriptRuntime(),
      engine: library,
      instructionSet,
      decoder: await decoderVersion(),
    },
    started: new Date(milliseconds).toISOString(),
  };
}

/** What `config.json` holds: all but the places on this machine. */
function recordOf(config: RunConfig) {
  const { root: _, ...data } = config.data;
  const places: readonly string[] = settingsThat("place");
  const settings = Object.entries(config.settings).filter(([name]) => !places.includes(name));
  return { ...config, settings: Object.fromEntries(settings), data };
}

/**
 * Writes `config.json` with its digest, and `local.json` before it with the places on this machine; what {@link readConfig} would refuse
 * is not written.
 */
export async function writeConfig(run: string, config: RunConfig): Promise<void> {
  const { settings, data } = config;
  if (data.root !== undefined) {
    const paths = localSettings.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]]));
    await writeLocalPaths(run, { data: data.root, ...Object.fromEntries(paths) });
  }
  const checked = configSchema.parse(recordOf(config));
  const { schedule, ...others } = checked.settings;
  // A schedule by name would be none that the run has where a function took its place.
  const record = checked.functions?.schedule ? { ...checked, settings: others } : checked;
  await writeFileAtomic(join(run, runFiles.config), `${JSON.stringify(sealed(record), undefined, 2)}\n`);
}

/** Reads a run's `config.json` and `local.json`; throws {@link RunError} where the folder is no run or the file is damaged. */
export async function readConfig(run: string): Promise<RunConfig> {
  const file = join(run, runFiles.config);
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const give = "give the folder that training printed";
    if (code !== "ENOENT" && code !== "ENOTDIR") throw new RunError(readSentence(file, error, give), { cause: error });
    throw new RunError(`${run}: no run there (there is no ${runFiles.config}); ${give}`, { cause: error });
  }
  let config: RunConfig;
  let writer: unknown;
  try {
    const { content, isSealed } = unsealed(text);
    if (isSealed) writer = (content as Partial<RunConfig>).versions?.naevus;
    config = configSchema.parse(content);
    if (isSealed === isOlderRun(config)) throw new SealError(isSealed ? "format 1 has no digest" : "it has no digest");
  } catch (error) {
    if (error instanceof SealError) {
      throw new RunError(
        `${file}: damaged, or changed by hand: ${error.message}; put the file back as it was, or train again ` +
          "(other settings are for a new run)",
        { cause: error },
      );
    }
    const first = error instanceof z.ZodError ? error.issues[0] : undefined;
    const reason = first ? `${first.path.join(".")}: ${first.message}` : (error as Error).message;
    // The digest fits, and earlier versions' files are read: this one is of a later version.
    const isLater = typeof writer === "string" && writer !== version;
    const what = isLater
      ? `naevus ${writer} wrote it, and this is naevus ${version}, which cannot read it (${reason}); use that version or a later one`
      : `damaged, or from another version of naevus (${reason}); train again`;
    throw new RunError(`${file}: ${what}`, { cause: error });
  }
  return withLocalPaths(config, await readLocalPaths(run));
}

const withLocalPaths = (config: RunConfig, local: LocalPaths | undefined): RunConfig => {
  if (local === undefined) return config;
  const { data, ...places } = local;
  return { ...config, settings: { ...config.settings, ...places }, data: { ...config.data, root: data } };
};
