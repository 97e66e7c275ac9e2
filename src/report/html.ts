/** HTML as template literals in which everything is escaped that is not HTML already, and the frame of a page. */

import { createHash } from "node:crypto";
import { printable } from "../text/printable.ts";

/** A piece of HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template; nothing is written for undefined and false. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for use between tags or in quoted attributes. File names may hold control characters, which become `?`. */
export const escapeHtml = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => entities[character]!);

const write = (value: HtmlValue): string => {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  return typeof value === "object" ? value.map(write).join("") : escapeHtml(String(value));
};

/** Template tag: html`<b>${name}</b>` with `name` escaped. */
export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  new Html(strings.map((part, i) => part + (i < values.length ? write(values[i]) : "")).join(""));

/** Colours by use; charts and pictures take them from here too. */
const colours = `
  --paper: #fdfcfa; --ink: #22201d; --quiet: #6b655d; --line: #ddd7cd; --card: #f4f1ec; --mark: #9a4a2f; --other: #3f7f8c;
  --good: #2f7d4f; --bad: #b3312c;`;

const darkColours = `
  --paper: #191715; --ink: #ece7df; --quiet: #a59d92; --line: #3d3833; --card: #24211e; --mark: #e08b68; --other: #7fc3cf;
  --good: #7cc79a; --bad: #ef8a80;`;

const plainStyles = `
:root { color-scheme: light dark; ${colours} }
@media (prefers-color-scheme: dark) { :root { ${darkColours} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.35rem; margin: 3rem 0 0.5rem; padding-top: 0.6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.4rem; }
p, li { max-width: 46rem; }
a { color: var(--mark); }
small, .quiet, figcaption { color: var(--quiet); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; padding: 0; list-style: none; max-width: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; margin: 0.6rem 0; }
table:not(.words) td { white-space: nowrap; }
th, td { padding: 0.28rem 0.8rem 0.28rem 0; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
th:first-child, td:first-child, .words th, .words td { text-align: left; }
thead th { color: var(--quiet); font-weight: 600; vertical-align: bottom; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: 0.7rem; margin: 1.2rem 0; padding: 0; list-style: none; }
.facts li { background: var(--card); border-radius: 0.5rem; padding: 0.7rem 0.9rem; }
.facts b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.facts .bad b { color: var(--bad); }
.facts .good b { color: var(--good); }
.pictures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); margin: 1rem 0; }
.pictures.single { grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: 0.7rem; }
figure { margin: 0; break-inside: avoid; }
figcaption b { color: var(--ink); }
figcaption { font-size: 0.82rem; line-height: 1.35; margin-top: 0.3rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0.4rem; }
img { width: 100%; height: auto; display: block; border-radius: 0.3rem; background: var(--card); }
.chart svg { max-width: 100%; min-width: 25rem; height: auto; }
.tag { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 0.5rem; font-size: 0.78rem; color: var(--bad); }
.tag.calm { color: var(--other); }
.note { border-left: 0.25rem solid var(--mark); padding: 0.1rem 0 0.1rem 0.9rem; margin: 1rem 0; }
details > summary { cursor: pointer; color: var(--mark); margin: 0.6rem 0; }
@media (max-width: 32rem) { body { padding: 1rem 0.9rem 3rem; } h1 { font-size: 1.5rem; } .facts { grid-template-columns: 1fr 1fr; }
  th, td { padding-right: 0.55rem; font-size: 0.85rem; } .pictures.single { grid-template-columns: repeat(3, 1fr); } }
@media print { :root { color-scheme: light; ${colours} --paper: #fff; } body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  h2 { break-after: avoid; margin-top: 1.5rem; } .scroll { overflow: visible; } a { color: inherit; } }
`;

const sourceOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** CSS, by default what the audit's page looks like. */
  readonly styles?: string;
  readonly script?: string;
}

/**
 * The frame of every page: it loads nothing, and its policy lets a browser obey this very script and these very styles alone, whatever
 * else stands in the page. The policy allows no style attributes either.
 */
export function htmlPage({ title, body, styles = plainStyles, script = "" }: Page): string {
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src ${sourceOf(styles)}`,
    ...(script === "" ? [] : [`script-src ${sourceOf(script)}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  // The hashes and quotes of the policy need no escaping between double quotes.
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy.join("; "))}">
<title>${title}</title>
<style>${new Html(styles)}</style>
</head>
<body>
${body}${script !== "" && html`\n<script>${new Html(script)}</script>`}
</body>
</html>
`.text;
}

/** A table whose first column is text and whose others are figures, or text with `words`; it scrolls by itself where it is too wide. */
export function htmlTable(
  head: readonly HtmlValue[],
  rows: readonly (readonly HtmlValue[])[],
  { words = false }: { readonly words?: boolean } = {},
): Html {
  return html`<div class="scroll"><table${words && html` class="words"`}>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}
