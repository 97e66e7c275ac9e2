/** The frame of every page: it holds all that it needs, and a policy that lets a browser obey nothing else. */

import { createHash } from "node:crypto";
import { researchOnly } from "../../text/research-only.ts";
import { chartTips } from "./chart-tips.ts";
import { Html, type HtmlValue, html } from "./html.ts";
import { stylesheet } from "./stylesheet.ts";

/** A part of a page that its navigation leads to. */
export interface Section {
  /** Its anchor: letters and dashes. */
  readonly id: string;
  readonly title: string;
  /** What the navigation calls it; default the title. */
  readonly shortTitle?: string;
  readonly body: HtmlValue;
}

/** What a page says. */
export interface Page {
  readonly title: string;
  /** Stands below the title. */
  readonly lead: HtmlValue;
  readonly sections: readonly Section[];
  /** Whether sections are chapters with numbers; default false. */
  readonly numbered?: boolean;
  /** A word that stands beside every section's title, such as `phantom data`. */
  readonly badge?: string | undefined;
  /** Stands at the end. */
  readonly footer?: HtmlValue;
}

const sourceOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** No style attribute, no other script, no request: whatever else stands in the page, a browser takes these styles and this script alone. */
const policy = [
  "default-src 'none'",
  "img-src data:",
  `style-src ${sourceOf(stylesheet)}`,
  `script-src ${sourceOf(chartTips)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function navigation(sections: readonly Section[], numbered: boolean): Html {
  const links = sections.map(
    ({ id, title, shortTitle = title }, i) =>
      html`<li><a href="#${id}">${numbered && html`<span class="number">${i + 1}</span> `}${shortTitle}</a></li>`,
  );
  return html`<nav aria-label="${numbered ? "Chapters" : "Sections"}"><ul>${links}</ul></nav>`;
}

const sectionHtml = ({ id, title, body }: Section, number: number | undefined, badge: string | undefined): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${number !== undefined && html`<span class="number">${number}</span> `}${title}${
    badge !== undefined && html` <span class="tag">${badge}</span>`
  }</h2>
${body}
</section>
`;

/**
 * A whole page as a file: title, statement of use, lead, navigation and sections, in light and dark, on paper and on a phone. It loads
 * nothing, and its one script shows what a chart's mark stands for when it is pointed at.
 */
export function htmlPage({ title, lead, sections, numbered = false, badge, footer }: Page): string {
  // The hashes and quotes of the policy need no escaping between double quotes.
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<title>${title}</title>
<style>${new Html(stylesheet)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<h1>${title}</h1>
<p class="quiet">${researchOnly}</p>
${lead}
${navigation(sections, numbered)}
</header>
<main id="main">
${sections.map((section, i) => sectionHtml(section, numbered ? i + 1 : undefined, badge))}</main>
${footer !== undefined && html`<footer>${footer}</footer>\n`}<div id="tip" role="presentation" hidden></div>
<script>${new Html(chartTips)}</script>
</body>
</html>
`.text;
}
