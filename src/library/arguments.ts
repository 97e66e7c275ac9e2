/** What is said of an argument that a function of the library cannot take, for callers whose types nobody checked. */
import type { Dataset } from "../dataset/dataset.ts";
import type { ImageSource } from "../dataset/image-source.ts";
import { ArgumentError } from "../errors.ts";
import { maxPixelsMost } from "../image/decoding/pixel-limit-range.ts";
import type { NamedImage } from "../run/predict.ts";
import type { RunContext } from "../run/run-events.ts";
import { nearestName } from "../text/nearest-name.ts";
import { valueInWords } from "../text/value-in-words.ts";

/** Throws a sentence unless the argument is what the function takes. */
export function expectArgument(
  isRight: boolean,
  value: unknown,
  { of, expected, example }: { readonly of: string; readonly expected: string; readonly example: string },
): asserts isRight {
  if (!isRight) throw new ArgumentError(`${of}: expected ${expected}, got ${valueInWords(value)}; such as ${example}`);
}

const isMegapixels = (value: unknown): boolean => typeof value === "number" && value > 0 && value <= maxPixelsMost;

const isMetadata = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "images" in value && value.images instanceof Map;

/** What an option may be: in words, and by a test. */
const optionKinds = {
  boolean: ["true or false", (value) => typeof value === "boolean"],
  function: ["a function", (value) => typeof value === "function"],
  signal: ["an AbortSignal", (value) => typeof value === "object" && value !== null && "throwIfAborted" in value],
  path: ["a path", (value) => isText(value)],
  megapixels: [`millions of pixels above 0, at most ${maxPixelsMost}`, isMegapixels],
  wholeNumber: ["a whole number above 0", (value) => Number.isInteger(value) && Number(value) > 0],
  object: ["an object", (value) => typeof value === "object" && value !== null && !isIterable(value)],
  metadata: ["the path of a table, or what readMetadata gives", (value) => isText(value) || isMetadata(value)],
  // Checked by whoever reads it.
  any: ["", () => true],
} satisfies Record<string, readonly [string, (value: unknown) => boolean]>;

/** The kind of each option that a function takes, so that a name or a value that it does not take is told. */
export type OptionKinds<T> = { readonly [K in keyof T]-?: keyof typeof optionKinds };

/** What whoever looks on gives: {@link RunContext}. */
export const contextKinds: OptionKinds<RunContext> = {
  onEvent: "function",
  signal: "signal",
  clock: "function",
  stopwatch: "function",
};

/** Throws a sentence where options are given that are no object, or an option that is unknown or of another kind. */
export function expectOptions(
  value: unknown,
  of: string,
  example: string,
  kinds?: Readonly<Record<string, keyof typeof optionKinds>>,
): void {
  const isRight = value === undefined || (typeof value === "object" && value !== null && !isIterable(value));
  expectArgument(isRight, value, { of, expected: "an object of options, or nothing", example });
  if (kinds === undefined) return;
  for (const [name, option] of Object.entries(value ?? {})) {
    if (option === undefined) continue;
    if (!Object.hasOwn(kinds, name)) {
      const nearest = nearestName(name, Object.keys(kinds));
      const help = nearest === undefined ? `expected ${Object.keys(kinds).join(", ")}` : `did you mean ${nearest}?`;
      throw new ArgumentError(`${of}: ${name}: unknown option; ${help}`);
    }
    const [expected, isKind] = optionKinds[kinds[name]!];
    expectArgument(isKind(option), option, { of: `${of}: ${name}`, expected, example });
  }
}

/** Whether a value is text that says something. */
export const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Whether a value is a data set that `openDataset` opened. */
export const isDataset = (value: unknown): value is Dataset =>
  typeof value === "object" && value !== null && "root" in value && "classes" in value && "images" in value;

/** Whether a value can be iterated over, and is no text. */
export const isIterable = (value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

/** Whether a value is an image: a path, or a file's content. */
const isImage = (value: unknown): value is ImageSource =>
  isText(value) || value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof Blob;

/** Whether a value is an image, with a name or without. */
export const isNamedImage = (value: unknown): value is ImageSource | NamedImage =>
  isImage(value) || (typeof value === "object" && value !== null && "image" in value && isImage(value.image));

/** Whether a value may be one run or several. */
export const isRuns = (value: unknown): boolean =>
  isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText));

/** Throws a sentence unless the value is one run or several. */
export function expectRuns(value: unknown, of: string, example: string): void {
  expectArgument(isRuns(value), value, {
    of,
    expected: "a run's folder, a model file, the folder of a cross-validation, or a list of these",
    example,
  });
}
