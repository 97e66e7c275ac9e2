/** The charts of an audit, as Vega-Lite specifications. */

import { type ClassCounts, largestClasses } from "../../audit/distribution.ts";
import type { Audit } from "../../audit/findings.ts";
import { barChart } from "../charts/bar-chart.ts";
import { chartColours } from "../charts/chart-colours.ts";
import { nameAxis, rowHeight, twoLines } from "../charts/chart-parts.ts";

/** Bars of a chart; a longer one is no picture any more, and no PNG file. */
const mostBars = 100;

/**
 * Images by class, in bars side by side for each of some countings, such as before and after curation; of very many classes those
 * with the most images in the first counting.
 */
export function distributionChart(classes: readonly string[], countings: readonly ClassCounts[]): object {
  const shown = largestClasses(countings[0]?.counts ?? [], mostBars);
  const rows = countings.flatMap(({ name: series, counts }) =>
    shown.map((label) => ({ name: classes[label]!, series, value: counts[label]! })),
  );
  const x =
    shown.length < classes.length ? `images (the ${shown.length} largest of ${classes.length} classes)` : "images";
  return barChart({ rows, series: countings.map(({ name }) => name), x });
}

/** How well each kind of evidence tells the classes apart, beside guessing and the best of permuted labels. */
export function confoundChart({ evidence, ids }: NonNullable<Audit["confounds"]>): object {
  const values = [
    ...evidence.map(({ evidence: name, balancedAccuracy: value, permuted, chance }) => ({
      name: twoLines(name),
      value,
      permuted,
      chance,
    })),
    ...(ids
      ? [{ name: twoLines("range of the ISIC id"), value: ids.balancedAccuracy, permuted: null, chance: ids.chance }]
      : []),
  ];
  const y = { field: "name", type: "nominal", sort: null, title: null, axis: { ...nameAxis, labelLimit: 180 } };
  const value = { field: "value", type: "quantitative" };
  return {
    height: rowHeight * values.length,
    data: { values },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 2, height: 15 },
        encoding: {
          y,
          x: {
            ...value,
            title: "balanced accuracy",
            axis: { format: ".0%", tickCount: 5 },
            scale: { domainMin: 0 },
          },
        },
      },
      {
        mark: { type: "text", align: "left", dx: 5, fontSize: 10 },
        encoding: { y, x: value, text: { ...value, format: ".1%" } },
      },
      {
        mark: { type: "tick", thickness: 2, height: 20, color: chartColours[1] },
        encoding: { y, x: { field: "permuted", type: "quantitative" } },
      },
      {
        mark: { type: "rule", strokeDash: [4, 3], opacity: 0.7 },
        encoding: { x: { aggregate: "max", field: "chance", type: "quantitative" } },
      },
    ],
  };
}
