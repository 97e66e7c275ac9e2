/** Which runs a command or caller means. */
import { join, resolve } from "node:path";
import { fileExists } from "../../disk/files.ts";
import { RunError } from "../../errors.ts";
import { readConfig } from "./run-config.ts";
import { foldRun, isModelFile, runFiles } from "./run-folder.ts";

/** A run folder or model file, or several of them whose mean probabilities count; a cross-validation's folder stands for its folds. */
export type Runs = string | readonly string[];

/** Run folders and model files one by one, with a cross-validation's folder written out. Throws RunError where one is not finished. */
export async function runsOf(given: Runs): Promise<string[]> {
  const paths = typeof given === "string" ? [given] : given;
  if (paths.length === 0) throw new RunError("expected at least one run, got none");
  const runs: string[] = [];
  for (const path of paths) {
    const isFolds = !isModelFile(path) && (await fileExists(join(foldRun(resolve(path), 0), runFiles.config)));
    runs.push(...(isFolds ? await foldsIn(path) : [path]));
  }
  return runs;
}

async function foldsIn(folder: string): Promise<string[]> {
  const { settings } = await readConfig(foldRun(folder, 0));
  const count = Number(/^grouped:(\d+)$/.exec(settings.protocol)?.[1] ?? 0);
  const folds = Array.from({ length: count }, (_, fold) => foldRun(folder, fold));
  const finished = await Promise.all(folds.map((run) => fileExists(join(run, runFiles.model))));
  const trained = finished.filter(Boolean).length;
  if (trained < count) {
    throw new RunError(
      `${folder}: ${trained} of the ${count} folds of this cross-validation are trained; ` +
        "give the same cross-validate command again, with this folder as --out",
    );
  }
  return folds;
}
