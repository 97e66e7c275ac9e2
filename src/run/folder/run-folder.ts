/** A run is a folder: its files by name, and how it is begun and kept in order. */

import { statSync } from "node:fs";
import { appendFile, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { isClutter } from "../../disk/clutter.ts";
import {
  fileExists,
  isTemporary,
  readText,
  removeTemporaryFiles,
  writeError,
  writeFileAtomic,
} from "../../disk/files.ts";
import type { FolderLock } from "../../disk/folder-lock.ts";
import { makeOutputFolder } from "../../disk/output-folder.ts";
import { SealError, sealed, unsealed } from "../../disk/sealed-json.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { FileError, RunError } from "../../errors.ts";
import { type EpochMetrics, metricsSchema } from "../../training/progress.ts";

/** The files of a run. */
export const runFiles = {
  config: "config.json",
  /** Where the data lie on this machine. */
  local: "local.json",
  images: "images.csv",
  /** Of a run that went on from another model: the weights that it began with, and the models before it. */
  initial: "initial.safetensors",
  lineage: "lineage.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  model: "model.onnx",
  evaluation: "evaluation.json",
  /** For TensorBoard, which knows its files by `tfevents`. */
  events: "events.out.tfevents.naevus",
} as const;

/** The run of one fold within the folder of a cross-validation. */
export const foldRun = (folder: string, fold: number): string => join(folder, `fold-${fold}`);

/** Whether a path is meant as a model file rather than the folder of a run, whose name may end in anything. */
export function isModelFile(path: string): boolean {
  if (!path.endsWith(".onnx")) return false;
  try {
    return !statSync(path).isDirectory();
  } catch {
    // Whoever opens it says why it cannot be had.
    return true;
  }
}

/** Whether a path is one of a run or of a cross-validation, rather than of images. */
export async function isRun(path: string): Promise<boolean> {
  if (isModelFile(path)) return true;
  for (const folder of [path, foldRun(path, 0)]) if (await fileExists(join(folder, runFiles.config))) return true;
  return false;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** A name as a part of a folder's name: letters, digits, hyphens and underscores of ASCII, at most 64; `network` where none is left. */
export const folderSlug = (name: string): string =>
  name
    .replace(/[^\w-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 64)
    .replace(/-+$/, "") || "network";

/** `<network>-<yyyymmdd-hhmmss>`, local time; the network's name as a folder may have it. */
export function runName(network: string, milliseconds: number): string {
  const now = new Date(milliseconds);
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(twoDigits).join("");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(twoDigits).join("");
  return `${folderSlug(network)}-${date}-${time}`;
}

/** What `initial.safetensors` says of itself. */
export const initialWeightsFormat = "naevus initial weights 1";

/** What stands at the beginning of the files that a new run writes before its `config.json`. */
const beginnings: ReadonlyMap<string, string> = new Map([
  [runFiles.images, "part,class,path,bytes,"],
  [runFiles.initial, `{"__metadata__":{"format":"${initialWeightsFormat}"}`],
  [runFiles.lineage, '{\n  "about": "The models that this run went on from'],
  [runFiles.local, '{\n  "about": "Where the data of this run lie on this machine'],
]);

/** Whether a file is what is left of a run that was stopped, or found the disk full, before it had a `config.json`. */
async function isOfUnbegunRun(file: string): Promise<boolean> {
  const beginning = beginnings.get(basename(file));
  if (beginning === undefined) return false;
  const content = await readText(file).catch(() => "");
  // The weights begin with the length of what is looked for.
  return content.slice(0, beginning.length + 8).includes(beginning);
}

/** Throws {@link RunError} where something stands already in the folder of a new run; what systems leave behind is nothing, and so is a run that never began. */
export async function refuseUsedFolder(run: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(run);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    throw new RunError(readSentence(run, error, "choose another folder", "folder"), { cause: error });
  }
  if (names.includes(runFiles.config)) {
    throw new RunError(`${run}: there is a run already; resume it, or choose another folder`);
  }
  const others = names.filter((name) => !isTemporary(name) && !isClutter(name));
  const written = await Promise.all(others.map((name) => isOfUnbegunRun(join(run, name))));
  const other = others[written.indexOf(false)];
  if (other !== undefined) throw new RunError(`${run}: the folder is not empty (${other}); choose another folder`);
}

/** Makes the folder of a new run on a data folder; throws as {@link refuseUsedFolder} and `makeOutputFolder`. */
export async function makeRunFolder(run: string, data: string): Promise<void> {
  await refuseUsedFolder(run);
  await makeOutputFolder(run, data);
}

/** A new folder below `runs` for a run without a given one: a second run of the same second gets a number. */
export async function makeDefaultRunFolder(runs: string, name: string, data: string): Promise<string> {
  // What an older version made is not marked, and may be used further.
  if (!(await fileExists(runs))) await makeOutputFolder(runs, data);
  for (let number = 1; ; number++) {
    const run = join(runs, number === 1 ? name : `${name}-${number}`);
    try {
      await mkdir(run);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(run, error);
      continue;
    }
    await makeOutputFolder(run, data);
    return run;
  }
}

/**
 * Removes the files of a run that failed before its first checkpoint, so that the same command can be given again, as long as its folder
 * is this process's. What a full disk stopped is kept where it can be resumed.
 */
export async function discardBarrenRun(run: string, lock: FolderLock, failure: unknown): Promise<void> {
  if (await fileExists(join(run, runFiles.checkpoint))) return;
  if (failure instanceof FileError && (await fileExists(join(run, runFiles.config)))) return;
  const discard = async () => {
    await lock.check();
    await Promise.all(Object.values(runFiles).map((name) => rm(join(run, name), { force: true })));
    await removeTemporaryFiles(run);
  };
  // What is left over by a failure here does not hide the one that matters.
  await discard().catch(() => undefined);
}

const lineOf = (metrics: EpochMetrics): string => `${JSON.stringify(sealed(metricsSchema.parse(metrics)))}\n`;

/**
 * The epoch that a line of `metrics.jsonl` tells of. Throws where it is damaged, also where it lacks the digest that the runs of
 * earlier versions have not.
 */
export function epochOfLine(line: string, { olderRun }: { readonly olderRun: boolean }): EpochMetrics {
  const { content, isSealed } = unsealed(line);
  if (!isSealed && !olderRun) throw new SealError("it has no digest");
  return metricsSchema.parse(content);
}

/** Adds the line of an epoch to `metrics.jsonl`. Throws FileError. */
export async function appendMetrics(run: string, metrics: EpochMetrics): Promise<void> {
  const file = join(run, runFiles.metrics);
  await appendFile(file, lineOf(metrics)).catch((error) => {
    throw writeError(file, error);
  });
}

/** Brings a run that was stopped, perhaps in the middle of a write, in line with its checkpoint. */
export async function repairRun(run: string, history: readonly EpochMetrics[]): Promise<void> {
  await removeTemporaryFiles(run);
  await writeFileAtomic(join(run, runFiles.metrics), history.map(lineOf).join(""));
}
