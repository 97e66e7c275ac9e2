/** The charts of an audit, as Vega-Lite specifications. */

import { type ClassCounts, largestClasses } from "../../audit/distribution.ts";
import type { Audit } from "../../audit/findings.ts";
import { chartColours } from "../charts/draw-chart.ts";

/** Bars of a chart; a longer one is no picture any more, and no PNG file. */
const mostBars = 100;

/**
 * Images by class, in bars side by side for each of some countings, such as before and after curation; of very many classes those
 * with the most images in the first counting.
 */
export function distributionChart(classes: readonly string[], countings: readonly ClassCounts[]): object {
  const shown = largestClasses(countings[0]?.counts ?? [], mostBars);
  const values = countings.flatMap(({ name, counts }) =>
    shown.map((label) => ({ name: classes[label]!, stage: name, count: counts[label]! })),
  );
  const several = countings.length > 1;
  const stages = countings.map(({ name }) => name);
  const encoding = {
    y: { field: "name", type: "nominal", sort: shown.map((label) => classes[label]!), title: null },
    x: {
      field: "count",
      type: "quantitative",
      title:
        shown.length < classes.length ? `images (the ${shown.length} largest of ${classes.length} classes)` : "images",
    },
    ...(several && { yOffset: { field: "stage", sort: stages } }),
  };
  const colour = { field: "stage", type: "nominal", sort: stages, title: null, scale: { range: [...chartColours] } };
  return {
    width: 460,
    height: { step: several ? 15 : 22 },
    data: { values },
    encoding,
    layer: [
      { mark: { type: "bar", cornerRadiusEnd: 2 }, encoding: several ? { color: colour } : {} },
      { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "count" } } },
    ],
  };
}

/** How well each kind of evidence tells the classes apart, beside guessing and the best of permuted labels. */
export function confoundChart({ evidence, ids }: NonNullable<Audit["confounds"]>): object {
  const values = [
    ...evidence.map(({ evidence: name, balancedAccuracy, permuted, chance }) => ({
      name,
      value: balancedAccuracy,
      permuted,
      chance,
    })),
    ...(ids
      ? [{ name: "range of the ISIC id alone", value: ids.balancedAccuracy, permuted: null, chance: ids.chance }]
      : []),
  ];
  const y = { field: "name", type: "nominal", sort: null, title: null };
  const percent = { format: ".0%" };
  const scale = { domainMin: 0 };
  return {
    width: 380,
    height: { step: 26 },
    data: { values },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 2, height: 15 },
        encoding: { y, x: { field: "value", type: "quantitative", title: "balanced accuracy", axis: percent, scale } },
      },
      {
        mark: { type: "text", align: "left", dx: 5 },
        encoding: {
          y,
          x: { field: "value", type: "quantitative" },
          text: { field: "value", type: "quantitative", format: ".1%" },
        },
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
