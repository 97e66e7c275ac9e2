/** Models judged on labelled images: evaluated, compared, or asked for the predictions behind the figures. */
import type { Metadata } from "../dataset/metadata.ts";
import type { Evaluation } from "../evaluation/judgement/evaluation.ts";
import { compareRuns, type RunsCompared } from "../run/compare.ts";
import type { DataSettings } from "../run/data/open-data.ts";
import { evaluate as evaluateRuns, type JudgedImages, type JudgingContext, judgeTestImages } from "../run/evaluate.ts";
import type { Runs } from "../run/folder/runs.ts";
import { checkSettings } from "../training/settings/parse.ts";
import { dataSettings } from "../training/settings/settings-by-aspect.ts";
import { expectOptions, expectRuns, type OptionKinds } from "./arguments.ts";
import { withoutClassNames } from "./class-names.ts";
import { type DataSource, expectSource, openJudgedSource, openKinds } from "./data-source.ts";

/** How models are judged, on which of the images, and who is told of it. */
export interface EvaluateOptions extends Omit<JudgingContext, "metadata">, Omit<DataSettings, "metadata"> {
  /** A table that tells the lesions and patients of the images, or the path of its file. */
  readonly metadata?: string | Metadata | undefined;
}

/** The settings of the data are checked as settings. */
const evaluateKinds: OptionKinds<EvaluateOptions> = {
  ...openKinds,
  ...(Object.fromEntries(dataSettings.map((name) => [name, "any"])) as Record<(typeof dataSettings)[number], "any">),
  testTimeAugmentation: "boolean",
  allowSeen: "boolean",
  metadata: "metadata",
  cache: "path",
  maxPixels: "megapixels",
};

/**
 * Evaluates a run on labelled images that it was not trained on: where they are its own data, on its test images, wherever they lie now;
 * else on all of them, as the protocol `external`. Images that the model was trained on are known by their content, left out and counted.
 * Several runs, or the folder of a cross-validation, are evaluated as an ensemble. The figures of a run's own test are also written to
 * `evaluation.json` in its folder.
 *
 * ```ts
 * const { accuracy, accuracyInterval } = await evaluate("runs/first", "elsewhere", { classMap: "names.csv" });
 * ```
 *
 * @throws ArgumentError; RunError where a run has no model yet, a class is unknown to it or no image is left; ModelError, DatasetError, FileError
 */
export async function evaluate(runs: Runs, source: DataSource, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { dataset, context } = await open("evaluate", runs, source, options);
  return evaluateRuns(runs, dataset, context);
}

/**
 * Judges several models on the same images, which none of them was trained on, and compares the others with the first: by an exact test and by
 * differences with intervals. These are claims about trained models, not about their recipes, of which other seeds make other models.
 *
 * @throws RunError where fewer than two runs are given or their classes differ, and what {@link evaluate} throws
 */
export async function compare(
  runs: readonly string[],
  source: DataSource,
  options: EvaluateOptions = {},
): Promise<RunsCompared> {
  const { dataset, context } = await open("compare", runs, source, options);
  return compareRuns(typeof runs === "string" ? [runs] : runs, dataset, context);
}

/** The predictions behind the figures that {@link evaluate} gives; it throws as that does. */
export async function judge(runs: Runs, source: DataSource, options: EvaluateOptions = {}): Promise<JudgedImages> {
  const { dataset, context } = await open("judge", runs, source, options);
  return judgeTestImages(runs, dataset, context);
}

async function open(of: string, runs: Runs, source: DataSource, options: EvaluateOptions) {
  const example =
    of === "compare" ? 'compare(["runs/a", "runs/b"], "data/isic9")' : `${of}("runs/first", "data/isic9")`;
  expectRuns(runs, of, example);
  expectSource(source, of, example);
  expectOptions(options, of, example, evaluateKinds);
  const { metadata: given, cache, maxPixels, ...rest } = options;
  const settings = Object.fromEntries(
    dataSettings.flatMap((name) => (name in rest ? [[name, rest[name as keyof typeof rest]]] : [])),
  ) as DataSettings;
  checkSettings(withoutClassNames(settings, of));
  const file = typeof given === "string" ? given : undefined;
  const all = { ...settings, metadata: file, cache, ...(maxPixels !== undefined && { maxPixels }) };
  const { dataset, metadata, maxPixels: most } = await openJudgedSource(runs, source, all, rest);
  const table = typeof given === "object" ? given : metadata;
  return { dataset, context: { ...rest, metadata: table, cache, maxPixels: most } };
}
