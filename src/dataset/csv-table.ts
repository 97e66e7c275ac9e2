/** Reads tables as people have them: commas, semicolons or tabs, with or without a BOM, any line ends, quoted fields. */

import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { DatasetError } from "./records.ts";

/** A row by column name, in lower case with `_` between words; a field that the row lacks or that is blank is absent. */
export interface TableRow {
  /** The line of the file on which the row ends, from 1. */
  readonly line: number;
  readonly fields: ReadonlyMap<string, string>;
}

export interface Table {
  /** In lower case with `_` between words, in the order of the file. */
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  /** The lines of rows with more fields than there are columns; what stands beyond the last column is not read. */
  readonly overlongLines: readonly number[];
  /** What follows `#` on the lines above the column names, where comments are read. */
  readonly comments: readonly string[];
}

/** A column's name in the form in which it is compared: `Age approx` is `age_approx`. */
const columnName = (header: string): string =>
  header
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "_");

/**
 * Reads a table with a header line.
 *
 * @param options.what names the file in messages, such as `metadata`
 * @param options.comments whether lines that begin with `#` are no rows
 * @throws DatasetError where the file cannot be read, is empty or no text, or a quoted field does not end
 */
export async function readTable(
  file: string,
  { what, comments = false }: { readonly what: string; readonly comments?: boolean },
): Promise<Table> {
  const text = decode(await readBytes(file, what));
  if (text.includes("\0")) throw new DatasetError(`${file}: not a text file; give the CSV file of the ${what}`);
  const lines = text.split(/\r\n|\n|\r/);
  const isComment = (line: string): boolean => comments && line.startsWith("#");
  const header = lines.find((line) => line.trim() !== "" && !isComment(line));
  if (header === undefined) {
    throw new DatasetError(`${file}: empty; expected ${what} as CSV, with the names of the columns in its first line`);
  }
  let records: { readonly record: string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, {
      delimiter: delimiterOf(header),
      record_delimiter: ["\r\n", "\n", "\r"],
      comment: comments ? "#" : null,
      comment_no_infix: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
      trim: true,
    }) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DatasetError(`${file}: no readable CSV (${error.message}); mend the line, or export the table again`, {
      cause: error,
    });
  }
  const columns = records[0]!.record.map(columnName);
  const twice = columns.find((column, i) => column !== "" && columns.indexOf(column) < i);
  if (twice !== undefined) {
    throw new DatasetError(`${file}: two columns are called ${twice}; rename or remove one of them`);
  }
  const rows = records.slice(1).filter(({ record }) => record.some((field) => field !== ""));
  return {
    columns,
    rows: rows.map(({ record, info }) => ({
      line: info.lines,
      fields: new Map(columns.flatMap((column, i) => (record[i] ? [[column, record[i]] as const] : []))),
    })),
    overlongLines: rows
      .filter(({ record }) => record.slice(columns.length).some((field) => field !== ""))
      .map(({ info }) => info.lines),
    comments: lines.slice(0, lines.indexOf(header)).flatMap((line) => (isComment(line) ? [line.slice(1).trim()] : [])),
  };
}

async function readBytes(file: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "no such file",
      ENOTDIR: "no such file",
      EISDIR: "a folder, not a file",
      EACCES: "this file may not be read",
      EPERM: "this file may not be read",
    };
    throw new DatasetError(`${file}: ${reasons[code ?? ""] ?? message}; give the CSV file of the ${what}`, {
      cause: error,
    });
  }
}

/** UTF-8, or UTF-16 where its mark says so (as spreadsheets write "Unicode text"). The mark itself is dropped. */
function decode(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/** What separates the columns' names: the one of the usual signs that stands there most, outside of quotes. */
function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t"].map((sign) => ({ sign, count: bare.split(sign).length - 1 }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).sign;
}
