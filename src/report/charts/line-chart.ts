/** Lines over a numeric axis: learning curves, ROC curves, reliability. */
import { chartColours } from "./chart-colours.ts";
import { percentAxis, seriesColour, wholePercentAxis } from "./chart-parts.ts";

/** What a line chart shows: lines over a numeric axis, one per series. */
export interface LineChart {
  /** Titles of the axes. */
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly series: string }[];
  /** Axes whose values are proportions. */
  readonly percent?: "x" | "y" | "both";
  /** Whether the vertical axis begins at 0. */
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

/** The two axes as Vega-Lite encodings; `field` of the vertical one may be another than `y`. */
function axesOf({ x, y, percent, from0 = false, diagonal = false }: LineChart) {
  const axis = (title: string, side: "x" | "y", field: string = side) => {
    const isPercent = percent === side || percent === "both";
    const isWhole = diagonal || (percent === "both" && side === "x");
    const format = side === "x" ? { tickMinStep: 1, format: "~r" } : { format: ".3~r" };
    return {
      field,
      type: "quantitative",
      title,
      axis: isPercent ? (isWhole ? wholePercentAxis : percentAxis) : format,
      scale: { zero: side === "y" && from0, ...(isWhole && { domain: [0, 1] }), nice: side === "y" },
    };
  };
  return { x: axis(x, "x"), y: (field = "y") => axis(y, "y", field) };
}

/** A chart of lines, as a Vega-Lite specification. */
export function lineChart(chart: LineChart): object {
  const { points, diagonal = false, dots = false, steps = false, marks = [], band = [] } = chart;
  const series = [...new Set(points.map((point) => point.series))];
  const { x, y } = axesOf(chart);
  const encoding = { x, y: y() };
  const color = seriesColour(series);
  const reference = {
    data: {
      values: [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
    },
    mark: { type: "line", strokeDash: [4, 4], color: "currentColor", opacity: 0.5 },
    encoding,
  };
  const shaded = {
    data: { values: band },
    mark: { type: "area", color: chartColours[0], opacity: 0.18 },
    encoding: { x, y: y("low"), y2: { field: "high" } },
  };
  const standingOut = {
    data: { values: marks },
    mark: { type: "point", filled: true, size: 70, opacity: 1, color: chartColours[1] },
    encoding,
  };
  return {
    height: 220,
    layer: [
      ...(diagonal ? [reference] : []),
      ...(band.length > 0 ? [shaded] : []),
      {
        data: { values: points },
        mark: { type: "line", strokeWidth: 2, clip: true, interpolate: steps ? "step-before" : "linear" },
        encoding: { ...encoding, color },
      },
      {
        data: { values: series.flatMap((name) => thinned(points.filter((point) => point.series === name))) },
        mark: { type: "point", filled: true, size: dots ? 24 : 90, opacity: dots ? 1 : 0 },
        encoding: { ...encoding, color },
      },
      ...(marks.length > 0 ? [standingOut] : []),
    ],
  };
}
