/** Reads tables as people and spreadsheets have them: any usual separator, encoding and line end, quoted and padded cells. */

import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import { readWhole } from "../disk/files.ts";
import { readSentence } from "../disk/system-errors.ts";
import { DatasetError } from "../errors.ts";
import { asGiven } from "../formats/formula-cells.ts";

/** A row by column name, in lower case with `_` between words; a field that the row lacks or that is blank is absent. */
export interface TableRow {
  /** The line of the file on which the row ends, from 1. */
  readonly line: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** A table as it was read. */
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

const separators = [",", ";", "\t", "|"] as const;
type Separator = (typeof separators)[number];

/** The line with which a spreadsheet is told the separator; it is no row. */
const separatorLine = /^"?sep=([,;|\t])"?[,;|\t]*$/i;

/** A spreadsheet quotes a comment in which a separator stands, or all cells. */
const commentLine = /^\s*"?\s*#/;

/** Names between commas, padded with semicolons: a spreadsheet whose separator is the semicolon has each line in its first cell. */
const keptInOneCell = /^[^;]*,[^;]*;+\s*$/;

/** Lines of padding hold separators and quotes alone. */
const isBlank = (line: string): boolean => /^[\s,;|"]*$/.test(line);

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a table with a header line, in UTF-8, UTF-16 (with its mark) or else Windows-1252. The apostrophe by which `csvText` keeps a
 * cell from being a formula, as people do too, is no part of the text.
 *
 * A first line `sep=;` gives the separator. Where a spreadsheet has kept each line in one cell, as Excel does with commas where the
 * separator is a semicolon, the cell is divided.
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
  const isComment = (line: string): boolean => comments && commentLine.test(line);
  const first = lines.findIndex((line) => !isBlank(line));
  const told = separatorLine.exec(lines[first] ?? "")?.[1] as Separator | undefined;
  const header = lines.findIndex((line, i) => !isBlank(line) && !isComment(line) && !(told && i === first));
  if (header < 0) {
    throw new DatasetError(`${file}: empty; expected ${what} as CSV, with the names of the columns in its first line`);
  }
  const separator = told ?? separatorOf(lines[header]!);
  const table = fromLine(text, header);
  const [names, ...below] =
    separator === "," && keptInOneCell.test(lines[header]!)
      ? readRecords(file, table, ";", comments).map(({ record, info }) => ({ record: [whole(record)], info }))
      : readRecords(file, table, separator, comments);
  const columns = divided(names!.record, separator, 0).map((name) => columnName(asGiven(name)));
  const twice = columns.find((column, i) => column !== "" && columns.indexOf(column) < i);
  if (twice !== undefined) {
    throw new DatasetError(`${file}: two columns are called ${twice}; rename or remove one of them`);
  }
  const rows = below
    .filter(({ record }) => record.some((field) => field !== "") && !(comments && record[0]!.startsWith("#")))
    .map(({ record, info }) => ({ record: divided(record, separator, columns.length), line: header + info.lines }));
  return {
    columns,
    rows: rows.map(({ record, line }) => ({
      line,
      fields: new Map(columns.flatMap((column, i) => (record[i] ? [[column, asGiven(record[i])] as const] : []))),
    })),
    overlongLines: rows
      .filter(({ record }) => record.slice(columns.length).some((field) => field !== ""))
      .map(({ line }) => line),
    comments: lines.slice(0, header).flatMap((line) => (isComment(line) ? [commentText(line)] : [])),
  };
}

/** A text from one of its lines on; line ends within quoted cells stay what they are. */
function fromLine(text: string, line: number): string {
  const ends = /\r\n|\n|\r/g;
  for (let i = 0; i < line; i++) ends.exec(text);
  return text.slice(ends.lastIndex);
}

function readRecords(file: string, text: string, separator: string, comments: boolean): CsvRecord[] {
  try {
    return parse(text, {
      delimiter: separator,
      record_delimiter: ["\r\n", "\n", "\r"],
      comment: comments ? "#" : null,
      comment_no_infix: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
      trim: true,
    }) as unknown as CsvRecord[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DatasetError(`${file}: no readable CSV (${error.message}); mend the line, or export the table again`, {
      cause: error,
    });
  }
}

/** A line that a spreadsheet has cut at its own separator, as it was. */
const whole = (cells: readonly string[]): string => cells.join(";").replace(/;+$/, "");

/** A whole line that stands in one cell as the cells that it was. `columns` is 0 where it is the line of the columns' names. */
function divided(record: readonly string[], separator: string, columns: number): readonly string[] {
  const [only] = record;
  if (record.length !== 1 || columns === 1 || !only?.includes(separator)) return record;
  try {
    const [cells] = parse(only, { delimiter: separator, trim: true, relax_column_count: true }) as string[][];
    return cells !== undefined && (columns === 0 || cells.length === columns) ? cells : record;
  } catch {
    return record;
  }
}

/** A comment without its `#`, the quotes around it and the separators behind it. */
const commentText = (line: string): string =>
  line
    .replace(/[\s,;|"]+$/, "")
    .replace(commentLine, "")
    .replaceAll('""', '"')
    .trim();

async function readBytes(file: string, what: string): Promise<Uint8Array> {
  try {
    return await readWhole(file);
  } catch (error) {
    throw new DatasetError(readSentence(file, error, `give the CSV file of the ${what}`), { cause: error });
  }
}

/** Spreadsheets write UTF-16 as "Unicode text", and plain CSV in the code page of Windows. The mark itself is dropped. */
function decode(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : isUtf8(bytes)
          ? "utf-8"
          : "windows-1252";
  return new TextDecoder(encoding).decode(bytes);
}

/** What separates the columns' names: the one of the usual signs that stands there most, outside of quotes. */
function separatorOf(header: string): Separator {
  const bare = header.replace(/"[^"]*"/g, "");
  const counts = separators.map((sign) => ({ sign, count: bare.split(sign).length - 1 }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).sign;
}
