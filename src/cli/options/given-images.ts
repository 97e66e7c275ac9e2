/** The images that a command line names: paths, patterns where the shell expanded none, and a list on standard input. */
import { isAbsolute } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { fileExists } from "../../disk/files.ts";
import { RunError } from "../../errors.ts";
import { byCodePoint } from "../../text/code-point-order.ts";

/** The argument that stands for the list on standard input. */
export const listOnInput = "-";

/** A list of paths that is read from an input. */
export interface ListOptions {
  readonly input: AsyncIterable<Uint8Array> | undefined;
  /** What ends a path of the list. */
  readonly separator: "\n" | "\0";
}

/** The paths in the order of the arguments, those of a pattern by code point. A pattern that nothing matches stays as it is. */
export async function* givenImages(args: readonly string[], { input, separator }: ListOptions): AsyncGenerator<string> {
  for (const argument of args) {
    if (argument !== listOnInput) yield* await matches(argument);
    else if (input) yield* listed(input, separator);
    else throw new RunError(`there is no standard input from which ${listOnInput} could be read`);
  }
}

/** A file may be called like a pattern, and is then meant. */
async function matches(argument: string): Promise<readonly string[]> {
  if (!isDynamicPattern(argument) || (await fileExists(argument))) return [argument];
  const pattern = process.platform === "win32" ? argument.replaceAll("\\", "/") : argument;
  const paths = await glob(pattern, { expandDirectories: false, onlyFiles: false, absolute: isAbsolute(pattern) });
  return paths.length === 0 ? [argument] : paths.sort(byCodePoint);
}

async function* listed(input: AsyncIterable<Uint8Array>, separator: "\n" | "\0"): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const path = (line: string): string => (separator === "\n" && line.endsWith("\r") ? line.slice(0, -1) : line);
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(separator);
    rest = lines.pop()!;
    for (const line of lines) if (path(line) !== "") yield path(line);
  }
  rest = path(rest + decoder.decode());
  if (rest !== "") yield rest;
}
