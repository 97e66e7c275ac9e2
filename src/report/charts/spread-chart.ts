/** Distributions of a number, one row each. */
import { chartColours } from "./chart-colours.ts";
import { nameAxis, rowHeight, twoLines } from "./chart-parts.ts";

/** What a spread chart shows: five numbers of a distribution in each row. */
export interface SpreadChart {
  readonly rows: readonly {
    readonly name: string;
    /** The 5 %, 25 %, 50 %, 75 % and 95 % quantiles. */
    readonly low: number;
    readonly quarter: number;
    readonly median: number;
    readonly threeQuarters: number;
    readonly high: number;
  }[];
  /** Title of the axis. */
  readonly x: string;
}

/** Distributions as a Vega-Lite specification: a thin line from 5 to 95 %, a bar from 25 to 75 %, a mark at the median. */
export function spreadChart({ rows, x }: SpreadChart): object {
  const y = {
    field: "name",
    type: "nominal",
    title: null,
    sort: rows.map(({ name }) => twoLines(name)),
    axis: nameAxis,
  };
  const scale = { zero: false };
  return {
    height: rowHeight * rows.length,
    data: { values: rows.map((row) => ({ ...row, name: twoLines(row.name) })) },
    layer: [
      {
        mark: { type: "rule", color: chartColours[0] },
        encoding: { y, x: { field: "low", type: "quantitative", title: x, scale }, x2: { field: "high" } },
      },
      {
        mark: { type: "bar", height: 9, color: chartColours[0], opacity: 0.75 },
        encoding: { y, x: { field: "quarter", type: "quantitative", scale }, x2: { field: "threeQuarters" } },
      },
      {
        mark: { type: "tick", color: "currentColor", thickness: 2, size: 13 },
        encoding: { y, x: { field: "median", type: "quantitative", scale } },
      },
    ],
  };
}
