/** How tables say that something is not known: the spellings of pandas, R, SQL, spreadsheets and people. */

/** In any column: they are no name of anything. */
const signs = new Set([
  "-",
  "--",
  "---",
  "–",
  "—",
  "?",
  "??",
  ".",
  "..",
  "''",
  '""',
  "n/a",
  "<na>",
  "<null>",
  "(null)",
]);

/** What a spreadsheet shows for a formula that failed, `#N/A` first, in English, German and Romance languages. */
const spreadsheetError =
  /^(#n\/[ad]|#n\/a n\/a|#na|#nv|#(value|wert|ref|bezug|name|num|zahl|null|div\/0)[!?]|err:\d{3})$/i;

/** Not-a-number of C, Python, R and Windows, and missing dates of pandas. */
const notANumber = /^-?(nan|1\.#ind|1\.#qnan)$|^nat$/i;

const words = new Set([
  "na",
  "n.a.",
  "k.a.",
  "null",
  "nil",
  "none",
  "missing",
  "fehlt",
  "unknown",
  "unbekannt",
  "unk",
  "undefined",
  "not reported",
  "not available",
  "not applicable",
  "not known",
  "not recorded",
  "not specified",
  "unspecified",
  "no data",
  "n/k",
  "blank",
  "empty",
]);

/** Brackets around a word, such as `<unknown>`, `(blank)` or `[null]`. */
const bracketed = /^[<([{]\s*(.*?)\s*[>)\]}]$/;

/**
 * Whether a cell that describes an image (its lesion, patient, age, sex, site, diagnosis, group) says that this is not known. Case does
 * not count; a blank cell says it too.
 */
export function isMissing(cell: string): boolean {
  const text = cell.trim().toLowerCase();
  const bare = text.replace(bracketed, "$1");
  return isMissingName(text) || bare === "" || words.has(bare) || notANumber.test(bare);
}

/**
 * Whether a lesion's or patient's cell says that it is not known. As {@link isMissing}, and -1 is: it is pandas' code (`factorize`,
 * `cat.codes`) for a missing name.
 */
export const isMissingIdentity = (cell: string): boolean => isMissing(cell) || /^-1(\.0+)?$/.test(cell.trim());

/**
 * Whether a cell with the name of an image or a class is empty. Only signs are: words such as `none`, `NA` or `unknown` can be the names
 * of files and folders.
 */
export function isMissingName(cell: string): boolean {
  const text = cell.trim().toLowerCase();
  return text === "" || signs.has(text) || spreadsheetError.test(text);
}
