/** Steps 4 and 8: a recipe trained on all training images, as a run that goes on where it was stopped. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Dataset } from "../../dataset/dataset.ts";
import { drawnProtocol } from "../../dataset/protocol-summary.ts";
import { fileExists } from "../../disk/files.ts";
import type { Evaluation } from "../../evaluation/judgement/evaluation.ts";
import { networkName } from "../../network/network-source.ts";
import { evaluate } from "../../run/evaluate.ts";
import { folderSlug, runFiles } from "../../run/folder/run-folder.ts";
import { resume } from "../../run/resume.ts";
import { train } from "../../run/train.ts";
import { parseSettings } from "../../training/settings/parse.ts";
import type { SettingsInput } from "../../training/settings/schema.ts";
import { doStep, type StudyContext, type StudyData } from "../study-context.ts";
import { firstNetwork, inputsOf, type Recipe, settingsOf, slugOf } from "./cross-validated.ts";

/** A recipe that became a model. */
export interface TrainedModel {
  /** The run's folder, from the study's. */
  readonly run: string;
  readonly recipe: Recipe;
  readonly parameters: number;
  readonly epochs: number;
  readonly engine: string;
  readonly precision: string;
  readonly imagesPerSecond: number | null;
  /** Whether the model file tells, by digests, which images it was trained on. */
  readonly hashes: boolean;
}

/** Trains on the curated training images. */
export function trainModel(context: StudyContext, data: StudyData, recipe: Recipe): Promise<TrainedModel> {
  const { settings, source } = context;
  return trained(context, `model-${slugOf(recipe)}`, data.clean, recipe, {
    ...settingsOf(settings, recipe),
    data: data.clean.root,
    protocol: "clean",
    curation: data.plan,
    ...(source.metadata !== undefined && { metadata: source.metadata }),
  });
}

/** A model of the data as published, for comparison with other work, and its judgement. */
export interface OfficialModel extends TrainedModel {
  readonly evaluation: Evaluation;
}

/** Trains on the data as published, or as drawn where no test images are, and judges once on those test images. */
export async function trainOfficial(context: StudyContext, raw: Dataset, recipe: Recipe): Promise<OfficialModel> {
  const { folder, settings, source, onEvent, signal } = context;
  const isDrawn = raw.protocol?.name === drawnProtocol;
  const model = await trained(context, `official-${slugOf(recipe)}`, raw, recipe, {
    ...settingsOf(settings, recipe),
    data: raw.root,
    // They tell which test images are of one lesion. The draw does not know the lesions: those on both sides would be left out of its test.
    ...(!isDrawn && source.metadata !== undefined && { metadata: source.metadata }),
  });
  const run = join(folder.path, model.run);
  const evaluation = await doStep(context, {
    id: `official-evaluation-${slugOf(recipe)}`,
    inputs: model,
    run: () => evaluate(run, raw, { onEvent, signal, cache: settings.cache }),
  });
  onEvent({ kind: "judged", run, evaluation });
  return { ...model, evaluation };
}

async function trained(
  context: StudyContext,
  id: string,
  dataset: Dataset,
  recipe: Recipe,
  settings: SettingsInput,
): Promise<TrainedModel> {
  const { folder, engine, dataHash, onEvent, signal, stopwatch } = context;
  const { curation } = dataset;
  const key = createHash("sha256")
    .update(JSON.stringify([dataHash, inputsOf(parseSettings(settings)), curation ?? null, engine.description]))
    .digest("hex");
  const name = join("models", `${folderSlug(networkName(recipe.network ?? firstNetwork))}-${key.slice(0, 12)}`);
  const run = join(folder.path, name);
  const model = await doStep(context, {
    id,
    inputs: key,
    holds: () => fileExists(join(run, runFiles.model)),
    run: async () => {
      const inContext = { onEvent, signal, stopwatch };
      const begun = await fileExists(join(run, runFiles.config));
      const result = begun
        ? await resume(run, { ...inContext, dataset, cache: context.settings.cache })
        : await train(dataset, { ...settings, out: run }, inContext);
      if (!result.finished) signal?.throwIfAborted();
      const { parameters, epochs, precision, imagesPerSecond } = result;
      const { library } = engine.description;
      return {
        run: name,
        recipe,
        parameters,
        epochs,
        engine: library,
        precision,
        imagesPerSecond,
        hashes: context.settings.hashes,
      };
    },
  });
  // Not as the step's file names it: the model's file is written again, for its temperature.
  return { ...model, run: name };
}
