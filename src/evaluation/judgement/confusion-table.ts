/** A confusion matrix as a table for a terminal, with class names shortened to what the width allows. */

import { shorten, textTable, textWidth } from "../../text/text-table.ts";
import type { ConfusionMatrix } from "../scores/confusion-matrix.ts";

const GAP = 2;
const WIDEST_LABEL = 28;
/** Below this many characters, cut words say less than numbers. */
const NARROWEST_WORD = 5;
const WIDEST_WORD = 12;

/** Parted at spaces, and at `_` and `-` within: `__proto__` is one word. */
const words = (name: string): string[] => name.split(/\s+|(?<=[^\s_-])[_-]+(?=[^\s_-])/).filter((word) => word !== "");

/** One header a class: its words under each other, each cut to the width; nothing where two classes would look alike. */
function wordHeaders(classes: readonly string[], width: number): readonly (readonly string[])[] | undefined {
  if (width < NARROWEST_WORD) return undefined;
  const headers = classes.map((name) => words(name).map((word) => shorten(word, width)));
  return new Set(headers.map((header) => header.join(" "))).size === classes.length ? headers : undefined;
}

/** What is taken for what most often: of each pair of classes the images, and their part of the true class. */
export function largestConfusions(
  classes: readonly string[],
  matrix: ConfusionMatrix,
  columns: number,
  most: number,
): string {
  const confusions = matrix.flatMap((row, truth) =>
    row.flatMap((count, predicted) => (count > 0 && predicted !== truth ? [{ truth, predicted, count }] : [])),
  );
  confusions.sort((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted);
  const ofTruth = (truth: number): number => matrix[truth]!.reduce((sum, count) => sum + count, 0);
  const digits = (count: number): number => Math.max("images".length, String(count).length) + GAP;
  const figures = 2 * digits(Math.max(...classes.map((_, label) => ofTruth(label))));
  const width = Math.max(NARROWEST_WORD, Math.min(WIDEST_LABEL, Math.floor((columns - figures - GAP) / 2)));
  const table = textTable([
    ["truth", "prediction", "images", "of"],
    ...confusions
      .slice(0, most)
      .map(({ truth, predicted, count }) => [
        shorten(classes[truth]!, width),
        shorten(classes[predicted]!, width),
        String(count),
        String(ofTruth(truth)),
      ]),
  ]);
  const more = confusions.length - most;
  return more > 0 ? `${table}\nand ${more} further pairs of classes` : table;
}

/** Rows are the truth, columns the prediction, "·" is 0. More classes than fit beside each other continue below. */
export function confusionTable(classes: readonly string[], matrix: ConfusionMatrix, columns: number): string {
  const cell = (count: number) => (count === 0 ? "·" : String(count));
  const digits = Math.max(...matrix.map((row) => String(Math.max(...row)).length));
  const nameWidth = Math.min(WIDEST_LABEL, Math.max(...classes.map((name) => textWidth(name))));
  const wordWidth = Math.min(WIDEST_WORD, Math.floor((columns - nameWidth) / classes.length) - GAP);
  const named = digits <= wordWidth ? wordHeaders(classes, wordWidth) : undefined;

  const number = (index: number) => String(index + 1);
  const numberWidth = number(classes.length - 1).length;
  const headers = named ?? classes.map((_, index) => [number(index)]);
  const labels = classes.map((name, index) => {
    const label = shorten(name, WIDEST_LABEL);
    return named ? label : `${number(index).padStart(numberWidth)} ${label}`;
  });

  const labelWidth = named ? nameWidth : nameWidth + numberWidth + 1;
  const cellWidth = named ? wordWidth : Math.max(digits, numberWidth);
  const perBlock = Math.max(1, Math.floor((columns - labelWidth) / (cellWidth + GAP)));
  const blocks: string[] = [];
  for (let start = 0; start < classes.length; start += perBlock) {
    const block = headers.slice(start, start + perBlock);
    const height = Math.max(...block.map((header) => header.length));
    const headerRows = Array.from({ length: height }, (_, line) => [
      "",
      ...block.map((header) => header[line - (height - header.length)] ?? ""),
    ]);
    const bodyRows = matrix.map((row, index) => [
      labels[index]!,
      ...row.slice(start, start + perBlock).map((count) => cell(count)),
    ]);
    blocks.push(textTable([...headerRows, ...bodyRows]));
  }
  return blocks.join("\n\n");
}
