/** Step 9: the final model judged on the test images, once, beside the notebook's network. */
import { join } from "node:path";
import { readWhole, writeFileAtomic } from "../../disk/files.ts";
import { ageBand } from "../../evaluation/judgement/age-band.ts";
import { type CompleteEvaluation, completeEvaluation } from "../../evaluation/judgement/complete-evaluation.ts";
import { predictedClasses } from "../../evaluation/predictions.ts";
import { pixelPicture } from "../../image/pixel-picture.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import { Random } from "../../random.ts";
import { judgeTestImages } from "../../run/evaluate.ts";
import { runFiles } from "../../run/folder/run-folder.ts";
import { setTemperature } from "../../run/models/set-temperature.ts";
import { doStep, pictureInputs, type StudyContext, type StudyData } from "../study-context.ts";
import { type CrossValidated, firstNetwork, outOfFold, type TrainingFolds } from "./cross-validated.ts";
import type { TrainedModel } from "./trained-model.ts";

/** A test image with what was said of it. */
export interface JudgedImage {
  readonly path: string;
  readonly truth: number;
  readonly predicted: number;
  readonly confidence: number;
  /** JPEG as a `data:` address; absent where there are more than a report holds, and in one without pictures. */
  readonly picture?: string;
}

/** A training image that is probably labelled wrongly. */
export interface DoubtfulLabel {
  readonly path: string;
  readonly label: string;
  readonly suggested: string;
  readonly suggestedProbability: number;
  /** Absent in a report without pictures. */
  readonly picture?: string;
}

/** What the final model does on the test images. */
export interface Judgement {
  readonly evaluation: CompleteEvaluation;
  readonly testImages: readonly JudgedImage[];
  readonly doubtfulLabels: readonly DoubtfulLabel[];
}

/** Names the figures that are stored, so that those of an earlier version are made anew. */
const figures = "intervals by groups";

/** Test images whose pictures a report holds. */
const mostPictures = 400;
const mostDoubtful = 24;

/** Judges `model`, whose recipe `best` says what it does out of fold; its calibrated model file becomes the study's `model.onnx`. */
export async function judge(
  context: StudyContext,
  data: StudyData,
  training: TrainingFolds,
  { best, model, rival }: { readonly best: CrossValidated; readonly model: TrainedModel; readonly rival: TrainedModel },
): Promise<Judgement> {
  const run = join(context.folder.path, model.run);
  const judgement = await doStep(context, {
    id: "evaluation",
    inputs: [figures, model, rival, best.logits, training.groups, context.settings.seed, ...pictureInputs(context)],
    run: () => judgeBoth(context, data, training, { best, model, rival }),
  });
  await setTemperature(run, judgement.evaluation.calibrated?.fit.temperature ?? 1);
  await writeFileAtomic(join(context.folder.path, runFiles.model), [await readWhole(join(run, runFiles.model))]);
  return judgement;
}

async function judgeBoth(
  { folder, settings, pictures, onEvent, signal }: StudyContext,
  { clean, groupOf, metadata, pack }: StudyData,
  { classes, truth, groups, paths }: TrainingFolds,
  { best, model, rival }: Parameters<typeof judge>[3],
): Promise<Judgement> {
  const inContext = { onEvent, signal, cache: settings.cache };
  const run = join(folder.path, model.run);
  // As trained: the temperature is found below, and would count twice in a model that has it already.
  await setTemperature(run, 1);
  const one = await judgeTestImages(run, clean, inContext);
  const other = await judgeTestImages(join(folder.path, rival.run), clean, inContext);
  const ofFold = { truth, probabilities: outOfFold(best, classes.length), groups };
  const about = one.images.map(({ path }) => metadata?.of(path));
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
    groupedBy: clean.protocol?.groupedBy ?? [],
    ...(one.trainingImages !== undefined && { trainingImages: one.trainingImages }),
    check: one.check,
    classes,
    truth: one.truth,
    probabilities: one.probabilities,
    groups: one.images.map(({ path }) => groupOf.get(path)!),
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
  const picture = pictureOf(await pack({ ...settings, network: firstNetwork }));
  return {
    evaluation,
    testImages: await Promise.all(
      one.images.map(async ({ path }, i) => ({
        path,
        truth: one.truth[i]!,
        predicted: predicted[i]!,
        confidence: one.probabilities[i * classes.length + predicted[i]!]!,
        ...(pictures && i < mostPictures && { picture: await picture(path) }),
      })),
    ),
    doubtfulLabels: await Promise.all(
      evaluation
        .labelErrors!.candidates.slice(0, mostDoubtful)
        .map(async ({ image, label, suggested, suggestedProbability }) => ({
          path: paths[image]!,
          label,
          suggested,
          suggestedProbability,
          ...(pictures && { picture: await picture(paths[image]!) }),
        })),
    ),
  };
}

function pictureOf(packed: PackedImages): (path: string) => Promise<string> {
  const { height, width } = packed;
  const indexOf = new Map(packed.images.map(({ path }, index) => [path, index]));
  return async (path) => {
    const pixels = new Uint8Array(height * width * 3);
    packed.read([indexOf.get(path)!], pixels);
    return pixelPicture(pixels, { height, width });
  };
}
