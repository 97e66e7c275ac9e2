/** Writes tables as CSV (RFC 4180, with line feeds) in which no cell is a formula. */
import { withoutFormula } from "./formula-cells.ts";

const quoted = (text: string): string => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const field = (text: string): string => quoted(withoutFormula(text));

/** A table with a header line; a row lacks what it has no key for. `readTable` gives its cells back as they were. */
export function csvText(columns: readonly string[], rows: Iterable<Readonly<Record<string, string>>>): string {
  const lines = [columns.map(field).join(",")];
  for (const row of rows)
    lines.push(columns.map((column) => field(Object.hasOwn(row, column) ? row[column]! : "")).join(","));
  return `${lines.join("\n")}\n`;
}
