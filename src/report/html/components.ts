/** The pieces that pages are made of: paragraphs, lists, callouts, cards, tables, tags, details and pictures. */

import { type Html, type HtmlValue, html } from "./html.ts";

/** A paragraph. */
export const paragraph = (text: HtmlValue): Html => html`<p>${text}</p>`;

/** A paragraph of lesser importance. */
export const aside = (text: HtmlValue): Html => html`<p class="quiet">${text}</p>`;

/** A list with bullets. */
export const bullets = (lines: readonly HtmlValue[]): Html =>
  html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

/** A warning that stands out. */
export const callout = (title: string, text: HtmlValue): Html =>
  html`<p class="callout"><strong>${title}</strong> ${text}</p>`;

/** A part that opens when its summary is chosen; `open` at the start or not. */
export const disclosure = (
  summary: string,
  body: HtmlValue,
  { open = false }: { readonly open?: boolean } = {},
): Html => html`<details${open && html` open`}><summary>${summary}</summary>${body}</details>`;

/** A small label, of something bad unless `calm`. */
export const tag = (text: string, { calm = false }: { readonly calm?: boolean } = {}): Html =>
  html`<span class="tag${calm && " calm"}">${text}</span>`;

/** A figure in large print with what it is of. */
export interface Card {
  readonly value: string;
  readonly text: string;
  /** Default `plain`. */
  readonly kind?: "plain" | "good" | "bad";
}

/** Figures beside each other. */
export const cards = (all: readonly Card[]): Html =>
  html`<ul class="cards">${all.map(({ value, text, kind = "plain" }) => html`<li class="${kind}"><b>${value}</b>${text}</li>`)}</ul>`;

/** What a cell of a table holds; null is what is not known. */
export type Cell = Html | string | number | null;

/** A table whose first column names its rows. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const isFigure = (cell: Cell | undefined): boolean =>
  cell === null || typeof cell === "number" || (typeof cell === "string" && /^([-+−]?[\d(]|–)/.test(cell));

const shown = (cell: Cell): Html | string => {
  if (cell === null) return "–";
  return typeof cell === "number" ? cell.toLocaleString("en-US", { maximumFractionDigits: 3 }) : cell;
};

/** A table that scrolls by itself where the page is narrow, its first column staying in sight. Columns of figures stand to the right. */
export function tableHtml({ columns, rows }: Table, caption?: string): Html {
  const numeric = columns.map((_, i) => i > 0 && rows.length > 0 && rows.every((row) => isFigure(row[i])));
  const right = (column: number) => numeric[column] && html` class="n"`;
  const head = columns.map((name, i) => html`<th scope="col"${right(i)}>${name}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0 ? html`<th scope="row">${shown(cell)}</th>` : html`<td${right(i)}>${shown(cell)}</td>`,
    );
    return html`<tr>${cells}</tr>\n`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption ?? columns.join(", ")}"><table>${
    caption !== undefined && html`<caption><span>${caption}</span></caption>`
  }
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

/** A picture of an image file with its caption. */
export interface Picture {
  /** A `data:` address; undefined on a page without pictures. */
  readonly source: string | undefined;
  /** What it shows, for whoever cannot see it. */
  readonly alt: string;
  readonly caption: HtmlValue;
}

/** The image alone. */
export const imageHtml = (source: string, alt: string): Html =>
  html`<img src="${source}" alt="${alt}" width="128" height="128" loading="lazy">`;

/** Pictures with their captions; the captions alone, as a list, where there are no pictures. */
export function galleryHtml(pictures: readonly Picture[]): Html {
  const figures = pictures.flatMap(({ source, alt, caption }) =>
    source === undefined
      ? []
      : [
          html`<figure>${imageHtml(source, alt)}${caption !== "" && html`<figcaption>${caption}</figcaption>`}</figure>`,
        ],
  );
  return figures.length === 0
    ? bullets(pictures.map(({ caption }) => caption))
    : html`<div class="pictures">${figures}</div>`;
}
