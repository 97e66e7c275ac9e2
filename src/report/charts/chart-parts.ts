/** What all charts share: their width, and axes, names and legends that a phone can show. */
import { chartColours } from "./chart-colours.ts";

/** Of the widest chart, in pixels: what a phone shows without shrinking. */
export const chartWidth = 330;

const legend = { orient: "bottom", title: null, labelLimit: 340 } as const;

/** Colours of the series in the order given, with a legend where there are several. */
export const seriesColour = (series: readonly string[]) => ({
  field: "series",
  type: "nominal",
  sort: [...series],
  scale: { domain: [...series], range: series.map((_, i) => chartColours[i % chartColours.length]!) },
  // Two long names do not fit beside each other.
  legend:
    series.length < 2 ? null : { ...legend, columns: Math.max(...series.map(({ length }) => length)) > 12 ? 1 : 2 },
});

/** A long name on two lines, broken at the space nearest to its middle and nowhere else. */
export function twoLines(given: string): string {
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
export const nameAxis = {
  labelExpr: "split(datum.label, '\\n')",
  labelLimit: 150,
  labelFontSize: 11,
  labelLineHeight: 12,
} as const;

/** Pixels of one row: two lines of text. */
export const rowHeight = 28;

/** An axis of proportions over part of their range. */
export const percentAxis = { format: ".1~%", tickCount: 5 };
/** From 0 to 1. */
export const wholePercentAxis = { format: ".0%", values: [0, 0.25, 0.5, 0.75, 1] };
