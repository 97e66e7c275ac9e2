/** Data that a user gives as JSON, as text or as a value, taken as plain data or refused in a sentence. */
import { jsonFault } from "./json-fault.ts";
import { type DataLimits, PlainDataError, pathInWords, plainData } from "./plain-data.ts";

/** What is wrong with data, in a sentence that begins with the place, such as `layers[3]: expected data, got a getter`. */
export class JsonDataError extends Error {
  override readonly name = "JsonDataError";
}

/** Letters of a place that a sentence has at most. */
const mostLetters = 60;

/**
 * Plain data from JSON text or from a value. Throws {@link JsonDataError}.
 *
 * @param tooDeep what is said of data beyond the limit of depth
 */
export function jsonData(json: unknown, limits: DataLimits, tooDeep: string): unknown {
  let value = json;
  if (typeof json === "string") {
    try {
      // Some editors put a byte order mark in front.
      value = JSON.parse(json.replace(/^\uFEFF/, ""));
    } catch (cause) {
      throw new JsonDataError(jsonFault(json) ?? `no valid JSON: ${(cause as Error).message}`, { cause });
    }
  }
  try {
    return plainData(value, limits);
  } catch (error) {
    if (!(error instanceof PlainDataError)) throw error;
    const place = pathInWords(error.path);
    const start = place.length > mostLetters ? `${place.slice(0, mostLetters)}…` : place;
    throw new JsonDataError(
      `${start === "" ? "" : `${start}: `}${error.reason}${error.isTooDeep ? `; ${tooDeep}` : ""}`,
      {
        cause: error,
      },
    );
  }
}

/** Keys that a sentence tells; the others are counted. */
const mostKeys = 5;

/** What is said of each key, for the first few of them. */
export const firstOf = (keys: readonly string[], say: (key: string) => string): string => {
  const left = keys.length - mostKeys;
  return [...keys.slice(0, mostKeys).map(say), ...(left > 0 ? [`${left} more like these`] : [])].join("; ");
};

/** A value in a few words, whatever it is. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > mostLetters ? `${text.slice(0, mostLetters)}…` : text;
}
