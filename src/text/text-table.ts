/** Tables for a terminal: columns aligned by their widest cell. */

import { printableLine } from "./printable.ts";

/** A cell is one line. */
const oneLine = (text: string): string => printableLine(text.normalize("NFC"));

const characters = (text: string): string[] => [...oneLine(text)];

/** The number of characters that a text takes in a table. */
export const textWidth = (text: string): number => characters(text).length;

/** Cuts a text to a number of characters, the last of which then is "…". */
export function shorten(text: string, width: number): string {
  const all = characters(text);
  return all.length <= width ? all.join("") : `${all.slice(0, width - 1).join("")}…`;
}

const GAP = "  ";

/** Rows of cells as lines: the first column to the left, all others to the right, two blanks between columns. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, column) => {
      widest[column] = Math.max(widest[column] ?? 0, textWidth(cell));
    });
    return widest;
  }, []);
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const filling = " ".repeat(widths[column]! - textWidth(cell));
          return column === 0 ? oneLine(cell) + filling : filling + oneLine(cell);
        })
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}
