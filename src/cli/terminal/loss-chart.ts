/** The losses of a training as a chart of characters. */
import type { EpochMetrics } from "../../training/progress.ts";

const labelWidth = 8;

/** The value at a position between epochs, on the straight line between its neighbours; positions count from 0. */
function valueAt(values: readonly (number | undefined)[], position: number): number | undefined {
  const before = values[Math.floor(position)];
  const after = values[Math.ceil(position)];
  if (before === undefined || after === undefined) return undefined;
  return before + (after - before) * (position - Math.floor(position));
}

/**
 * Lines of at most `columns` characters: the training loss as `*`, over it the validation loss as `o`, epochs from left to right up to
 * the last planned one. Nothing where no epoch is finished.
 */
export function lossChart(
  history: readonly EpochMetrics[],
  { epochs, columns, rows = 6 }: { readonly epochs: number; readonly columns: number; readonly rows?: number },
): string[] {
  if (history.length === 0) return [];
  const curves = [
    { mark: "*", values: history.map(({ loss }) => loss) },
    { mark: "o", values: history.map(({ validationLoss }) => validationLoss) },
  ];
  const all = curves.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const [least, greatest] = [Math.min(...all), Math.max(...all)];
  const width = Math.max(1, Math.min(72, columns - labelWidth - 2));
  const cells = Array.from({ length: rows }, () => new Array<string>(width).fill(" "));
  const rowOf = (value: number) =>
    greatest === least ? rows - 1 : Math.round(((greatest - value) / (greatest - least)) * (rows - 1));
  for (const { mark, values } of curves) {
    for (let column = 0; column < width; column++) {
      const value = valueAt(values, width === 1 ? 0 : (column / (width - 1)) * (epochs - 1));
      if (value !== undefined) cells[rowOf(value)]![column] = mark;
    }
  }
  const label = (row: number) => (row === 0 ? greatest.toFixed(3) : row === rows - 1 ? least.toFixed(3) : "");
  const last = String(epochs);
  return [
    ...cells.map((row, index) => `${label(index).padStart(labelWidth)} |${row.join("")}`.trimEnd()),
    `${" ".repeat(labelWidth)} +${"-".repeat(width)}`,
    `${" ".repeat(labelWidth + 2)}1${last.padStart(width - 1)}`,
    `${" ".repeat(labelWidth + 2)}* training loss${all.length > history.length ? "   o validation loss" : ""}`,
  ];
}
