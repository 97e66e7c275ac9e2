/** `naevus/charts`: charts: Vega-Lite specifications of the usual figures, drawn to SVG without a browser, and networks drawn. */
import "../../node-version.ts";

export type { BarChart } from "../../report/charts/bar-chart.ts";
export { barChart } from "../../report/charts/bar-chart.ts";
export { drawChart } from "../../report/charts/draw-chart.ts";
export type { HeatChart } from "../../report/charts/heat-chart.ts";
export { heatChart } from "../../report/charts/heat-chart.ts";
export { type IntervalChart, intervalChart } from "../../report/charts/interval-chart.ts";
export { type LineChart, lineChart } from "../../report/charts/line-chart.ts";
export type { SpreadChart } from "../../report/charts/spread-chart.ts";
export { spreadChart } from "../../report/charts/spread-chart.ts";
export { escapeHtml } from "../../report/html/html.ts";
export { drawNetwork, type NetworkDrawing } from "../../report/network/draw-network.ts";
