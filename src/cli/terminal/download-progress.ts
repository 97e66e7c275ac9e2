/** Shows a download as it goes: a moving bar in a terminal, a line for every tenth elsewhere. */

import type { DownloadEvent } from "../../acquire/isic-archive/isic-download.ts";
import type { Stopwatch } from "../../stopwatch.ts";
import { count } from "../../text/numbers.ts";
import { formatDuration } from "./duration.ts";
import { movingBar } from "./moving-bar.ts";
import type { Terminal } from "./terminal.ts";

/** `412 kB`, `37 MB`, `1.2 GB`. */
function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Shows how far a download is. */
export interface DownloadView {
  show(event: DownloadEvent): void;
  /** Takes the bar away. */
  stop(): void;
  /** The last state that was shown; undefined where nothing was. */
  readonly reached: { readonly done: number; readonly total: number; readonly missing: number } | undefined;
}

/** @param now for the time that is left */
export function downloadView(terminal: Terminal, now: Stopwatch): DownloadView {
  const { move, stop } = movingBar(terminal);
  const reasons = new Set<string>();
  let begun: { readonly at: number; readonly done: number } | undefined;
  let reached: DownloadView["reached"];
  let tenths = 0;

  const views: {
    readonly [K in DownloadEvent["kind"]]: (event: Extract<DownloadEvent, { kind: K }>) => void;
  } = {
    warning: ({ message }) => {
      stop();
      terminal.error(message);
    },
    checking: ({ done, total }) => move("checking", done, total, `${count(done)} of ${count(total)}`),
    downloading: ({ done, total, missing, bytes }) => {
      reached = { done, total, missing };
      if (begun === undefined) {
        begun = { at: now(), done };
        tenths = Math.floor((10 * done) / total);
        stop();
        if (done > 0) terminal.error(`${count(done)} of ${count(total)} images are there from before`);
      }
      const parts = [`${count(done)} of ${count(total)}`, size(bytes)];
      if (missing > 0) parts.push(`${count(missing)} missing`);
      const fetched = done - begun.done;
      // The first few say little about the speed.
      if (fetched >= 20 && done < total) {
        parts.push(`${formatDuration((((now() - begun.at) / fetched) * (total - done)) / 1000)} left`);
      }
      move("downloading", done, total, parts.join("  "));
      if (!terminal.interactive && fetched > 0 && Math.floor((10 * done) / total) > tenths) {
        tenths = Math.floor((10 * done) / total);
        terminal.error(parts.join(", "));
      }
      if (done === total) stop();
    },
    waiting: ({ id, reason, seconds }) => {
      const text = `${reason} (${id}), again in ${formatDuration(seconds)}`;
      if (reached) move("downloading", reached.done, reached.total, text);
      // Elsewhere, one line for each thing that goes wrong.
      if (!terminal.interactive && !reasons.has(reason)) terminal.error(text);
      reasons.add(reason);
    },
  };
  return {
    show: (event) => (views[event.kind] as (event: DownloadEvent) => void)(event),
    stop,
    get reached() {
      return reached;
    },
  };
}
