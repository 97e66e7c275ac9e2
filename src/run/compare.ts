/** Compares runs on the same test images: is the difference more than chance? */
import { groupsOf } from "../dataset/protocols.ts";
import { compareModels, type ModelComparison } from "../evaluation/model-comparison.ts";
import { Random } from "../random.ts";
import { judgeTestImages } from "./evaluate.ts";
import { type DataSettings, openCuratedData, openJudgedData } from "./open-data.ts";
import { RunError } from "./run-folder.ts";
import type { RunContext } from "./train.ts";

/** The first run against one of the others. */
export interface RunComparison extends ModelComparison {
  readonly firstRun: string;
  readonly secondRun: string;
}

export interface RunsCompared {
  readonly protocol: string;
  readonly origin: "folder" | "phantom";
  readonly dataFingerprint: string;
  readonly groupedBy: readonly string[];
  readonly comparisons: readonly RunComparison[];
}

/**
 * Judges all runs on the test images that the first run has in a data folder, and compares the others with it: McNemar's exact test,
 * and differences with bootstrap intervals of whole groups.
 *
 * Throws RunError where fewer than two runs are given, a run has learned from images that would be tested, or classes differ; and
 * what `openData` and `evaluate` throw.
 */
export async function compareRuns(
  runs: readonly string[],
  data: string,
  {
    given = {},
    seed = 0,
    ...context
  }: Omit<RunContext, "clock"> & { readonly given?: DataSettings; readonly seed?: number } = {},
): Promise<RunsCompared> {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) {
    throw new RunError("compare: give at least two runs, the first being what the others are compared with");
  }
  const { dataset, settings } = await openJudgedData(runs, data, given, context);
  const { options } = await openCuratedData(data, settings, context);
  const tested = dataset.images.filter(({ split }) => split === "test");
  const { groupOf, groupedBy } = await groupsOf({ ...dataset, images: tested }, options);
  const groups = new Map(tested.map(({ path }, i) => [path, groupOf[i]!]));
  const cached = { ...context, cache: given.cache };
  const one = await judgeTestImages(first, dataset, cached);
  const comparisons: RunComparison[] = [];
  for (const run of others) {
    const other = await judgeTestImages(run, dataset, cached);
    if (other.images.some(({ path }, i) => path !== one.images[i]?.path)) {
      throw new RunError(`${run}: could not judge the same images as ${first}; look at an audit of ${data}`);
    }
    comparisons.push({
      firstRun: first,
      secondRun: run,
      ...compareModels({
        classes: one.classes,
        truth: one.truth,
        first: one.probabilities,
        second: other.probabilities,
        groups: one.images.map(({ path }) => groups.get(path)!),
        random: Random.of(seed),
      }),
    });
  }
  return {
    protocol: dataset.protocol?.name ?? "official",
    origin: one.origin,
    dataFingerprint: one.fingerprint,
    groupedBy,
    comparisons,
  };
}
