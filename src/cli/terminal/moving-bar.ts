/** One moving bar on standard error, where that is a terminal. */
import { MultiBar, type SingleBar } from "cli-progress";
import { lineForTerminal } from "../../text/printable.ts";
import type { Terminal } from "./terminal.ts";

/** One progress bar, which always stands in the last line of the terminal. */
export interface MovingBar {
  /** Shows how far `name` is; another name begins another bar. Nothing is shown where there is no terminal. */
  move(name: string, done: number, total: number, text: string): void;
  /** Takes the bar away; the next move brings it back. */
  stop(): void;
  /** Writes a line above the bar; false where there is none, and nothing was written. */
  log(line: string): boolean;
}

/** A bar that stands in a terminal, and does nothing where there is none. */
export function movingBar(terminal: Terminal): MovingBar {
  let bars: MultiBar | undefined;
  let bar: SingleBar | undefined;
  let what = "";
  const stop = () => {
    bars?.stop();
    bars = undefined;
    bar = undefined;
    what = "";
  };
  return {
    move(given, done, total, said) {
      const [name, text] = [lineForTerminal(given), lineForTerminal(said)];
      if (!terminal.interactive) return;
      if (what !== name) {
        stop();
        what = name;
        bars = new MultiBar({
          format: "{name} [{bar}] {percentage} %  {text}",
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
          barsize: 12,
          barCompleteChar: "=",
          barIncompleteChar: " ",
          // Signals are handled by the command, which saves first.
          gracefulExit: false,
        });
        bar = bars.create(total, done, { name, text });
      }
      bar?.update(done, { name, text });
    },
    stop,
    log(line) {
      bars?.log(`${lineForTerminal(line)}\n`);
      return bars !== undefined;
    },
  };
}
