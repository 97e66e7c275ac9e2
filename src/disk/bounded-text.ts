/** A small text file of the user's: no larger than it can sensibly be, and in UTF-8. */
import { readFile } from "node:fs/promises";
import { regularFile } from "./files.ts";
import { readSentence } from "./system-errors.ts";

/** How a file is read. */
export interface BoundedReading {
  readonly mostBytes: number;
  /** What the file should be, for the sentence on one that cannot be read, such as `give the JSON file of a network`. */
  readonly cure: string;
  /** Makes the error of a sentence. */
  readonly refuse: (sentence: string, cause?: unknown) => Error;
}

/** The text of a file. Throws what `refuse` makes where it cannot be read, is too large or is no UTF-8. */
export async function readBoundedText(file: string, { mostBytes, cure, refuse }: BoundedReading): Promise<string> {
  const unread = (error: unknown): never => {
    throw refuse(readSentence(file, error, cure), error);
  };
  const { size } = await regularFile(file).catch(unread);
  if (size > mostBytes) throw refuse(`${file}: ${size} bytes, and the most is ${mostBytes}; ${cure}`);
  const bytes = await readFile(file).catch(unread);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refuse(`${file}: no text in UTF-8; ${cure}`, cause);
  }
}
