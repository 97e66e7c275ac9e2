/** Follows a run while another process trains in it, or tells of one that has ended. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FileState, fileState, sameState } from "../file-state.ts";
import { fileExists, readText } from "../files.ts";
import { readSentence } from "../system-errors.ts";
import { type EpochMetrics, metricsSchema } from "../training/checkpoint.ts";
import { type RunConfig, readConfig } from "./run-config.ts";
import { RunError, runFiles } from "./run-folder.ts";
import { isLocked } from "./run-lock.ts";

/** What is seen of a run from outside. */
export type FollowedEvent =
  | { readonly kind: "begin"; readonly run: string; readonly config: RunConfig }
  | { readonly kind: "epoch"; readonly epochs: number; readonly metrics: EpochMetrics }
  /** Only the first `epoch` epochs count any longer: the training went on from before the others. */
  | { readonly kind: "rewind"; readonly epoch: number }
  /** `finished`: there is a model; otherwise the training was stopped, and can be resumed. */
  | { readonly kind: "end"; readonly finished: boolean; readonly epochs: number };

export interface FollowOptions {
  /** Ends the events, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Between two looks at the folder; default 500. */
  readonly pollMilliseconds?: number;
}

/** The lines of `metrics.jsonl` that are whole; undefined where nothing changed. */
function metricsReader(file: string): () => Promise<readonly string[] | undefined> {
  let before: FileState | undefined;
  return async () => {
    try {
      const state = fileState(await stat(file));
      if (before && sameState(before, state)) return undefined;
      const text = await readText(file);
      before = state;
      return text.split("\n").slice(0, -1);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      const give = "if the run is resumed, the file is written anew";
      throw new RunError(readSentence(file, error, give), { cause: error });
    }
  };
}

function parseLine(file: string, line: string, number: number): EpochMetrics {
  try {
    return metricsSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new RunError(
      `${file}: line ${number} holds no figures of an epoch; if the run is resumed, the file is written anew`,
      { cause: error },
    );
  }
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
  let seen: readonly string[] = [];
  while (!signal?.aborted) {
    // Before the metrics, so that nothing that the process wrote last is missed. A training takes the folder before it writes anything.
    const training = await isLocked(folder);
    const lines = (await changedLines()) ?? seen;
    const same = seen.findIndex((line, i) => line !== lines[i]);
    const kept = same < 0 ? seen.length : same;
    if (kept < seen.length) yield { kind: "rewind", epoch: kept };
    for (let i = kept; i < lines.length; i++) {
      yield { kind: "epoch", epochs, metrics: parseLine(file, lines[i]!, i + 1) };
    }
    seen = lines;
    if (!training) {
      yield { kind: "end", finished: await fileExists(join(folder, runFiles.model)), epochs: seen.length };
      return;
    }
    await pause(pollMilliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
}
