/** The whole study: ten chapters as steps, each kept in the study's folder and done again only when its inputs changed. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { hashContents } from "../dataset/content-hashes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type Metadata, readMetadata } from "../dataset/metadata.ts";
import { cacheFolder } from "../disk/cache-folder.ts";
import { readWhole, writeFileAtomic } from "../disk/files.ts";
import { tidyJson } from "../disk/tidy-json.ts";
import { precisionOn } from "../engine/precision.ts";
import { selectEngine } from "../engine/select-engine.ts";
import { SettingsError } from "../errors.ts";
import { policyNames } from "../image/augmentation/policy.ts";
import { withPixelLimit } from "../image/decoding/pixel-limit.ts";
import { readDataset } from "../image/read-dataset.ts";
import { type NetworkName, networks } from "../network/architectures.ts";
import { type Stopwatch, stopwatch } from "../stopwatch.ts";
import { imbalanceNames } from "../training/imbalance.ts";
import { parseSettings } from "../training/settings/parse.ts";
import type { Settings, SettingsInput } from "../training/settings/schema.ts";
import { version } from "../version.ts";
import { planBudget, workingSize } from "./steps/budget.ts";
import { comparison } from "./steps/comparison.ts";
import {
  bestOf,
  type CrossValidated,
  crossValidated,
  firstNetwork,
  inputsOf,
  largerNetwork,
  type Recipe,
} from "./steps/cross-validated.ts";
import { auditData } from "./steps/data.ts";
import { divideTraining, type MadeDataset, makeDataset, type TrainingImages } from "./steps/dataset.ts";
import { makeGallery } from "./steps/gallery.ts";
import { judge } from "./steps/judgement.ts";
import { findLooks } from "./steps/looks.ts";
import { measureSpeed } from "./steps/speed.ts";
import { trainModel, trainOfficial } from "./steps/trained-model.ts";
import {
  doStep,
  pictureInputs,
  type StudyContext,
  type StudyData,
  type StudyEvent,
  spentSeconds,
} from "./study-context.ts";
import { StudyFolder } from "./study-folder.ts";
import { type Comparison, chapters, type StudyReport, studyFormat } from "./study-report.ts";
import { conclude } from "./words/conclusion.ts";
import { modelCard } from "./words/model-card.ts";

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
  /** Settings that all trainings share, such as engine, precision, imageSize, batch, seed, cache. */
  readonly settings?: SettingsInput | undefined;
  /** Told of all that happens; by default nobody is. */
  readonly onEvent?: ((event: StudyEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since any moment; by default the system's monotonic clock. */
  readonly stopwatch?: Stopwatch | undefined;
}

/** Writes what people read of a finished study into its folder. */
export type Publish = (folder: string, report: StudyReport) => Promise<void>;

/**
 * Does the study and returns all its figures, which the folder then holds as `report.json`, with `model.onnx`. `publish` is called
 * while the folder is still the study's own.
 *
 * Recipes are chosen by grouped cross-validation inside the training images; the test images are judged once, at the end. Stopped at
 * any moment, the same call goes on. Throws the signal's reason where it aborts, DatasetError, EngineError, FileError, TrainingError.
 */
export async function runStudy(options: StudyOptions, publish: Publish): Promise<StudyReport> {
  const settings = parseSettings({ ...options.settings });
  return withPixelLimit(settings.maxPixels, () => studyWith(settings, options, publish));
}

async function studyWith(settings: Settings, options: StudyOptions, publish: Publish): Promise<StudyReport> {
  const { budget: minutes = 30, onEvent = () => {}, stopwatch: now = stopwatch } = options;
  if (settings.classMap !== undefined) {
    throw new SettingsError(
      "classMap: a study takes the classes as the folders have them; merge the folders, or train without a study",
    );
  }
  if (settings.batch === 1) {
    throw new SettingsError(
      "batch: a study compares class weights and mixup, which need several images in a batch; expected at least 2, got 1",
    );
  }
  const { signal } = options;
  const engine = await selectEngine(
    settings.engine,
    (message) => onEvent({ kind: "warning", message }),
    settings.threads === undefined ? {} : { threads: settings.threads },
  );
  precisionOn(engine.description, settings.precision);
  onEvent({ kind: "chapter", number: 1, title: chapters[0] });
  const { seed, testFraction, cache } = settings;
  const raw = await readDataset(options.data, { seed, testFraction, cacheFolder: cacheFolder(cache), signal });
  const { sha256 } = await hashContents(raw, {
    cacheFolder: cacheFolder(settings.cache),
    signal,
    onProgress: (done, total) => onEvent({ kind: "packing", done, total }),
  });
  const metadata = options.metadata === undefined ? undefined : await readMetadata(options.metadata);
  const dataHash = await hashOf(raw, sha256, options.metadata);
  // After all that may be refused, so that a refusal leaves nothing behind.
  const onWait = (message: string) => onEvent({ kind: "warning", message });
  const folder = await StudyFolder.open(resolve(options.out), options.data, { stopwatch: now, onWait });
  try {
    const given = { engine, raw, metadata, dataHash };
    const report = await studyIn(options, minutes, given, { folder, settings, onEvent, signal, stopwatch: now });
    await writeFileAtomic(join(folder.path, "report.json"), tidyJson(report, 1));
    await publish(folder.path, report);
    return report;
  } finally {
    await folder.close();
  }
}

/** What the study is of. */
interface StudyGiven extends Pick<StudyContext, "engine" | "dataHash"> {
  readonly raw: Dataset;
  readonly metadata: Metadata | undefined;
}

async function studyIn(
  options: Pick<StudyOptions, "data" | "metadata" | "images">,
  minutes: number,
  { engine, raw, metadata, dataHash }: StudyGiven,
  begun: Pick<StudyContext, "folder" | "settings" | "onEvent" | "signal" | "stopwatch">,
): Promise<StudyReport> {
  const { onEvent } = begun;
  const context: StudyContext = {
    ...begun,
    source: { data: options.data, metadata: options.metadata },
    engine,
    pictures: options.images ?? true,
    dataHash,
    steps: new Map(),
  };
  const data = await auditData(context, raw, metadata);
  onEvent({ kind: "chapter", number: 2, title: chapters[1] });
  const made = await makeDataset(context, raw, metadata);
  try {
    const figures = await studyImages(context, raw, made, minutes);
    return finished({
      ...figures,
      data,
      budget: { ...figures.budget, spentSeconds: await spentSeconds(context) },
    });
  } finally {
    made.close();
  }
}

/** What chapters 3 to 9 find; the rest of the report stands beside it. */
type Figures = Omit<StudyReport, "conclusion" | "modelCard" | "data" | "budget"> & {
  readonly budget: Omit<StudyReport["budget"], "spentSeconds">;
};

async function studyImages(
  context: StudyContext,
  raw: Dataset,
  { data, findings: dataset, training }: MadeDataset,
  minutes: number,
): Promise<Figures> {
  const { settings, onEvent } = context;
  const { classes } = data.clean;
  const chapter = (number: number) => onEvent({ kind: "chapter", number, title: chapters[number - 1]! });

  chapter(3);
  const { pictures } = context;
  const ofPictures = [dataset.plan, settings.imageSize ?? null, settings.seed, ...pictureInputs(context)];
  const looks = await doStep(context, {
    id: "looks",
    inputs: ofPictures,
    run: async () =>
      findLooks(await data.pack({ ...settings, network: firstNetwork }), classes, (path) => data.metadata?.of(path), {
        seed: settings.seed,
        pictures,
      }),
  });
  const budget = await plannedBudget(context, data, training, minutes);
  const folds = await divideTraining(data, training, budget.folds);
  const { repetitions } = budget;
  const validate = (name: string, recipe: Recipe) =>
    crossValidated(context, data, folds, { name, recipe, repetitions });

  chapter(4);
  const asPublished = { network: firstNetwork, augmentation: "none", imbalance: "none" } as const;
  const official = await trainOfficial(context, raw, { ...asPublished, epochs: budget.officialEpochs });
  const reduced = budget.imageSize === null ? {} : { imageSize: budget.imageSize };
  const plain: Recipe = { ...asPublished, ...reduced, epochs: budget.comparisonEpochs };
  const initial = await validate("none", plain);

  chapter(5);
  const gallery = await doStep(context, {
    id: "gallery",
    inputs: ofPictures,
    run: async () =>
      pictures ? makeGallery(await data.pack({ ...settings, network: firstNetwork }), settings.seed) : [],
  });
  const augmented = [initial];
  for (const augmentation of policyNames.slice(1)) {
    augmented.push(await validate(augmentation, { ...plain, augmentation }));
  }
  const bestAugmented = bestOf(augmented);

  chapter(6);
  chapter(7);
  const balanced = [{ ...bestAugmented, name: "none" }];
  for (const imbalance of imbalanceNames.slice(1)) {
    balanced.push(await validate(imbalance, { ...bestAugmented.recipe, imbalance }));
  }
  const bestBalanced = bestOf(balanced);

  chapter(8);
  const { augmentation, imbalance } = bestBalanced.recipe;
  const larger: Recipe = { network: largerNetwork, ...reduced, epochs: budget.recipeEpochs, augmentation, imbalance };
  const regularised: Recipe = {
    ...larger,
    augmentation: "strong",
    optimizer: "adamW",
    weightDecay: 0.05,
    labelSmoothing: 0.1,
    mixup: 0.2,
    averaging: 0.99,
  };
  const candidates = [{ ...bestBalanced, name: "the notebook's" }];
  if (budget.recipeEpochs > 0) {
    candidates.push(await validate("ResNet-18", larger), await validate("ResNet-18, regularised", regularised));
  }
  const best = bestOf(candidates);
  const final = await trainModel(context, data, best.recipe);
  const first = await trainModel(context, data, plain);

  chapter(9);
  const judgement = await judge(context, data, folds, { best, model: final, rival: first });

  chapter(10);
  const tried = [...augmented, ...balanced.slice(1), ...candidates.slice(1)];
  // Recipes are the third comparison, where there was time for more than one of them.
  const families = candidates.length > 1 ? 3 : 2;
  const compared = (recipes: readonly CrossValidated[], choice: number): Comparison =>
    comparison(recipes, folds, { choice: tried.slice(0, choice), families, seed: settings.seed });
  const ofAugmentation = compared(augmented, augmented.length);
  const ofImbalance = compared(balanced, augmented.length + balanced.length - 1);
  return {
    format: studyFormat,
    naevus: version,
    origin: raw.origin,
    pictures,
    classes,
    dataset,
    looks,
    budget,
    official,
    initial: ofAugmentation.recipes[0]!,
    gallery,
    augmentation: ofAugmentation,
    imbalance: ofImbalance,
    recipes: families === 3 ? compared(candidates, tried.length) : chosenAlone(ofImbalance, candidates[0]!.name),
    final,
    ...judgement,
  };
}

/** A comparison's chosen recipe with nothing beside it. */
function chosenAlone(comparison: Comparison, name: string): Comparison {
  const chosen = comparison.recipes.find((one) => one.name === comparison.chosen)!;
  return { ...comparison, recipes: [{ ...chosen, name, difference: null }], chosen: name, visible: null };
}

/** Plans once, so that a study that is gone on with keeps its epochs, whatever the machine does meanwhile. */
async function plannedBudget(
  context: StudyContext,
  data: StudyData,
  training: TrainingImages,
  minutes: number,
): Promise<Omit<StudyReport["budget"], "spentSeconds">> {
  const spentBefore = await spentSeconds(context);
  return doStep(context, {
    id: "budget",
    inputs: [minutes, training.paths.length, inputsOf(context.settings), context.engine.description],
    run: async () => {
      const measured = async (imageSize: number | undefined) => {
        const size = imageSize === undefined ? {} : { imageSize };
        const first = await measureSpeed(context, data, { network: firstNetwork, ...size });
        return { first, larger: await measureSpeed(context, data, { network: largerNetwork, ...size }) };
      };
      const { settings } = context;
      const own = await measured(settings.imageSize);
      const optionsAt = ({ first, larger }: typeof own) => ({
        minutes,
        spentSeconds: spentBefore,
        images: training.paths.length,
        officialSpeed: own.first,
        comparison: { configurations: policyNames.length + imbalanceNames.length - 1, imagesPerSecond: first },
        recipes: { configurations: 2, imagesPerSecond: larger },
        mostFolds: mostFolds(training),
      });
      const heightOf = (network: NetworkName) => networks[network]({ classes: data.clean.classes.length }).input.height;
      const reduced =
        settings.imageSize === undefined
          ? workingSize(optionsAt(own), { comparison: heightOf(firstNetwork), recipes: heightOf(largerNetwork) })
          : undefined;
      const speeds = reduced === undefined ? own : await measured(reduced);
      return {
        ...planBudget(optionsAt(speeds)),
        imageSize: reduced ?? null,
        speeds: [
          { network: firstNetwork, imagesPerSecond: speeds.first },
          { network: largerNetwork, imagesPerSecond: speeds.larger },
        ],
      };
    },
  });
}

/** No more than five, nor than the rarest class has groups. */
const mostFolds = ({ classes, truth, groups }: TrainingImages): number =>
  Math.min(5, ...classes.map((_, label) => new Set(groups.filter((_group, i) => truth[i] === label)).size));

function finished(figures: Omit<StudyReport, "conclusion" | "modelCard">): StudyReport {
  const concluded = { ...figures, conclusion: conclude(figures) };
  return { ...concluded, modelCard: modelCard(concluded) };
}

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
