/** What a run tells while it is at work, and what it is given from outside. */
import type { Problem } from "../dataset/dataset.ts";
import type { Stopwatch } from "../stopwatch.ts";
import type { EpochMetrics, Progress } from "../training/progress.ts";
import type { StepReport } from "../training/train.ts";
import type { RunConfig } from "./folder/run-config.ts";

/** What happens during a run, for a caller to show. */
export type RunEvent =
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "drawing"; readonly done: number; readonly total: number }
  | { readonly kind: "packing"; readonly done: number; readonly total: number }
  | { readonly kind: "comparing"; readonly done: number; readonly total: number }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] }
  | { readonly kind: "begin"; readonly run: string; readonly config: RunConfig; readonly progress: Progress }
  | ({ readonly kind: "step"; readonly epochs: number } & StepReport)
  | { readonly kind: "epoch"; readonly epochs: number; readonly metrics: EpochMetrics };

/** What a training is given besides its settings: who is told of it, what stops it, and its clocks. */
export interface RunContext {
  /** Told of all that happens; by default nobody is. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Stops after the step under way; the run can then be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970, for dates; default `Date.now`. */
  readonly clock?: () => number;
  /** Milliseconds since any moment, for durations; by default the system's monotonic clock. */
  readonly stopwatch?: Stopwatch | undefined;
}

/** Tells of warnings as events. */
export const warnWith =
  ({ onEvent }: RunContext) =>
  (message: string): void =>
    onEvent?.({ kind: "warning", message });
