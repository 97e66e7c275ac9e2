/** Where the command line writes to and what it knows of its surroundings; tests give their own. */
import { writeError } from "../../disk/files.ts";
import { lineForTerminal } from "../../text/printable.ts";

/** Where a command writes. */
export interface Terminal {
  /** One line to standard output, over so many lines that were drawn before. */
  out(line: string, drawnBefore?: number): void;
  /** One line to standard error. */
  error(line: string): void;
  /** Whether standard error is a terminal that can show a moving bar. */
  readonly interactive: boolean;
  /** Width of standard output in characters; undefined where it is no terminal. */
  readonly columns: number | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Standard input; absent where there is none. */
  readonly input?: AsyncIterable<Uint8Array>;
}

/** Prints a text that the program laid out itself, line by line: names in it have no line feeds, as those of a table have none. */
export function printText(print: (line: string) => void, text: string): void {
  for (const line of text.split("\n")) print(line);
}

/** Prints an error or a warning: lines after the first are set in, so that a name with a line feed begins no line of its own. */
export const printMessage = (print: (line: string) => void, message: string): void =>
  printText(print, message.replaceAll("\n", "\n  "));

/** Prints a warning to standard error. */
export const printWarning = ({ error }: Pick<Terminal, "error">, message: string): void =>
  printMessage(error, `warning: ${message}`);

/** Moves the cursor up over lines, and erases them. */
export const drawOver = (lines: number): string => (lines > 0 ? `\u001b[${lines}A\u001b[J` : "");

/**
 * The process's own. Names and messages cannot steer it, nor pass for lines of the program's own: what a terminal would obey is written
 * as `\u001b`, a line feed as `\n`.
 */
export function processTerminal(): Terminal {
  let told = false;
  // The work goes on where its output cannot be written. A reader such as `head` may close the pipe early: nobody is left to be told.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || told) return;
    told = true;
    process.stderr.write(`naevus: ${lineForTerminal(writeError("standard output", error).message)}\n`);
    process.once("exit", () => {
      process.exitCode ||= 1;
    });
  });
  process.stderr.on("error", () => undefined);
  return {
    out: (line, drawnBefore = 0) => void process.stdout.write(`${drawOver(drawnBefore)}${lineForTerminal(line)}\n`),
    error: (line) => void process.stderr.write(`${lineForTerminal(line)}\n`),
    interactive: process.stderr.isTTY === true,
    // A terminal that does not know its width says 0.
    columns: process.stdout.isTTY ? process.stdout.columns || 80 : undefined,
    environment: process.env,
    get input() {
      return process.stdin;
    },
  };
}

/** A word as a shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
