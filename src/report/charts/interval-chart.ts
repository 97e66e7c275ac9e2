/** Estimates with their intervals, one row each. */
import { chartColours } from "./chart-colours.ts";
import { nameAxis, percentAxis, rowHeight, twoLines } from "./chart-parts.ts";

/** Estimates with intervals, one row each; the chosen one stands out. */
export interface IntervalChart {
  readonly title: string;
  readonly rows: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly interval: readonly [number, number] | null;
    readonly chosen?: boolean;
  }[];
  /** Where a thin line stands, such as chance. */
  readonly reference?: number;
}

/** A chart of estimates with intervals, as a Vega-Lite specification. */
export function intervalChart({ title, rows, reference }: IntervalChart): object {
  const values = rows.flatMap(({ name, value, interval, chosen = false }) =>
    value === null
      ? []
      : [{ name: twoLines(name), value, low: interval?.[0] ?? value, high: interval?.[1] ?? value, chosen }],
  );
  const y = {
    field: "name",
    type: "nominal",
    sort: rows.map(({ name }) => twoLines(name)),
    title: null,
    axis: nameAxis,
  };
  const color = {
    condition: { test: "datum.chosen", value: chartColours[1] },
    value: chartColours[0],
  };
  return {
    height: rowHeight * rows.length,
    layer: [
      ...(reference === undefined
        ? []
        : [
            {
              data: { values: [{ reference }] },
              mark: { type: "rule", strokeDash: [4, 4], color: "currentColor", opacity: 0.6 },
              encoding: { x: { field: "reference", type: "quantitative" } },
            },
          ]),
      {
        data: { values },
        mark: { type: "rule", strokeWidth: 2 },
        encoding: {
          y,
          x: { field: "low", type: "quantitative", title, axis: percentAxis, scale: { zero: false } },
          x2: { field: "high" },
          color,
        },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { y, x: { field: "value", type: "quantitative" }, color },
      },
    ],
  };
}
