/** Compares runs on the same test images: is the difference more than chance? */
import type { Dataset } from "../dataset/dataset.ts";
import type { ClassMapSummary } from "../dataset/protocol-summary.ts";
import { RunError } from "../errors.ts";
import { compareModels, type ModelComparison } from "../evaluation/comparison/model-comparison.ts";
import type { JudgedCheck } from "../evaluation/judgement/judged-check.ts";
import { type JudgingContext, judgeEach } from "./evaluate.ts";

/** The first run against one of the others. */
export interface RunComparison extends ModelComparison {
  readonly firstRun: string;
  readonly secondRun: string;
}

/** Models compared with the first of them, on the same images. */
export interface RunsCompared {
  readonly protocol: string;
  readonly origin: "folder" | "phantom";
  readonly dataFingerprint: string;
  readonly groupedBy: readonly string[];
  readonly check: JudgedCheck;
  /** Which classes a class map renamed, merged or left out; absent where there was none. */
  readonly classMap?: ClassMapSummary | undefined;
  readonly comparisons: readonly RunComparison[];
}

/**
 * Judges all runs on the same images, those that none of them was trained on, and compares the others with the first: by an exact test and
 * by differences with intervals, all of which go by the groups. These are claims about two trained models, not about their recipes: trained
 * again with another seed, each would be another model.
 *
 * Throws RunError where fewer than two runs are given or classes differ, and what `evaluate` throws.
 */
export async function compareRuns(
  runs: readonly string[],
  dataset: Dataset,
  context: JudgingContext = {},
): Promise<RunsCompared> {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) {
    throw new RunError("compare: give at least two runs, the first being what the others are compared with");
  }
  const [one, ...rest] = await judgeEach(runs, dataset, context);
  const { protocol, check, classMap, origin, fingerprint, classes, truth, groups, probabilities } = one!;
  return {
    protocol: protocol.name,
    origin,
    dataFingerprint: fingerprint,
    groupedBy: protocol.groupedBy,
    check,
    ...(classMap && { classMap }),
    comparisons: rest.map((other, i) => ({
      firstRun: first,
      secondRun: others[i]!,
      ...compareModels({
        classes,
        truth,
        first: probabilities,
        second: other.probabilities,
        groups,
      }),
    })),
  };
}
