/** Charts: Vega-Lite specifications drawn to SVG without a browser, in the text colour of the page around them. */
import { createHash } from "node:crypto";
import type { TopLevelSpec } from "vega-lite";
import { replaceUnprintable } from "../../text/printable.ts";
import { html } from "../html/html.ts";
import { chartColours } from "./chart-colours.ts";

const font = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";
const text = { labelColor: "currentColor", titleColor: "currentColor", labelFontSize: 12, titleFontSize: 12 };

const config = {
  font,
  view: { stroke: "transparent" },
  axis: {
    ...text,
    titleFontWeight: "normal",
    labelLimit: 320,
    gridColor: "currentColor",
    gridOpacity: 0.15,
    domainColor: "currentColor",
    domainOpacity: 0.4,
    tickColor: "currentColor",
    tickOpacity: 0.4,
  },
  legend: { ...text, titleFontWeight: "normal", orient: "top" },
  title: { color: "currentColor", fontSize: 14, anchor: "start" },
  text: { color: "currentColor", fontSize: 11 },
  rule: { color: "currentColor" },
  tick: { color: "currentColor" },
  bar: { color: chartColours[0] },
  range: { category: [...chartColours] },
} as const;

/** Unicode keeps these from ever being characters, so that no name has them: they tell texts apart until they are drawn. */
const firstMark = 0xfdd0;
const marks = /[\ufdd0-\ufdef]/g;

const marked = (number: number): string =>
  String.fromCharCode(...Array.from(number.toString(16), (digit) => firstMark + 1 + Number.parseInt(digit, 16)));

/**
 * A specification whose texts are none that Vega trips over: it takes the name of what every object has, such as `constructor`, for a
 * signal, and writes names into expressions, where it does not read what ends lines. Names that differ stay different.
 */
function drawable(part: unknown): unknown {
  if (typeof part === "string") {
    const text = replaceUnprintable(part, (character) => `?${marked(character.codePointAt(0)!)}`);
    return text in Object.prototype ? text + String.fromCharCode(firstMark) : text;
  }
  if (Array.isArray(part)) return part.map(drawable);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, drawable(value)]));
}

/**
 * Draws a chart; the same specification gives the same text. Throws what Vega-Lite throws where the specification is wrong.
 *
 * @param spec a Vega-Lite specification without its look
 * @param description what the chart shows, for those who cannot see it
 * @param options.background a colour, for files of their own; a page's chart has none
 */
export async function drawChart(
  spec: object,
  description: string,
  { background = "transparent" }: { readonly background?: string } = {},
): Promise<string> {
  // Loaded only where a chart is drawn: both are large, and their top-level await would forbid `require("naevus")`.
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const whole = {
    ...(drawable(spec) as object),
    config: { ...config, background },
  } as unknown as TopLevelSpec;
  const view = new View(parse(compile(whole).spec), { renderer: "none" });
  try {
    const svg = (await view.toSVG()).replace(marks, "");
    // Parts are numbered through all drawings of a process; by the drawing's own name they are the same every time, and unlike
    // those of others in one page.
    const own = createHash("sha256").update(JSON.stringify(whole)).digest("hex").slice(0, 8);
    const numbers = new Map<string, string>();
    return svg
      .replace(/(\bid="|url\(#)((?:clip|gradient_?)\d+)/g, (_, before: string, name: string) => {
        if (!numbers.has(name)) numbers.set(name, `${own}-${numbers.size}`);
        return before + numbers.get(name);
      })
      .replace(/^<svg /, () => html`<svg role="img" aria-label="${description}" `.text);
  } finally {
    view.finalize();
  }
}
