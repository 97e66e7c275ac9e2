/** The pieces of a report page: tables, figures with the table behind them, galleries, and the page around them. */

import { chartWidth } from "../charts/charts.ts";
import { drawChart } from "../charts/draw-chart.ts";
import { Html, type HtmlValue, html, htmlPage } from "../html.ts";

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const shown = (value: string | number | null): string | number => value ?? "–";

const isNumeric = (value: string | number | null | undefined): boolean =>
  value === null || typeof value === "number" || (typeof value === "string" && /^([-+−]?[\d(]|–)/.test(value));

/** A table that scrolls by itself where the page is narrow. The first column names the rows. */
export function tableHtml({ columns, rows }: Table, caption?: string): Html {
  const numeric = columns.map((_, i) => i > 0 && rows.length > 0 && rows.every((row) => isNumeric(row[i])));
  const asFigure = (column: number) => numeric[column] && html` class="n"`;
  const head = columns.map((name, i) => html`<th scope="col"${asFigure(i)}>${name}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((value, i) =>
      i === 0 ? html`<th scope="row">${shown(value)}</th>` : html`<td${asFigure(i)}>${shown(value)}</td>`,
    );
    return html`<tr>${cells}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption ?? columns.join(", ")}"><table>${
    caption !== undefined && html`<caption><span>${caption}</span></caption>`
  }<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export interface Figure {
  readonly title: string;
  readonly spec: object;
  /** What it shows, for whoever cannot see it. */
  readonly alt: string;
  readonly table: Table;
  /** Stands below the chart. */
  readonly note?: string;
}

/** Charts with their titles and, folded, the figures behind them. */
export async function figuresHtml(figures: readonly Figure[]): Promise<Html> {
  return html`<div class="figures">${await Promise.all(figures.map(figureHtml))}</div>`;
}

async function figureHtml({ title, spec, alt, table, note }: Figure): Promise<Html> {
  const narrow = { autosize: { type: "fit-x", contains: "padding" }, width: chartWidth, padding: 4, ...spec };
  return html`<figure><figcaption>${title}</figcaption>${new Html(await drawChart(narrow, alt))}${
    note !== undefined && html`<p class="note">${note}</p>`
  }<details><summary>The figures as a table</summary>${tableHtml(table, title)}</details></figure>`;
}

export interface Picture {
  /** Undefined in a report without pictures. */
  readonly source: string | undefined;
  readonly alt: string;
  readonly caption: string;
}

/** Pictures with their captions; the captions alone where there are no pictures. */
export function galleryHtml(pictures: readonly Picture[]): Html {
  const shown = pictures.flatMap(({ source, alt, caption }) =>
    source === undefined
      ? []
      : [html`<li><img src="${source}" alt="${alt}" loading="lazy"><span>${caption}</span></li>`],
  );
  if (shown.length === 0) return listHtml(pictures.map(({ caption }) => caption));
  return html`<ul class="gallery">${shown}</ul>`;
}

export const paragraph = (text: string): Html => html`<p>${text}</p>`;

/** A warning that stands out. */
export const noticeHtml = (title: string, text: string): Html =>
  html`<p class="notice"><strong>${title}</strong> ${text}</p>`;

export const listHtml = (lines: readonly string[]): Html =>
  html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: HtmlValue;
}

/** The whole page: it needs no network, and its one script only shows what a mark says when it is pointed at. */
export function pageHtml({
  title,
  lead,
  notice,
  sections,
  footer,
}: {
  readonly title: string;
  /** Stands below the title. */
  readonly lead: Html;
  /** Stands at the top of the page and stays in sight. */
  readonly notice: string | undefined;
  readonly sections: readonly Section[];
  readonly footer: Html;
}): string {
  const toc = sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`);
  const chapters = sections.map(
    ({ id, title: name, body }, i) =>
      html`${i > 0 && "\n"}<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title"><span class="number">${i + 1}</span> ${name}${
        notice !== undefined && html` <span class="badge">${notice}</span>`
      }</h2>${body}</section>`,
  );
  return htmlPage({
    title,
    styles,
    script,
    body: html`<a class="skip" href="#main">To the report</a>
<header><h1>${title}</h1>${lead}<nav aria-label="Chapters"><ol>${toc}</ol></nav></header>
<main id="main">
${chapters}
</main>
<footer>${footer}</footer>
<div id="tip" role="presentation" hidden></div>`,
  });
}

/** A share from 0 to 1 as the class of a cell that is darker the larger it is, in steps of 5 %; of nothing undefined is given. */
export const heatClass = (share: number | undefined): string =>
  share === undefined ? "heat-none" : `heat-${Math.round(share * heatSteps)}`;

const heatSteps = 20;

const heatStyles = [
  ".matrix .heat-none { --share: .03; }",
  ...Array.from(
    { length: heatSteps + 1 },
    (_, step) => `.matrix .heat-${step} { --share: ${(0.06 + (0.5 * step) / heatSteps).toFixed(3)}; }`,
  ),
].join("\n");

const styles = `
:root { color-scheme: light dark; --page: #fbfaf8; --card: #fff; --ink: #1d2126; --soft: #5a626b; --line: #dcdad5; --accent: #0b64a0; --mark: #9a3412; --warm: #fdf3e3; --heat: 15, 127, 196; --quiet: #5a626b; --other: #d95f0e; --good: #0a9a72; --bad: #b3312c; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1b1f23; --ink: #e8e9ea; --soft: #a4acb4; --line: #343a41; --accent: #6cb8ec; --mark: #f4a261; --warm: #2c241a; --heat: 60, 150, 210; --quiet: #a4acb4; --other: #e8894a; --good: #4cc29c; --bad: #ef8a80; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2.2rem; }
h1 { font-size: clamp(1.6rem, 4vw, 2.3rem); line-height: 1.15; margin: 0 0 .6rem; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.4rem; margin: 0 0 .8rem; line-height: 1.25; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
p, section > ul, .lead { max-width: 44rem; }
p { margin: 0 0 .9rem; }
p, li, h4, figcaption { overflow-wrap: anywhere; }
a { color: var(--accent); }
.number { color: var(--soft); font-variant-numeric: tabular-nums; font-weight: 400; margin-right: .25rem; }
.badge { display: inline-block; vertical-align: middle; font-size: .72rem; font-weight: 600; color: var(--mark); border: 1px solid currentColor; border-radius: 99px; padding: .05rem .55rem; white-space: nowrap; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .4rem .8rem; }
.notice { background: var(--warm); border-left: 4px solid var(--mark); padding: .7rem 1rem; max-width: 44rem; margin: 0 0 1rem; border-radius: 0 6px 6px 0; }
nav ol { columns: 15rem; padding-left: 1.4rem; margin: 1.2rem 0 0; font-size: .95rem; }
nav li { padding: .1rem 0; break-inside: avoid; }
section { border-top: 1px solid var(--line); padding: 2rem 0 1.6rem; margin-top: 1.6rem; }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .8rem; margin: 0 0 1.2rem; padding: 0; list-style: none; }
.key li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; }
.key b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.key span { color: var(--soft); font-size: .86rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21.5rem), 1fr)); gap: 1rem; margin: 1rem 0; align-items: start; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem; break-inside: avoid; min-width: 0; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .4rem; }
figure svg { display: block; max-width: 100%; height: auto; color: var(--ink); margin: 0 auto; }
.note { color: var(--soft); font-size: .86rem; margin: .4rem 0 0; }
details { margin-top: .5rem; font-size: .9rem; }
summary { cursor: pointer; color: var(--accent); }
.scroll { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; min-width: 15rem; font-weight: 600; padding: .3rem 0; font-size: .95rem; }
th, td { text-align: left; padding: .32rem .7rem .32rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
caption span { position: sticky; left: 0; display: inline-block; max-width: min(44rem, calc(100vw - 3.6rem)); }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 7rem; position: sticky; left: 0; background: var(--page); }
figure tbody th { background: var(--card); }
td { white-space: pre-line; }
.n { text-align: right; white-space: pre; }
.gallery { list-style: none; display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: .5rem 0 1rem; max-width: none !important; }
.gallery li { width: 6.4rem; font-size: .76rem; line-height: 1.3; color: var(--soft); overflow-wrap: anywhere; }
.gallery img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 6px; background: var(--line); margin-bottom: .2rem; }
.rows h4 { font-size: .85rem; font-weight: 600; margin: .6rem 0 0; }
.matrix td { padding: 2px; border: 0; text-align: center; min-width: 3rem; }
.matrix td a, .matrix td span { display: grid; align-content: center; min-height: 3rem; padding: .2rem; border-radius: 5px; color: inherit; text-decoration: none; background: rgba(var(--heat), var(--share)); }
${heatStyles}
.matrix td a:hover, .matrix td a:focus { outline: 2px solid var(--accent); }
.matrix td small { display: block; opacity: .85; font-size: .72rem; }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; max-height: 9rem; padding: .3rem 0; border: 0; }
.matrix tbody th { border: 0; padding-right: .6rem; vertical-align: middle; }
.matrix .own { font-weight: 700; }
.cell { display: none; border: 1px solid var(--line); border-radius: 10px; background: var(--card); padding: .8rem 1rem; }
.cell:target { display: block; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }
footer { color: var(--soft); font-size: .86rem; padding-bottom: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 2rem; }
#tip { position: fixed; pointer-events: none; background: var(--ink); color: var(--page); font-size: .8rem; padding: .25rem .5rem; border-radius: 5px; max-width: 18rem; z-index: 9; }
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --accent: #000; --mark: #7a2a0d; --warm: #fff; }
  body { font-size: 10.5pt; } nav, .skip, #tip, figure details { display: none; } section { break-inside: auto; border: 0; padding: .5rem 0; } tr, .gallery li { break-inside: avoid; } tbody th { position: static; } h2, h3, figcaption { break-after: avoid; }
  .figures { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; } * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;

// Marks carry what they show as their label for screen readers; pointing at one shows the same text.
const script = `
const tip = document.getElementById("tip");
const tell = (event) => {
  const mark = event.target.closest && event.target.closest("figure svg [aria-label]:not(svg):not([role=graphics-object])");
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.getAttribute("aria-label");
  tip.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(4, event.clientY - tip.offsetHeight - 10) + "px";
};
document.addEventListener("pointermove", tell);
document.addEventListener("pointerdown", tell);
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
`;
