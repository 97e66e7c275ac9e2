/** Follows a run while another process trains in it, or tells of one that has ended. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FileState, fileState, sameState } from "../../disk/file-state.ts";
import { fileExists, readText } from "../../disk/files.ts";
import { observeLock } from "../../disk/folder-lock.ts";
import { readSentence } from "../../disk/system-errors.ts";
import { RunError } from "../../errors.ts";
import { bestEpoch, type EpochMetrics, isEnded, isExhausted } from "../../training/progress.ts";
import { isOlderRun, type RunConfig, readConfig } from "./run-config.ts";
import { epochOfLine, runFiles } from "./run-folder.ts";

/** What is seen of a run from outside. */
export type FollowedEvent =
  | { readonly kind: "begin"; readonly run: string; readonly config: RunConfig }
  | { readonly kind: "epoch"; readonly epochs: number; readonly metrics: EpochMetrics }
  /** Only the first `epoch` epochs count any longer: the training went on from before the others. */
  | { readonly kind: "rewind"; readonly epoch: number }
  /** `finished`: there is a model; otherwise the training was stopped, and can be resumed. */
  | { readonly kind: "end"; readonly finished: boolean; readonly epochs: number };

/** How a run is followed. */
export interface FollowOptions {
  /** Ends the events, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Between two looks at the folder; default 500. */
  readonly pollMilliseconds?: number;
}

/** The lines of `metrics.jsonl`, of which the last one is not whole or empty; undefined where nothing changed. */
function metricsReader(file: string): () => Promise<readonly string[] | undefined> {
  let before: FileState | undefined;
  return async () => {
    try {
      const state = fileState(await stat(file));
      if (before && sameState(before, state)) return undefined;
      const text = await readText(file);
      before = state;
      return text.split("\n");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [""];
      throw new RunError(readSentence(file, error, cure), { cause: error });
    }
  };
}

const cure = "if the run is resumed, the file is written anew";

function parseLine(file: string, line: string, number: number, config: RunConfig): EpochMetrics {
  let metrics: EpochMetrics;
  try {
    metrics = epochOfLine(line, { olderRun: isOlderRun(config) });
  } catch (error) {
    throw new RunError(`${file}: line ${number} holds no figures of an epoch; ${cure}`, { cause: error });
  }
  if (metrics.epoch !== number) {
    throw new RunError(`${file}: line ${number} holds the figures of epoch ${metrics.epoch}; ${cure}`);
  }
  return metrics;
}

/** Throws where the metrics of a finished run are not those of a training that came to its end. */
function refuseUnfinished(file: string, history: readonly EpochMetrics[], rest: string, { settings }: RunConfig): void {
  const { epochs, patience } = settings;
  const isWhole =
    history.length === epochs || isExhausted(bestEpoch(history), history.length, patience) || isEnded(history);
  if (isWhole && rest === "") return;
  throw new RunError(`${file}: it ends after ${history.length} of ${epochs} epochs, though there is a model; ${cure}`);
}

/**
 * The events of a run, from its first epoch on: those that are there at once, those of a running training as they come. It ends when no
 * process trains in the folder any longer, or with `signal`. Any number of followers may read one run; none of them writes.
 *
 * Throws RunError where there is no run, or its metrics are damaged.
 */
export async function* followRun(
  run: string,
  { signal, pollMilliseconds = 500 }: FollowOptions = {},
): AsyncGenerator<FollowedEvent, void, undefined> {
  const folder = resolve(run);
  const config = await readConfig(folder);
  const { epochs } = config.settings;
  yield { kind: "begin", run: folder, config };
  const file = join(folder, runFiles.metrics);
  const changedLines = metricsReader(file);
  const isTraining = observeLock(folder);
  let seen: readonly string[] = [];
  let rest = "";
  let history: readonly EpochMetrics[] = [];
  while (!signal?.aborted) {
    // Before the metrics, so that nothing that the process wrote last is missed. A training takes the folder before it writes anything.
    const training = await isTraining();
    const read = await changedLines();
    const lines = read?.slice(0, -1) ?? seen;
    rest = read?.at(-1) ?? rest;
    const same = seen.findIndex((line, i) => line !== lines[i]);
    const kept = same < 0 ? seen.length : same;
    if (kept < seen.length) yield { kind: "rewind", epoch: kept };
    for (let i = kept; i < lines.length; i++) {
      const metrics = parseLine(file, lines[i]!, i + 1, config);
      history = [...history.slice(0, i), metrics];
      yield { kind: "epoch", epochs, metrics };
    }
    seen = lines;
    if (!training) {
      const finished = await fileExists(join(folder, runFiles.model));
      if (finished && !isOlderRun(config)) refuseUnfinished(file, history.slice(0, seen.length), rest, config);
      yield { kind: "end", finished, epochs: seen.length };
      return;
    }
    await pause(pollMilliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
}
