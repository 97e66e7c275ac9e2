/** Nothing that stands in a name becomes markup, and charts and sheets are whole drawings. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { svgToPng } from "../image/encode.ts";
import { distributionChart } from "./audit/audit-charts.ts";
import { barChart } from "./charts/charts.ts";
import { drawChart } from "./charts/draw-chart.ts";
import { escapeHtml, html, htmlPage, htmlTable } from "./html.ts";
import { contactSheet } from "./show/contact-sheet.ts";
import { galleryHtml } from "./study/page.ts";

describe("html", () => {
  test("escapes everything that is not HTML already", () => {
    const name = `<img src=x onerror='alert("1")'>&`;
    expect(html`<b title="${name}">${name}</b>`.text).toBe(
      `<b title="${escapeHtml(name)}">&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;</b>`,
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  test("takes pieces, lists and numbers, and writes nothing for what is not there", () => {
    expect(html`<p>${html`<i>a</i>`}${[1, "<", html`<br>`]}${undefined}${false}${0}</p>`.text).toBe(
      "<p><i>a</i>1&lt;<br>0</p>",
    );
  });

  test("control characters, which a terminal or a parser would obey, become question marks", () => {
    expect(escapeHtml("a\u0007b\u001b[31m\nc")).toBe("a?b?[31m\nc");
  });

  test("a page is whole and may load nothing", () => {
    const page = htmlPage({ title: "A & B", body: html`<main>${htmlTable(["a"], [[1]])}</main>` });
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain("<title>A &amp; B</title>");
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page).toContain("@media print");
  });

  test("a page's policy names its own script and styles by their hashes, and allows nothing else", () => {
    const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const policyOf = (page: string): string => /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const page = htmlPage({ title: "a", body: html`b`, styles: "p { color: red; }", script: "1 + 1;" });
    expect(page).toContain("<script>1 + 1;</script>");
    expect(policyOf(page)).toBe(
      `default-src 'none'; img-src data:; style-src ${hash("p { color: red; }")}; script-src ${hash("1 + 1;")}; base-uri 'none'; form-action 'none'`,
    );
    const plain = htmlPage({ title: "a", body: html`b` });
    const [, styles] = /<style>(.*)<\/style>/s.exec(plain)!;
    expect(policyOf(plain)).toContain(`style-src ${hash(styles!)};`);
    expect(policyOf(plain)).not.toContain("script-src");
  });
});

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
    const names = ["constructor", "__proto__", "a\u2028b\u2028", "a\u2029b\u2028", "' + alert(1) + '", "{{x}}", "a\\n"];
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

  test("a chart and a contact sheet become pictures of their size", async () => {
    const pixel = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#ff0000" } })
      .jpeg()
      .toBuffer();
    const picture = `data:image/jpeg;base64,${pixel.toString("base64")}`;
    const cell = { picture, caption: "a <b> & a very long name that does not fit.jpg" };
    const sheet = contactSheet([{ title: "one & two", cells: [cell, { ...cell, picture: undefined }, cell] }], {
      size: 64,
      columns: 2,
    });
    const { data, info } = await sharp(await svgToPng(sheet))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([2 * 72 + 8, 8 + 28 + 2 * (64 + 15 + 8) + 8]);
    const at = (x: number, y: number): number[] => [
      ...data.subarray((y * info.width + x) * info.channels).subarray(0, 3),
    ];
    expect(at(40, 60)[0]).toBeGreaterThan(240);
    expect(at(40, 60)[1]).toBeLessThan(20);
    expect(at(112, 60)).toEqual([0xdd, 0xd7, 0xcd]);
    expect((await svgToPng(await drawChart(distributionChart(["a", "b"], countings), "x"))).length).toBeGreaterThan(
      1000,
    );
  });
});

test("a picture that a kept file gives, and that is none, stays within its attribute", () => {
  const page = galleryHtml([{ source: 'x" onerror="alert(1)', alt: "a", caption: "b" }]);
  expect(page.text).toContain('src="x&quot; onerror=&quot;alert(1)"');
});
