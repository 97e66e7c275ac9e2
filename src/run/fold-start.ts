/** How the folds of a cross-validation go on from another model: all from the same weights, which the first of them keeps. */
import { join, resolve } from "node:path";
import type { hashContents } from "../dataset/content-hashes.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type Folds, foldDataset } from "../dataset/protocols.ts";
import { fileExists } from "../disk/files.ts";
import { RunError } from "../errors.ts";
import type { JudgedCheck, SeenCounts } from "../evaluation/judgement/judged-check.ts";
import type { Graph } from "../network/graph.ts";
import { ancestorSummary } from "../onnx/lineage.ts";
import type { Settings } from "../training/settings/schema.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { isSeen } from "./data/seen-images.ts";
import type { JudgedImages } from "./evaluate.ts";
import { initialWeightsDigest, readInitialWeights } from "./folder/initial-weights.ts";
import { readLineage } from "./folder/lineage-file.ts";
import { type RunConfig, readConfig, tellsImages } from "./folder/run-config.ts";
import { foldRun, runFiles } from "./folder/run-folder.ts";
import { openParent, type Parent } from "./models/parent.ts";
import { type Start, settingsFrom, startFrom } from "./start.ts";

/** What the folds go on from: the model that was given, or what the first fold kept of it. */
export interface FoldOrigin {
  readonly parent: Parent | undefined;
  readonly first: { readonly run: string; readonly config: RunConfig } | undefined;
}

/** Opens what folds go on from; undefined where they are trained from scratch. Throws as `openParent` does, and RunError. */
export async function foldOrigin({ from, out }: TrainSettings): Promise<FoldOrigin | undefined> {
  if (from === undefined) return undefined;
  const run = typeof out === "string" ? foldRun(resolve(out), 0) : undefined;
  if (run === undefined || !(await fileExists(join(run, runFiles.config)))) {
    return { parent: await openParent(from), first: undefined };
  }
  const config = await readConfig(run);
  if (config.from === undefined) {
    throw new RunError(`${run}: begun from scratch; leave out --from ${from} to go on, or give another folder`);
  }
  // Once begun, the folds need the model no more.
  const parent = (await fileExists(resolve(from))) ? await openParent(from) : undefined;
  return { parent, first: { run, config } };
}

/** The settings of folds that go on from a model; see `settingsFrom`. */
export function foldSettings({ parent, first }: FoldOrigin, input: TrainSettings, classes: number): TrainSettings {
  if (first === undefined) return settingsFrom(parent!, input, classes);
  const { settings } = first.config;
  // An entry that is there without a value is as good as none.
  return {
    ...input,
    network: input.network ?? settings.network,
    imageSize: input.imageSize ?? settings.imageSize,
    geometry: input.geometry ?? settings.geometry,
    resampling: input.resampling ?? settings.resampling,
  };
}

/** What every fold begins with. Throws RunError where the first fold began with something else. */
export async function foldStart(
  { parent, first }: FoldOrigin,
  graph: Graph,
  classes: readonly string[],
  settings: Settings,
): Promise<Start> {
  const fresh = parent && startFrom(parent, graph, classes, settings);
  if (first === undefined) return fresh!;
  const { run, config } = first;
  const from = config.from!;
  if (fresh && initialWeightsDigest(fresh.parameters) !== from.weights) {
    throw new RunError(
      `${run}: begun from another model than ${parent.name}; give that one to go on, or another folder`,
    );
  }
  return {
    parameters: await readInitialWeights(run, from),
    newLayer: from.newLayer,
    ancestors: await readLineage(run, from),
  };
}

/** Throws RunError where a fold would have no image to judge, as the models before were trained on all of them, or may have been. */
export function refuseSeenFolds(
  { ancestors }: Start,
  dataset: Dataset,
  folds: Folds,
  { count, sha256 }: { readonly count: number } & Pick<Awaited<ReturnType<typeof hashContents>>, "sha256">,
): void {
  if (!tellsImages(ancestors.map(ancestorSummary))) {
    throw new RunError(
      "cross-validation judges every image, and nothing tells which of them a model was trained on that it would go on from; " +
        "go on from the folder of that model's run, or from another model",
    );
  }
  const hashOf = new Map(dataset.images.map(({ path }, i) => [path, sha256[i] ?? ""]));
  for (let fold = 0; fold < count; fold++) {
    const tested = foldDataset(dataset, folds, fold).images.filter(({ split }) => split === "test");
    const isKnown = ({ path }: { readonly path: string }): boolean => {
      const file = hashOf.get(path)!;
      return isSeen(ancestors, { pixels: file, file });
    };
    if (!tested.every(isKnown)) continue;
    throw new RunError(
      `${dataset.root}: a model that this cross-validation would go on from was trained on every image of fold ${fold}, so that none is left to ` +
        "judge; go on from a model that was trained on other images",
    );
  }
}

/** What was found out about the images of all folds together. */
export function pooledCheck(judged: readonly JudgedImages[]): JudgedCheck {
  const checks = judged.map(({ check }) => check);
  const sum = (of: (check: JudgedCheck) => number): number => checks.reduce((total, check) => total + of(check), 0);
  const counts = (of: (check: JudgedCheck) => SeenCounts | undefined): SeenCounts => ({
    content: sum((check) => of(check)?.content ?? 0),
    lesion: sum((check) => of(check)?.lesion ?? 0),
    patient: sum((check) => of(check)?.patient ?? 0),
  });
  return {
    comparedBy: checks[0]!.comparedBy,
    seen: counts(({ seen }) => seen),
    leftOut: { ...counts(({ leftOut }) => leftOut), missing: sum(({ leftOut }) => leftOut.missing) },
    leftOutForAncestors: counts(({ leftOutForAncestors }) => leftOutForAncestors),
    leftOutImages: checks.flatMap(({ leftOutImages }) => leftOutImages),
    newImages: sum(({ newImages }) => newImages),
    otherLabels: sum(({ otherLabels }) => otherLabels),
  };
}
