/** Counts of one name against another. */
import { chartColours } from "./chart-colours.ts";
import { nameAxis, rowHeight, twoLines } from "./chart-parts.ts";

/** What a heat chart shows: counts of two names against each other. */
export interface HeatChart {
  /** `share`, in [0, 1], is how dark the cell is. */
  readonly rows: readonly { readonly x: string; readonly y: string; readonly value: number; readonly share: number }[];
  /** In their order from left to right. */
  readonly x: readonly string[];
}

/** Counts of two names against each other, as a Vega-Lite specification. */
export function heatChart({ rows, x }: HeatChart): object {
  const axes = {
    x: {
      field: "x",
      type: "nominal",
      sort: [...x],
      title: null,
      axis: { labelAngle: -40, labelLimit: 130, labelFontSize: 11 },
    },
    y: { field: "y", type: "nominal", title: null, axis: nameAxis },
  };
  return {
    height: rowHeight * new Set(rows.map(({ y }) => y)).size,
    data: { values: rows.map((row) => ({ ...row, y: twoLines(row.y) })) },
    layer: [
      {
        mark: { type: "rect", color: chartColours[0], cornerRadius: 2 },
        encoding: {
          ...axes,
          opacity: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], range: [0.04, 0.75] },
            legend: null,
          },
        },
      },
      { mark: { type: "text", fontSize: 10, color: "currentColor" }, encoding: { ...axes, text: { field: "value" } } },
    ],
  };
}
