/** The kinds of chart that a study shows, narrow enough for a phone. */
import { chartColours } from "./draw-chart.ts";

/** Of the widest chart, in pixels: what a phone shows without shrinking. */
export const chartWidth = 330;

const legend = { orient: "bottom", title: null, labelLimit: 340 } as const;

const colour = (series: readonly string[]) => ({
  field: "series",
  type: "nominal",
  sort: [...series],
  scale: { domain: [...series], range: series.map((_, i) => chartColours[i % chartColours.length]!) },
  // Two long names do not fit beside each other.
  legend:
    series.length < 2 ? null : { ...legend, columns: Math.max(...series.map(({ length }) => length)) > 12 ? 1 : 2 },
});

/** A long name on two lines, broken at the space nearest to its middle and nowhere else. */
function twoLines(given: string): string {
  // Drawn as a sign that is not printable, and so another name than one with a question mark there.
  const name = given.replaceAll("\n", "\u0085");
  if (name.length <= 14) return name;
  const spaces = Array.from(name.matchAll(/ /g), ({ index }) => index);
  if (spaces.length === 0) return name;
  const middle = name.length / 2;
  const at = spaces.reduce((best, i) => (Math.abs(i - middle) < Math.abs(best - middle) ? i : best));
  return `${name.slice(0, at)}\n${name.slice(at + 1)}`;
}

/** Of names on the left; widths are estimated without a screen, and too large. */
const nameAxis = {
  labelExpr: "split(datum.label, '\\n')",
  labelLimit: 150,
  labelFontSize: 11,
  labelLineHeight: 12,
} as const;

/** Pixels of one row: two lines of text. */
const rowHeight = 28;

const percentAxis = { format: ".1~%", tickCount: 5 };
/** From 0 to 1. */
const wholePercentAxis = { format: ".0%", values: [0, 0.25, 0.5, 0.75, 1] };

/** Lines over a numeric axis, one per series. */
export interface LineChart {
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly series: string }[];
  readonly percent?: "x" | "y" | "both";
  readonly from0?: boolean;
  /** A dashed line from (0, 0) to (1, 1). */
  readonly diagonal?: boolean;
  /** Whether a value holds from the point before up to its own, instead of a straight line between the two. */
  readonly steps?: boolean;
  /** Whether each point has a dot. */
  readonly dots?: boolean;
  /** Single points that stand out. */
  readonly marks?: readonly { readonly x: number; readonly y: number }[];
  /** Shaded around the first series, such as its interval. */
  readonly band?: readonly { readonly x: number; readonly low: number; readonly high: number }[];
}

/** Points of a series that say what they show when they are pointed at: more would only lie on each other. */
const mostPointed = 40;

const thinned = <T>(points: readonly T[]): readonly T[] => {
  const every = Math.ceil(points.length / mostPointed);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
};

export function lineChart(chart: LineChart): object {
  const {
    x,
    y,
    points,
    percent,
    from0 = false,
    diagonal = false,
    dots = false,
    steps = false,
    marks = [],
    band = [],
  } = chart;
  const series = [...new Set(points.map((point) => point.series))];
  const axis = (title: string, side: "x" | "y", field: string = side) => ({
    field,
    type: "quantitative",
    title,
    ...(percent === side || percent === "both"
      ? { axis: diagonal || (percent === "both" && side === "x") ? wholePercentAxis : percentAxis }
      : { axis: side === "x" ? { tickMinStep: 1, format: "~r" } : { format: ".3~r" } }),
    scale: {
      zero: side === "y" && from0,
      ...((diagonal || (percent === "both" && side === "x")) && { domain: [0, 1] }),
      nice: side === "y",
    },
  });
  const encoding = { x: axis(x, "x"), y: axis(y, "y") };
  const from00to11 = [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ];
  return {
    height: 220,
    layer: [
      ...(diagonal
        ? [
            {
              data: { values: from00to11 },
              mark: { type: "line", strokeDash: [4, 4], color: "currentColor", opacity: 0.5 },
              encoding,
            },
          ]
        : []),
      ...(band.length > 0
        ? [
            {
              data: { values: band },
              mark: { type: "area", color: chartColours[0], opacity: 0.18 },
              encoding: { x: encoding.x, y: axis(y, "y", "low"), y2: { field: "high" } },
            },
          ]
        : []),
      {
        data: { values: points },
        mark: { type: "line", strokeWidth: 2, clip: true, interpolate: steps ? "step-before" : "linear" },
        encoding: { ...encoding, color: colour(series) },
      },
      {
        data: { values: series.flatMap((name) => thinned(points.filter((point) => point.series === name))) },
        mark: { type: "point", filled: true, size: dots ? 24 : 90, opacity: dots ? 1 : 0 },
        encoding: {
          ...encoding,
          color: colour(series),
        },
      },
      ...(marks.length > 0
        ? [
            {
              data: { values: marks },
              mark: { type: "point", filled: true, size: 70, opacity: 1, color: chartColours[1] },
              encoding,
            },
          ]
        : []),
    ],
  };
}

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

/** Bars of counts by name, in pairs. */
export function barChart({
  rows,
  series,
  x,
}: {
  readonly rows: readonly { readonly name: string; readonly series: string; readonly value: number }[];
  readonly series: readonly string[];
  readonly x: string;
}): object {
  return {
    height: rowHeight * new Set(rows.map(({ name }) => name)).size,
    data: { values: rows.map((row) => ({ ...row, name: twoLines(row.name) })) },
    mark: { type: "bar", cornerRadiusEnd: 2 },
    encoding: {
      y: {
        field: "name",
        type: "nominal",
        title: null,
        sort: [...new Set(rows.map(({ name }) => twoLines(name)))],
        axis: nameAxis,
      },
      x: { field: "value", type: "quantitative", title: x },
      ...(series.length > 1
        ? {
            yOffset: { field: "series", sort: [...series] },
            color: colour(series),
          }
        : { color: { value: chartColours[0] } }),
    },
  };
}

/** Distributions as five numbers: a thin line from 5 to 95 %, a bar from 25 to 75 %, a mark at the median. */
export function spreadChart({
  rows,
  x,
}: {
  readonly rows: readonly {
    readonly name: string;
    readonly low: number;
    readonly quarter: number;
    readonly median: number;
    readonly threeQuarters: number;
    readonly high: number;
  }[];
  readonly x: string;
}): object {
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

/** Counts of two names against each other, darker where there are more. */
export function heatChart({
  rows,
  x,
}: {
  readonly rows: readonly { readonly x: string; readonly y: string; readonly value: number; readonly share: number }[];
  readonly x: readonly string[];
}): object {
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
