/** Charts are whole drawings, whatever names stand in them. */
import { describe, expect, test } from "vitest";
import { svgToPng } from "../../image/encode.ts";
import { distributionChart } from "../audit/audit-charts.ts";
import { escapeHtml } from "../html/html.ts";
import { barChart } from "./bar-chart.ts";
import { chartFigures } from "./chart-figure.ts";
import { drawChart } from "./draw-chart.ts";

describe("drawings", () => {
  const countings = [{ name: "as they are", counts: [12, 3], total: 15, imbalanceRatio: 4 }];

  test("a chart is the same every time, names its classes and says what it shows", async () => {
    const spec = distributionChart(["nevus", "<melanoma>"], countings);
    const svg = await drawChart(spec, 'Images "by" class');
    expect(await drawChart(spec, 'Images "by" class')).toBe(svg);
    expect(svg).toMatch(/^<svg role="img" aria-label="Images &quot;by&quot; class" /);
    expect(svg).toContain(">nevus<");
    expect(svg).toContain("&lt;melanoma&gt;");
    expect(svg).toContain("currentColor");
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  test("names that Vega would read as its own are drawn as they are, and stay apart", async () => {
    const names = ["constructor", "__proto__", "a\u2028b\u2028", "a\u2029b\u2028", "'+alert(1)+'", "{{x}}", "a\\n"];
    const counts = names.map((_, i) => i + 11);
    const svg = await drawChart(distributionChart(names, [{ ...countings[0]!, counts }]), "x");
    const texts = Array.from(svg.matchAll(/<text[^>]*>([^<]*)</g), ([, text]) => text);
    for (const name of names) expect(texts).toContain(escapeHtml(name).replaceAll("&#39;", "'"));
    expect(texts.filter((text) => text === "a?b?")).toHaveLength(2);
    for (const count of counts) expect(texts).toContain(String(count));
  });

  test("a study's chart breaks a name once at most, at a space, whatever stands in it", async () => {
    const thumbs = "\u{1f44d}".repeat(6);
    const names = ["a\nb\nc and d\ne\nf", `${thumbs} seven eight`];
    const spec = barChart({ rows: names.map((name) => ({ name, series: "s", value: 1 })), series: ["s"], x: "images" });
    const svg = await drawChart(spec, "x");
    const labels = Array.from(svg.matchAll(/<t(?:ext|span)[^>]*>([^<]+)/g), ([, label]) => label);
    expect(labels).toEqual(expect.arrayContaining(["a?b?c and", "d?e?f", thumbs, "seven eight"]));
  });

  test("a description stands as it is, whatever signs it holds", async () => {
    const svg = await drawChart(distributionChart(["a", "b"], countings), "$& $1 $$ <x>");
    expect(svg).toContain('aria-label="$&amp; $1 $$ &lt;x&gt;" ');
  });

  test("a chart becomes a picture of its size", async () => {
    const svg = await drawChart(distributionChart(["a", "b"], countings), "x");
    expect((await svgToPng(svg)).length).toBeGreaterThan(1000);
  });

  test("on a page it stands with its title, note and table", async () => {
    const spec = distributionChart(["a", "b"], countings);
    const table = { columns: ["class", "images"], rows: [["<a>", 12]] };
    const { text } = await chartFigures([{ title: "Images & classes", alt: "counts", note: "a note", spec, table }]);
    expect(text).toContain('<figure class="chart"><figcaption>Images &amp; classes</figcaption><svg role="img"');
    expect(text).toContain('<p class="quiet">a note</p>');
    expect(text).toContain("&lt;a&gt;");
  });
});
