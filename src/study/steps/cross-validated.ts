/** Cross-validation of a recipe inside the training images: a training with a seed of its own for every fold. */
import { createHash } from "node:crypto";
import { temperedProbabilities } from "../../evaluation/calibration/temperature.ts";
import { predictedClasses } from "../../evaluation/predictions.ts";
import { balancedAccuracy, macroScores, scoresByClass } from "../../evaluation/scores/class-scores.ts";
import { confusionMatrix, correctCount } from "../../evaluation/scores/confusion-matrix.ts";
import type { NetworkName } from "../../network/architectures.ts";
import { fitNetwork } from "../../run/fit-network.ts";
import { judgeLogits } from "../../training/batched-logits.ts";
import type { EpochMetrics } from "../../training/progress.ts";
import { settingInWords } from "../../training/settings/data-setting.ts";
import { parseSettings } from "../../training/settings/parse.ts";
import type { Settings, SettingsInput } from "../../training/settings/schema.ts";
import { decidingSettings } from "../../training/settings/settings-by-aspect.ts";
import { doStep, type StudyContext, type StudyData } from "../study-context.ts";
import { packFloats, unpackFloats } from "../study-folder.ts";

/** The course notebook's. */
export const firstNetwork: NetworkName = "notebook";
/** The network that is compared with the first one. */
export const largerNetwork: NetworkName = "resnet18-w32";

/** The settings in which recipes differ. */
export type Recipe = Pick<
  SettingsInput,
  | "network"
  | "epochs"
  | "imageSize"
  | "augmentation"
  | "imbalance"
  | "mixup"
  | "cutmix"
  | "labelSmoothing"
  | "averaging"
  | "optimizer"
  | "weightDecay"
  | "learningRate"
>;

/** The training images in their order, and how they are divided. */
export interface TrainingFolds {
  readonly paths: readonly string[];
  readonly truth: readonly number[];
  readonly groups: readonly number[];
  readonly folds: number;
  readonly foldOf: readonly number[];
  readonly classes: readonly string[];
}

/** What cross-validation says of a recipe; figures are means over its repetitions. */
export interface CrossValidated {
  readonly name: string;
  readonly recipe: Recipe;
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly macroF1: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** In the order of the classes. */
  readonly recalls: readonly number[];
  readonly seconds: number;
  /** Of every training. */
  readonly histories: readonly (readonly EpochMetrics[])[];
  /** Of each repetition the out-of-fold logits, (training images, classes), in the order of `TrainingFolds.paths`. */
  readonly logits: readonly Float32Array[];
}

/** The settings of a recipe. */
export const settingsOf = (base: Settings, recipe: Recipe): Settings => parseSettings({ ...base, ...recipe });

/** A recipe as a name for files. */
export const slugOf = (recipe: Recipe): string =>
  Object.values(recipe)
    .map((value) => (typeof value === "object" ? `${settingInWords(value)}_${digestOf(value)}` : String(value)))
    .map((text) => text.replace(/[^\w.]+/g, "_"))
    .join("-");

/** Two networks may have one name. */
const digestOf = (value: object): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);

/** Settings that decide what is computed, as inputs of a step. */
export const inputsOf = (settings: Settings): Partial<Settings> =>
  Object.fromEntries(decidingSettings.map((name) => [name, settings[name]]));

/** One training of a cross-validation. */
export interface Training {
  readonly fold: number;
  readonly folds: number;
  readonly repetition: number;
}

/**
 * The seed of a training: another one for every fold and repetition of every recipe, so that differences between recipes vary from
 * fold to fold as much as other seeds make them, and the same one whenever the study is done again.
 */
export function trainingSeed(studySeed: number, recipe: Recipe, { fold, folds, repetition }: Training): number {
  const settings = Object.entries(recipe).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([studySeed, settings, fold, folds, repetition]);
  return createHash("sha256").update(text).digest().readUInt32LE();
}

/**
 * Trains the recipe on all folds but one, for each of them and `repetitions` times over, and pools what the models say of the fold
 * that they did not see.
 */
export async function crossValidated(
  context: StudyContext,
  data: StudyData,
  training: TrainingFolds,
  { name, recipe, repetitions }: { readonly name: string; readonly recipe: Recipe; readonly repetitions: number },
): Promise<CrossValidated> {
  const { classes, truth, folds, foldOf, paths } = training;
  const { description } = context.engine;
  const logits = Array.from({ length: repetitions }, () => new Float32Array(paths.length * classes.length));
  const histories: (readonly EpochMetrics[])[] = [];
  let seconds = 0;
  const trainings = logits.flatMap((_, repetition) =>
    Array.from({ length: folds }, (_, fold) => ({ fold, repetition })),
  );
  for (const { fold, repetition } of trainings) {
    const seed = trainingSeed(context.settings.seed, recipe, { fold, folds, repetition });
    const settings = { ...settingsOf(context.settings, recipe), seed };
    const judged = foldOf.flatMap((own, i) => (own === fold ? [i] : []));
    const learned = foldOf.flatMap((own, i) => (own === fold ? [] : [i]));
    const again = repetition === 0 ? "" : `-time-${repetition + 1}`;
    const done = await doStep(context, {
      id: `fit-${slugOf(recipe)}-fold-${fold}of${folds}${again}`,
      inputs: [inputsOf(settings), learned.map((i) => paths[i]), description.name, description.library],
      run: async () => {
        const packed = await data.pack(settings);
        const indexOf = new Map(packed.images.map(({ path }, index) => [path, index]));
        const places = (rows: readonly number[]) => rows.map((i) => indexOf.get(paths[i]!)!);
        const result = await fitNetwork({
          engine: context.engine,
          packed,
          classes: classes.length,
          learned: places(learned),
          judged: places(judged),
          settings,
          curves: true,
          onStep: (report) =>
            context.onEvent({
              kind: "fit",
              recipe: name,
              fold,
              folds,
              repetition,
              repetitions,
              epochs: settings.epochs,
              ...report,
            }),
          signal: context.signal,
          stopwatch: context.stopwatch,
        });
        return { history: result.history, logits: packFloats(result.logits), seconds: result.seconds };
      },
    });
    const own = unpackFloats(done.logits);
    judged.forEach((row, i) => {
      logits[repetition]!.set(own.subarray(i * classes.length, (i + 1) * classes.length), row * classes.length);
    });
    histories.push(done.history);
    seconds += done.seconds;
  }
  const figures = logits.map((own) => {
    const matrix = confusionMatrix(truth, predictedClasses({ classes, truth, probabilities: own }), classes.length);
    const scores = scoresByClass(classes, matrix);
    return {
      accuracy: correctCount(matrix) / truth.length,
      balancedAccuracy: balancedAccuracy(scores),
      macroF1: macroScores(scores).f1,
      loss: judgeLogits(own, truth, classes.length).loss,
      recalls: scores.map(({ recall }) => recall),
    };
  });
  const mean = (of: (one: (typeof figures)[number]) => number): number =>
    figures.reduce((sum, one) => sum + of(one), 0) / repetitions;
  return {
    name,
    recipe,
    accuracy: mean(({ accuracy }) => accuracy),
    balancedAccuracy: mean((one) => one.balancedAccuracy),
    macroF1: mean(({ macroF1 }) => macroF1),
    loss: mean(({ loss }) => loss),
    recalls: classes.map((_, label) => mean(({ recalls }) => recalls[label]!)),
    seconds,
    histories,
    logits,
  };
}

/** The classes that each repetition of a cross-validated recipe says of the training images. */
export const outOfFoldClasses = (
  { logits }: CrossValidated,
  { classes, truth }: Pick<TrainingFolds, "classes" | "truth">,
): readonly Uint32Array[] => logits.map((own) => predictedClasses({ classes, truth, probabilities: own }));

/** Probabilities of the first repetition: each is one model's, as the final one is one model. */
export const outOfFold = ({ logits }: CrossValidated, classes: number): Float32Array =>
  temperedProbabilities(logits[0]!, classes, 1);

/** The recipe with the highest balanced accuracy; of equals the first. */
export const bestOf = (recipes: readonly CrossValidated[]): CrossValidated =>
  recipes.reduce((best, one) => (one.balancedAccuracy > best.balancedAccuracy ? one : best));
