/** The whole study: ten chapters as steps, each kept in the study's folder and done again only when its inputs changed. */
import { createHash } from "node:crypto";
import { access, copyFile, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { auditDataset } from "../../audit/audit.ts";
import { hashContents } from "../../dataset/content-hashes.ts";
import { type Dataset, readDataset } from "../../dataset/dataset.ts";
import { matchMetadata, readMetadata } from "../../dataset/metadata.ts";
import { cleanDataset, foldsOf, groupsOf } from "../../dataset/protocols.ts";
import { selectEngine } from "../../engine/select-engine.ts";
import { ageBand } from "../../evaluation/age-band.ts";
import { completeEvaluation } from "../../evaluation/complete-evaluation.ts";
import { predictedClasses } from "../../evaluation/predictions.ts";
import { writeFileAtomic } from "../../files.ts";
import { augmentationGallery } from "../../image/augmentation/gallery.ts";
import { policyNames } from "../../image/augmentation/policy.ts";
import { type PackedImages, packImages } from "../../image/packed-store.ts";
import { pixelPicture } from "../../image/pixel-picture.ts";
import { type NetworkName, networks } from "../../network/architectures.ts";
import { Random } from "../../random.ts";
import { cacheFolder } from "../../run/cache-folder.ts";
import { curate } from "../../run/curate.ts";
import { judgeTestImages } from "../../run/evaluate.ts";
import { fitNetwork } from "../../run/fit-network.ts";
import { openCuratedData } from "../../run/open-data.ts";
import { runFiles } from "../../run/run-folder.ts";
import { setTemperature } from "../../run/set-temperature.ts";
import { resume, train } from "../../run/train.ts";
import { version } from "../../run/version.ts";
import { imbalanceNames } from "../../training/imbalance.ts";
import { parseSettings, type Settings, type SettingsInput } from "../../training/settings.ts";
import { planBudget } from "./budget.ts";
import { conclude } from "./conclusion.ts";
import {
  against,
  bestOf,
  type CrossValidated,
  crossValidated,
  outOfFold,
  type Recipe,
  settingsOf,
  slugOf,
  type TrainingFolds,
} from "./cross-validated.ts";
import { type DatasetFindings, findData, findLooks, imbalanceRatio, planName, restorePlan } from "./data-steps.ts";
import { htmlReport } from "./html-report.ts";
import { judgeCurve, meanCurve } from "./learning-curve.ts";
import { markdownReport, modelCardMarkdown } from "./markdown-report.ts";
import { modelCard } from "./model-card.ts";
import { doStep, type StudyContext, type StudyData, type StudyEvent } from "./study-context.ts";
import { StudyFolder } from "./study-folder.ts";
import type { ComparedRecipe, Comparison, FinalFindings, GalleryPictures, StudyReport } from "./study-report.ts";

export interface StudyOptions {
  /** The data folder. */
  readonly data: string;
  /** CSV of metadata. */
  readonly metadata?: string | undefined;
  /** Minutes for the whole; default 30. */
  readonly budget?: number | undefined;
  /** The study's folder; an earlier study in it is gone on with. */
  readonly out: string;
  /** Settings that all trainings share, such as engine, precision, imageSize, batch, seed, cache. */
  readonly settings?: SettingsInput | undefined;
  readonly onEvent?: ((event: StudyEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: (() => number) | undefined;
}

/** The chapters by their titles. */
export const chapters = [
  "Data",
  "Dataset",
  "Visualisation",
  "Initial model",
  "Augmentation",
  "Class distribution",
  "Class imbalance",
  "Final model",
  "Evaluation",
  "Conclusion",
] as const;

const firstNetwork: NetworkName = "notebook";
const largerNetwork: NetworkName = "resnet18-w32";

/** Test images whose pictures a report holds. */
const mostPictures = 400;
const mostDoubtful = 24;

/**
 * Does the study and returns all its figures, which the folder then holds as `report.html`, `report.md` and
 * `report.json`, with `model.onnx` and `model-card.md`.
 *
 * Recipes are chosen by grouped cross-validation inside the training images; the test images are judged once, at the end. Stopped at
 * any moment, the same call goes on. Throws the signal's reason where it aborts, DatasetError, EngineError, FileError, TrainingError.
 */
export async function study(options: StudyOptions): Promise<StudyReport> {
  const { budget: minutes = 30, onEvent = () => {}, signal, clock = Date.now } = options;
  const settings = parseSettings({ ...options.settings });
  const folder = await StudyFolder.open(resolve(options.out), clock);
  const warn = (message: string) => onEvent({ kind: "warning", message });
  const engine = selectEngine(
    settings.engine,
    warn,
    settings.threads === undefined ? {} : { threads: settings.threads },
  );
  const cache = cacheFolder(settings.cache);
  const chapter = (number: number) => onEvent({ kind: "chapter", number, title: chapters[number - 1]! });
  let spentSeconds = 0;

  chapter(1);
  const raw = await readDataset(options.data, settings);
  const hashes = await hashContents(raw, {
    cacheFolder: cache,
    signal,
    onProgress: (done, total) => onEvent({ kind: "packing", done, total }),
  });
  const table = options.metadata === undefined ? undefined : await readMetadata(options.metadata);
  const matched = table && matchMetadata(raw.images, table);
  const dataHash = await hashOf(raw, hashes.sha256, options.metadata);
  const context: StudyContext = {
    folder,
    engine,
    settings,
    dataHash,
    onEvent,
    signal,
    clock,
    spent: (seconds) => {
      spentSeconds += seconds;
    },
  };
  const dataFindings = await doStep(context, {
    id: "data",
    inputs: [raw.root, raw.problems],
    run: async () => {
      const audit = await auditDataset(raw, {
        metadata: matched,
        signal,
        onProgress: (_, done, total) => onEvent({ kind: "packing", done, total }),
      });
      await writeFileAtomic(join(folder.path, "audit.json"), `${JSON.stringify(audit, undefined, 1)}\n`);
      return findData(raw, audit);
    },
  });

  chapter(2);
  const packs = new Map<number, PackedImages>();
  try {
    const { data, findings: datasetFindings, training } = await makeDataset();
    const { classes } = data.clean;

    chapter(3);
    const looks = await doStep(context, {
      id: "looks",
      inputs: [datasetFindings.plan, settings.imageSize ?? null, settings.seed],
      run: async () => findLooks(await data.pack(firstNetwork), classes, (path) => table?.of(path), settings.seed),
    });

    const { plan: budget, speeds } = await doStep(context, {
      id: "budget",
      inputs: [minutes, training.paths.length, inputsOf(settings), engine.description],
      run: () => measureBudget(context, data, training, { minutes, spentSeconds }),
    });
    const mostFolds = Math.min(
      ...classes.map((_, label) => new Set(training.groups.filter((_, i) => training.truth[i] === label)).size),
    );
    const divided = await divide(data, training, Math.max(2, Math.min(budget.folds, mostFolds)));
    const { comparisonEpochs, recipeEpochs } = budget;

    chapter(4);
    const validate = (name: string, recipe: Recipe) => crossValidated(context, data, divided, name, recipe);
    const plain: Recipe = { network: firstNetwork, epochs: comparisonEpochs, augmentation: "none", imbalance: "none" };
    const initial = await validate("none", plain);

    chapter(5);
    const gallery = await doStep(context, {
      id: "gallery",
      inputs: [datasetFindings.plan, settings.imageSize ?? null, settings.seed],
      run: () => makeGallery(data, settings.seed),
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
    const larger: Recipe = { network: largerNetwork, epochs: recipeEpochs, augmentation, imbalance };
    const candidates = [
      { ...bestBalanced, name: "the notebook's" },
      await validate("ResNet-18", larger),
      await validate("ResNet-18, regularised", {
        ...larger,
        augmentation: "strong",
        optimizer: "adamW",
        weightDecay: 0.05,
        labelSmoothing: 0.1,
        mixup: 0.2,
        averaging: 0.99,
      }),
    ];
    const chosen = bestOf(candidates);
    const final = await trainModel(chosen.recipe);
    const first = await trainModel(plain);

    chapter(9);
    const judged = await judge(chosen, final, first);

    chapter(10);
    const compared = (one: CrossValidated, reference: CrossValidated | undefined): ComparedRecipe => {
      const { histories, logits: _, ...figures } = one;
      const frequencies = classes.map((_, label) => divided.truth.filter((own) => own === label).length);
      return {
        ...figures,
        curve: judgeCurve(meanCurve(histories), Math.max(...frequencies) / divided.truth.length),
        against: reference === undefined ? null : against(one, reference, divided, settings.seed),
      };
    };
    const comparison = (recipes: readonly CrossValidated[], best: CrossValidated): Comparison => ({
      recipes: recipes.map((one, i) => compared(one, i === 0 ? undefined : recipes[0])),
      chosen: best.name,
    });
    const untold = {
      format: 1,
      naevus: version,
      origin: raw.origin,
      classes,
      data: dataFindings,
      dataset: datasetFindings,
      looks,
      budget: { ...budget, folds: divided.folds, speeds, spentSeconds },
      initial: compared(initial, undefined),
      gallery,
      augmentation: comparison(augmented, bestAugmented),
      imbalance: comparison(balanced, bestBalanced),
      recipes: comparison(candidates, chosen),
      final,
      ...judged,
    } as const;
    const concluded = { ...untold, conclusion: conclude(untold) };
    const report: StudyReport = { ...concluded, modelCard: modelCard(concluded) };
    await writeFileAtomic(join(folder.path, "report.json"), `${JSON.stringify(report, undefined, 1)}\n`);
    await writeFileAtomic(join(folder.path, "report.md"), markdownReport(report));
    await writeFileAtomic(join(folder.path, "model-card.md"), modelCardMarkdown(report));
    await writeFileAtomic(join(folder.path, "report.html"), await htmlReport(report));
    return report;

    /** Trains on all training images, and returns where the run is; goes on with one that was stopped. */
    async function trainModel(recipe: Recipe): Promise<FinalFindings> {
      const own: SettingsInput = {
        ...settingsOf(settings, recipe),
        data: data.clean.root,
        protocol: "clean",
        curation: data.plan,
        ...(options.metadata !== undefined && { metadata: options.metadata }),
      };
      const key = createHash("sha256")
        .update(JSON.stringify([dataHash, inputsOf(parseSettings(own)), datasetFindings.plan, engine.description]))
        .digest("hex");
      const name = join("models", `${recipe.network}-${key.slice(0, 12)}`);
      const run = join(folder.path, name);
      return doStep(context, {
        id: `model-${slugOf(recipe)}`,
        inputs: key,
        holds: () => exists(join(run, runFiles.model)),
        run: async () => {
          const inContext = { onEvent, signal, clock };
          const begun = await exists(join(run, runFiles.config));
          const result = begun
            ? await resume(run, { ...inContext, dataset: data.clean, cache: settings.cache })
            : await train(data.clean, { ...own, out: run }, inContext);
          if (!result.finished) signal?.throwIfAborted();
          const { parameters, epochs, precision, imagesPerSecond } = result;
          const { library } = engine.description;
          return { run: name, recipe, parameters, epochs, engine: library, precision, imagesPerSecond };
        },
      });
    }

    async function judge(best: CrossValidated, model: FinalFindings, rival: FinalFindings) {
      const result = await doStep(context, {
        id: "evaluation",
        inputs: [model, rival, best.logits, divided.groups, settings.seed],
        run: async () => {
          const inContext = { onEvent, signal, cache: settings.cache };
          // As trained: the temperature is found below, and would count twice in a model that has it already.
          await setTemperature(join(folder.path, model.run), 1);
          const one = await judgeTestImages(join(folder.path, model.run), data.clean, inContext);
          const other = await judgeTestImages(join(folder.path, rival.run), data.clean, inContext);
          const probabilities = outOfFold(best, classes.length);
          const ofFold = { truth: divided.truth, probabilities, groups: divided.groups };
          const about = one.images.map(({ path }) => table?.of(path));
          const groupings = {
            age: about.map((person) => ageBand(person?.age ?? null)),
            sex: about.map((person) => person?.sex ?? null),
            site: about.map((person) => person?.site ?? null),
          };
          const known = Object.entries(groupings).filter(([, names]) => names.some((name) => name !== null));
          const evaluation = completeEvaluation({
            protocol: "clean",
            origin: one.origin,
            dataFingerprint: one.fingerprint,
            groupedBy: datasetFindings.groupedBy,
            trainingImages: one.trainingImages,
            classes,
            truth: one.truth,
            probabilities: one.probabilities,
            groups: one.images.map(({ path }) => data.groupOf.get(path)!),
            validation: ofFold,
            outOfFold: ofFold,
            groupings: Object.fromEntries(known),
            // Fewer than some fifteen images in a bin say nothing of it.
            bins: Math.max(4, Math.min(15, Math.floor(one.images.length / 15))),
            ...(model.run === rival.run
              ? {}
              : { rivals: [{ name: "the notebook's network on raw images", probabilities: other.probabilities }] }),
            random: Random.of(settings.seed),
          });
          const predicted = predictedClasses(one);
          const pack = await data.pack(firstNetwork);
          const picture = pictureOf(pack);
          const testImages = await Promise.all(
            one.images.map(async ({ path }, i) => ({
              path,
              truth: one.truth[i]!,
              predicted: predicted[i]!,
              confidence: one.probabilities[i * classes.length + predicted[i]!]!,
              ...(i < mostPictures && { picture: await picture(path) }),
            })),
          );
          const doubtfulLabels = await Promise.all(
            evaluation
              .labelErrors!.candidates.slice(0, mostDoubtful)
              .map(async ({ image, label, suggested, suggestedProbability }) => ({
                path: divided.paths[image]!,
                label,
                suggested,
                suggestedProbability,
                picture: await picture(divided.paths[image]!),
              })),
          );
          return { evaluation, testImages, doubtfulLabels };
        },
      });
      const temperature = result.evaluation.calibrated?.fit.temperature ?? 1;
      const run = join(folder.path, model.run);
      await setTemperature(run, temperature);
      await copyFile(join(run, runFiles.model), join(folder.path, runFiles.model));
      return result;
    }
  } finally {
    for (const packed of packs.values()) packed.close();
  }

  async function makeDataset(): Promise<{
    readonly data: StudyData;
    readonly findings: DatasetFindings;
    readonly training: Omit<TrainingFolds, "folds" | "foldOf">;
  }> {
    const plan = await doStep(context, {
      id: "curation",
      inputs: [settings.groupBy],
      run: async () => {
        const result = await curate(options.data, {
          out: join(folder.path, planName),
          metadata: options.metadata,
          patients: settings.groupBy === "patient",
          cache: settings.cache,
          onEvent,
          signal,
        });
        return { ...result, plan: "", text: await readFile(join(folder.path, planName), "utf8") };
      },
    });
    const planFile = await restorePlan(folder.path, plan.text);
    const opened = await openCuratedData(
      options.data,
      {
        seed: settings.seed,
        testFraction: settings.testFraction,
        curation: planFile,
        metadata: options.metadata,
        groupBy: settings.groupBy,
        cache: settings.cache,
      },
      { onEvent, signal },
    );
    const clean = await cleanDataset(opened.dataset, opened.options);
    const groups = await groupsOf(clean, opened.options);
    const groupOf = new Map(clean.images.map(({ path }, i) => [path, groups.groupOf[i]!]));
    const data: StudyData = {
      raw,
      clean,
      metadata: table,
      protocolOptions: opened.options,
      plan: planFile,
      groupOf,
      pack: async (network) => {
        const size = settings.imageSize ?? networks[network]({ classes: clean.classes.length }).input.height;
        const known = packs.get(size);
        if (known) return known;
        const packed = await packImages(clean, {
          size,
          geometry: settings.geometry,
          cacheFolder: cache,
          onProgress: (done, total) => onEvent({ kind: "packing", done, total }),
          ...(signal && { signal }),
        });
        packs.set(size, packed);
        return packed;
      },
    };
    const packed = await data.pack(firstNetwork);
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
    const groupsIn = (split: string): number =>
      new Set(packed.images.flatMap((image) => (image.split === split ? [groupOf.get(image.path)!] : []))).size;
    const findings: DatasetFindings = {
      leftOut: plan.leftOut,
      relabelled: plan.relabelled,
      grouped: plan.grouped,
      classesLeftOut: plan.classesLeftOut,
      counts,
      protocol: "clean",
      groupedBy: clean.protocol?.groupedBy ?? [],
      testLeftOut: clean.protocol?.leftOut ?? { content: 0, group: 0 },
      groups: { train: groupsIn("train"), test: groupsIn("test") },
      imbalanceBefore: imbalanceRatio(counts.map(({ trainBefore }) => trainBefore)),
      imbalanceAfter: imbalanceRatio(counts.map(({ train }) => train)),
      plan: plan.text,
    };
    const training = packed.images.filter(({ split }) => split === "train");
    return {
      data,
      findings,
      training: {
        paths: training.map(({ path }) => path),
        truth: training.map(({ label }) => label),
        groups: training.map(({ path }) => groupOf.get(path)!),
        classes: clean.classes,
      },
    };
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Settings that decide what is computed, without those that say where. */
const inputsOf = ({ data, out, cache, checkpointSeconds, curation, metadata, ...deciding }: Settings) => deciding;

async function hashOf(
  dataset: Dataset,
  sha256: readonly (string | undefined)[],
  metadata: string | undefined,
): Promise<string> {
  const hash = createHash("sha256").update(
    JSON.stringify([
      version,
      dataset.classes,
      dataset.images.map(({ path, label, split }, i) => [path, label, split, sha256[i]]),
    ]),
  );
  if (metadata !== undefined) hash.update(await readFile(metadata));
  return hash.digest("hex");
}

const pictureOf = (packed: PackedImages) => {
  const indexOf = new Map(packed.images.map(({ path }, index) => [path, index]));
  return async (path: string): Promise<string> => {
    const pixels = new Uint8Array(packed.height * packed.width * 3);
    packed.read([indexOf.get(path)!], pixels);
    return pixelPicture(pixels, { height: packed.height, width: packed.width });
  };
};

async function divide(
  { clean, protocolOptions }: StudyData,
  training: Omit<TrainingFolds, "folds" | "foldOf">,
  folds: number,
): Promise<TrainingFolds> {
  const learned = new Set(training.paths);
  const images = clean.images.filter(({ path }) => learned.has(path));
  const { foldOf } = await foldsOf({ ...clean, images }, { ...protocolOptions, folds });
  const foldByPath = new Map(images.map(({ path }, i) => [path, foldOf[i]!]));
  return { ...training, folds, foldOf: training.paths.map((path) => foldByPath.get(path)!) };
}

/** Measures how fast each network learns here, with augmentation, and plans what the budget allows. */
async function measureBudget(
  { settings, engine, signal, clock }: StudyContext,
  data: StudyData,
  { paths, classes }: Pick<TrainingFolds, "paths" | "classes">,
  time: { readonly minutes: number; readonly spentSeconds: number },
) {
  const speedOf = async (network: NetworkName): Promise<number> => {
    const packed = await data.pack(network);
    const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
    const few = training.slice(0, Math.min(training.length, 6 * settings.batch));
    const { history } = await fitNetwork({
      engine,
      packed,
      classes: classes.length,
      learned: few,
      judged: few.slice(0, 1),
      settings: settingsOf(settings, { network, epochs: 2, augmentation: "standard" }),
      signal,
      clock,
    });
    return history[1]!.imagesPerSecond;
  };
  const [first, larger] = [await speedOf(firstNetwork), await speedOf(largerNetwork)];
  const plan = planBudget({
    ...time,
    images: paths.length,
    comparison: { configurations: policyNames.length + imbalanceNames.length - 1, imagesPerSecond: first },
    recipes: { configurations: 2, imagesPerSecond: larger },
    mostFolds: 5,
  });
  return {
    plan,
    speeds: [
      { network: firstNetwork, imagesPerSecond: first },
      { network: largerNetwork, imagesPerSecond: larger },
    ],
  };
}

async function makeGallery(data: StudyData, seed: number): Promise<GalleryPictures[]> {
  const packed = await data.pack(firstNetwork);
  const { height, width } = packed;
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const [one, other] = Random.of(seed, 0x67616c).shuffle(training);
  const pixels = new Uint8Array(2 * height * width * 3);
  packed.read([one!, other!], pixels);
  const image = pixels.slice(0, pixels.length / 2);
  const rows = augmentationGallery(image, { height, width, partner: pixels.slice(pixels.length / 2), seed });
  const original = { label: "as it is", picture: await pixelPicture(image, { height, width }) };
  return [
    { title: "Original", pictures: [original] },
    ...(await Promise.all(
      rows.map(async ({ title, pictures }) => ({
        title,
        pictures: await Promise.all(
          pictures.map(async ({ label, pixels: own }) => ({
            label,
            picture: await pixelPicture(own, { height, width }),
          })),
        ),
      })),
    )),
  ];
}
