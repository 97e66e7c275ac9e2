/** Cross-validation of a recipe inside the training images, fold by fold, and what it says against another recipe. */

import { balancedAccuracy, macroScores, scoresByClass } from "../../../evaluation/class-scores.ts";
import { clusterBootstrap, type Estimate } from "../../../evaluation/cluster-bootstrap.ts";
import { confusionMatrix, correctCount } from "../../../evaluation/confusion-matrix.ts";
import { compareModels } from "../../../evaluation/model-comparison.ts";
import { predictedClasses } from "../../../evaluation/predictions.ts";
import { temperedProbabilities } from "../../../evaluation/temperature.ts";
import type { NetworkName } from "../../../network/architectures.ts";
import { Random } from "../../../random.ts";
import { fitNetwork } from "../../../run/fit-network.ts";
import { judgeLogits } from "../../../training/batched-logits.ts";
import type { EpochMetrics } from "../../../training/checkpoint.ts";
import { parseSettings, type Settings, type SettingsInput } from "../../../training/settings.ts";
import { doStep, type StudyContext, type StudyData } from "../study-context.ts";
import { packFloats, unpackFloats } from "../study-folder.ts";

/** The course notebook's. */
export const firstNetwork: NetworkName = "notebook";
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

/** What cross-validation says of a recipe. */
export interface CrossValidated {
  readonly name: string;
  readonly recipe: Recipe;
  readonly accuracy: Estimate;
  readonly balancedAccuracy: Estimate;
  readonly macroF1: Estimate;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** In the order of the classes. */
  readonly recalls: readonly number[];
  readonly seconds: number;
  readonly histories: readonly (readonly EpochMetrics[])[];
  /** Out-of-fold logits, (training images, classes), in the order of `TrainingFolds.paths`; base64. */
  readonly logits: string;
}

/** The settings of a recipe. */
export const settingsOf = (base: Settings, recipe: Recipe): Settings => parseSettings({ ...base, ...recipe });

/** A recipe as a name for files. */
export const slugOf = (recipe: Recipe): string =>
  Object.values(recipe)
    .map((value) => String(value).replace(/[^\w.]+/g, "_"))
    .join("-");

/** Settings that decide what is computed, as inputs of a step, without those that say where. */
export const inputsOf = ({ data, out, cache, checkpointSeconds, curation, metadata, ...deciding }: Settings) =>
  deciding;

const replicates = 1000;

/** Trains the recipe on all folds but one, for each of them, and pools what the models say of the fold they did not see. */
export async function crossValidated(
  context: StudyContext,
  data: StudyData,
  training: TrainingFolds,
  name: string,
  recipe: Recipe,
): Promise<CrossValidated> {
  const { classes, truth, groups, folds, foldOf, paths } = training;
  const settings = settingsOf(context.settings, recipe);
  const { description } = context.engine;
  const logits = new Float32Array(paths.length * classes.length);
  const histories: (readonly EpochMetrics[])[] = [];
  let seconds = 0;
  for (let fold = 0; fold < folds; fold++) {
    const judged = foldOf.flatMap((own, i) => (own === fold ? [i] : []));
    const learned = foldOf.flatMap((own, i) => (own === fold ? [] : [i]));
    const done = await doStep(context, {
      id: `fit-${slugOf(recipe)}-fold-${fold}of${folds}`,
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
            context.onEvent({ kind: "fit", recipe: name, fold, folds, epochs: settings.epochs, ...report }),
          signal: context.signal,
          clock: context.clock,
        });
        return { history: result.history, logits: packFloats(result.logits), seconds: result.seconds };
      },
    });
    const own = unpackFloats(done.logits);
    judged.forEach((row, i) => {
      logits.set(own.subarray(i * classes.length, (i + 1) * classes.length), row * classes.length);
    });
    histories.push(done.history);
    seconds += done.seconds;
  }
  const probabilities = temperedProbabilities(logits, classes.length, 1);
  const predicted = predictedClasses({ classes, truth, probabilities });
  const estimates = clusterBootstrap({
    groups,
    replicates,
    random: Random.of(settings.seed),
    statistic: (counts) => {
      const matrix = confusionMatrix(truth, predicted, classes.length, counts);
      const scores = scoresByClass(classes, matrix);
      return {
        accuracy: correctCount(matrix) / counts.reduce((total, count) => total + count, 0),
        balancedAccuracy: balancedAccuracy(scores),
        macroF1: macroScores(scores).f1,
      };
    },
  });
  return {
    name,
    recipe,
    ...estimates,
    loss: judgeLogits(logits, truth, classes.length).loss,
    recalls: scoresByClass(classes, confusionMatrix(truth, predicted, classes.length)).map(({ recall }) => recall),
    seconds,
    histories,
    logits: packFloats(logits),
  };
}

/** Probabilities of a cross-validated recipe. */
export const outOfFold = ({ logits }: CrossValidated, classes: number): Float32Array =>
  temperedProbabilities(unpackFloats(logits), classes, 1);

/** A recipe against another on the same images: the difference in balanced accuracy with its interval. */
export interface Against {
  readonly difference: Estimate;
  readonly pValue: number;
  readonly test: string;
  /** Whether the interval of the difference leaves out 0. */
  readonly distinguishable: boolean;
}

export function against(one: CrossValidated, other: CrossValidated, training: TrainingFolds): Against {
  const { classes, truth, groups } = training;
  const {
    balancedAccuracyDifference: difference,
    pValue,
    test,
  } = compareModels({
    classes,
    truth,
    first: outOfFold(one, classes.length),
    second: outOfFold(other, classes.length),
    groups,
  });
  const { interval } = difference;
  return { difference, pValue, test, distinguishable: interval !== null && (interval[0] > 0 || interval[1] < 0) };
}

/** The recipe with the highest balanced accuracy; of equals the first. */
export const bestOf = (recipes: readonly CrossValidated[]): CrossValidated =>
  recipes.reduce((best, one) => ((one.balancedAccuracy.value ?? 0) > (best.balancedAccuracy.value ?? 0) ? one : best));
