/** Charts on a page: each with its title, a note, and the figures behind it as a table. */

import { disclosure, type Table, tableHtml } from "../html/components.ts";
import { Html, html } from "../html/html.ts";
import { chartWidth } from "./chart-parts.ts";
import { drawChart } from "./draw-chart.ts";

/** What a chart on a page is made of. */
export interface ChartFigure {
  readonly title: string;
  /** A Vega-Lite specification without its width and look. */
  readonly spec: object;
  /** What it shows, for whoever cannot see it. */
  readonly alt: string;
  /** The figures that it draws. */
  readonly table: Table;
  /** Stands below the chart. */
  readonly note?: string;
}

async function chartHtml({ title, spec, alt, table, note }: ChartFigure): Promise<Html> {
  const narrow = { autosize: { type: "fit-x", contains: "padding" }, width: chartWidth, padding: 4, ...spec };
  // Vega escapes what it writes.
  const svg = new Html(await drawChart(narrow, alt));
  return html`<figure class="chart"><figcaption>${title}</figcaption>${svg}${
    note !== undefined && html`<p class="quiet">${note}</p>`
  }${disclosure("The figures as a table", tableHtml(table, title))}</figure>`;
}

/** Charts beside each other, as many as the page is wide. */
export async function chartFigures(figures: readonly ChartFigure[]): Promise<Html> {
  return html`<div class="charts">${await Promise.all(figures.map(chartHtml))}</div>`;
}
