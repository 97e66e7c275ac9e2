/** Counts by name as bars. */
import { chartColours } from "./chart-colours.ts";
import { nameAxis, rowHeight, seriesColour, twoLines } from "./chart-parts.ts";

/** What a bar chart shows: a bar with its count for each row, side by side where a name has several series. */
export interface BarChart {
  readonly rows: readonly { readonly name: string; readonly series: string; readonly value: number }[];
  /** In their order from top to bottom. */
  readonly series: readonly string[];
  /** Title of the axis. */
  readonly x: string;
}

/** A chart of bars, as a Vega-Lite specification. */
export function barChart({ rows, series, x }: BarChart): object {
  const several = series.length > 1;
  const encoding = {
    y: {
      field: "name",
      type: "nominal",
      title: null,
      sort: [...new Set(rows.map(({ name }) => twoLines(name)))],
      axis: nameAxis,
    },
    x: { field: "value", type: "quantitative", title: x, axis: { tickCount: 5 } },
    ...(several && { yOffset: { field: "series", sort: [...series] } }),
  };
  const color = several ? seriesColour(series) : { value: chartColours[0] };
  return {
    height: rowHeight * new Set(rows.map(({ name }) => name)).size,
    data: { values: rows.map((row) => ({ ...row, name: twoLines(row.name) })) },
    encoding,
    layer: [
      { mark: { type: "bar", cornerRadiusEnd: 2 }, encoding: { color } },
      { mark: { type: "text", align: "left", dx: 3, fontSize: 10 }, encoding: { text: { field: "value" } } },
    ],
  };
}
