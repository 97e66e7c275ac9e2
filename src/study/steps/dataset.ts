/** Step 2: the data set that is trained on: a curation plan, then a test set that shares nothing with training. */
import { join } from "node:path";
import type { Dataset } from "../../dataset/dataset.ts";
import type { Metadata } from "../../dataset/metadata.ts";
import type { ClassMapSummary } from "../../dataset/protocol-summary.ts";
import { cleanDataset, foldsOf, groupsOf } from "../../dataset/protocols.ts";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { readText, writeFileAtomic } from "../../disk/files.ts";
import { type ImageSizeSetting, imageSizeSetting, sizeOfSetting } from "../../image/image-size.ts";
import { type PackedImages, packImages } from "../../image/store/packed-store.ts";
import { curate } from "../../run/curate.ts";
import { openCuratedData } from "../../run/data/open-data.ts";
import { architectureOptionsOf, networkOf } from "../../training/settings/resolve.ts";
import { doStep, type StudyContext, type StudyData } from "../study-context.ts";
import type { Knowledge } from "../words/knowledge.ts";
import { firstNetwork, type TrainingFolds } from "./cross-validated.ts";

/** What curation and protocol made of the data. */
export interface DatasetFindings {
  /** Images that the plan leaves out, those of whole classes included. */
  readonly leftOut: number;
  /** Images that have another label by the plan, among those that stay. */
  readonly relabelled: number;
  readonly classesLeftOut: Readonly<Record<string, string>>;
  /** By class: images before, and after curation and protocol. */
  readonly counts: readonly {
    readonly name: string;
    readonly trainBefore: number;
    readonly testBefore: number;
    readonly train: number;
    readonly test: number;
  }[];
  /** Which classes were renamed, merged or left out; absent where none was. */
  readonly classMap?: ClassMapSummary;
  readonly protocol: string;
  readonly groupedBy: readonly string[];
  /** What is known of which images belong together. */
  readonly known: Knowledge;
  readonly testLeftOut: { readonly content: number; readonly group: number };
  /** Images that could not be decoded, among those that the plan and the protocol left. */
  readonly undecoded: number;
  readonly groups: { readonly train: number; readonly test: number };
  /** The most images of one class over the fewest, in training. */
  readonly imbalanceBefore: number;
  readonly imbalanceAfter: number;
  /** The text of the plan. */
  readonly plan: string;
}

const planName = "curation.csv";

/** The training images in their order, not yet divided into folds. */
export type TrainingImages = Omit<TrainingFolds, "folds" | "foldOf">;

/** The data set of a study: curated, divided and ready to be packed. */
export interface MadeDataset {
  readonly data: StudyData;
  readonly findings: DatasetFindings;
  readonly training: TrainingImages;
  /** Closes the image stores that were opened. */
  close(): void;
}

/** Curates, applies the protocol, and decodes the images that are left. */
export async function makeDataset(
  context: StudyContext,
  raw: Dataset,
  metadata: Metadata | undefined,
): Promise<MadeDataset> {
  const { folder, settings, source, onEvent, signal } = context;
  const cache = await cacheFolder(settings.cache);
  const packs = new Map<ImageSizeSetting, PackedImages>();
  const close = () => {
    for (const packed of packs.values()) packed.close();
  };
  try {
    const plan = await curationPlan(context);
    const opened = await openCuratedData(
      source.data,
      {
        seed: settings.seed,
        testFraction: settings.testFraction,
        curation: await restorePlan(folder.path, plan.text),
        classMap: settings.classMap,
        metadata: source.metadata,
        protocol: "clean",
        groupBy: settings.groupBy,
        cache: settings.cache,
      },
      { onEvent, signal },
    );
    const clean = await cleanDataset(opened.dataset, opened.options);
    const groups = await groupsOf(clean, opened.options);
    const groupOf = new Map(clean.images.map(({ path }, i) => [path, groups.groupOf[i]!]));
    const data: StudyData = {
      clean,
      metadata,
      protocolOptions: opened.options,
      plan: join(folder.path, planName),
      groupOf,
      pack: async ({ network, imageSize }) => {
        const made = networkOf(
          { network, stochasticDepth: 0, freeze: 0 },
          architectureOptionsOf({ imageSize }, clean.classes.length),
        );
        const size = imageSizeSetting([made.input.height, made.input.width]);
        const known = packs.get(size);
        if (known) return known;
        const packed = await packImages(clean, {
          size: sizeOfSetting(size),
          geometry: settings.geometry,
          resampling: settings.resampling,
          cacheFolder: cache,
          onProgress: (done, total) => onEvent({ kind: "packing", done, total }),
          onWarning: (message) => onEvent({ kind: "warning", message }),
          ...(signal && { signal }),
        });
        packs.set(size, packed);
        return packed;
      },
    };
    const packed = await data.pack({ ...settings, network: firstNetwork });
    const training = packed.images.filter(({ split }) => split === "train");
    return {
      data,
      findings: findingsOf(raw, data, packed, plan),
      training: {
        paths: training.map(({ path }) => path),
        truth: training.map(({ label }) => label),
        groups: training.map(({ path }) => groupOf.get(path)!),
        classes: clean.classes,
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

type CurationStep = Awaited<ReturnType<typeof curationPlan>>;

const curationPlan = (context: StudyContext) =>
  doStep(context, {
    id: "curation",
    inputs: [context.settings.groupBy],
    run: async () => {
      const { folder, settings, source, onEvent, signal } = context;
      const out = join(folder.path, planName);
      // The plan's path and the table's, to which problems belong, are of this machine.
      const {
        plan: _,
        problems: _problems,
        ...result
      } = await curate(source.data, {
        out,
        // Of a study that was stopped, or of other data.
        overwrite: true,
        metadata: source.metadata,
        patients: settings.groupBy === "patient",
        cache: settings.cache,
        onEvent,
        signal,
      });
      return { ...result, text: await readText(out) };
    },
  });

/** Puts the plan back where its file was removed. */
async function restorePlan(folder: string, text: string): Promise<string> {
  const file = join(folder, planName);
  const there = await readText(file).catch(() => undefined);
  if (there !== text) await writeFileAtomic(file, text);
  return file;
}

function findingsOf(
  raw: Dataset,
  { clean, groupOf, metadata }: StudyData,
  packed: PackedImages,
  plan: CurationStep,
): DatasetFindings {
  const countOf = (dataset: Pick<Dataset, "classes" | "images">, name: string, split: string): number =>
    dataset.images.filter((image) => image.split === split && dataset.classes[image.label] === name).length;
  const decoded = { classes: clean.classes, images: packed.images };
  const counts = raw.classes.map((name) => ({
    name,
    trainBefore: countOf(raw, name, "train"),
    testBefore: countOf(raw, name, "test"),
    train: countOf(decoded, name, "train"),
    test: countOf(decoded, name, "test"),
  }));
  const groupedBy = clean.protocol?.groupedBy ?? [];
  const groupsIn = (split: string): number =>
    new Set(packed.images.flatMap((image) => (image.split === split ? [groupOf.get(image.path)!] : []))).size;
  return {
    // Of the plan as it was applied: its lines do not count the images of classes that are left out whole.
    leftOut: clean.curation?.leftOut ?? 0,
    relabelled: clean.curation?.relabelled ?? 0,
    classesLeftOut: plan.classesLeftOut,
    counts,
    ...(raw.classMap && { classMap: raw.classMap }),
    protocol: "clean",
    groupedBy,
    known: {
      groupedBy,
      lesionsKnown: packed.images.filter(({ path }) => metadata?.of(path)?.lesion !== undefined).length,
      grouped: packed.images.filter(({ group }) => group !== undefined).length,
      images: packed.images.length,
    },
    testLeftOut: clean.protocol?.leftOut ?? { content: 0, group: 0 },
    undecoded: clean.images.length - packed.images.length,
    groups: { train: groupsIn("train"), test: groupsIn("test") },
    imbalanceBefore: imbalanceRatio(counts.map(({ trainBefore }) => trainBefore)),
    imbalanceAfter: imbalanceRatio(counts.map(({ train }) => train)),
    plan: plan.text,
  };
}

function imbalanceRatio(counts: readonly number[]): number {
  const present = counts.filter((count) => count > 0);
  return Math.max(...present) / Math.min(...present);
}

/** Divides the training images into folds, groups whole. */
export async function divideTraining(
  { clean, protocolOptions }: StudyData,
  training: TrainingImages,
  folds: number,
): Promise<TrainingFolds> {
  const learned = new Set(training.paths);
  const images = clean.images.filter(({ path }) => learned.has(path));
  const { foldOf } = await foldsOf({ ...clean, images }, { ...protocolOptions, folds });
  const foldByPath = new Map(images.map(({ path }, i) => [path, foldOf[i]!]));
  return { ...training, folds, foldOf: training.paths.map((path) => foldByPath.get(path)!) };
}
