/** Chapter 10: the conclusion in words, and the model card. */

import type { StudyReport } from "../../../study/study-report.ts";
import { type HtmlValue, html } from "../../html.ts";
import { listHtml } from "../page.ts";

export function conclusionChapter({ conclusion, modelCard }: StudyReport): HtmlValue {
  const part = (title: string, lines: readonly string[]) =>
    lines.length > 0 && html`<h3>${title}</h3>${listHtml(lines)}`;
  const card = modelCard.sections.map(({ heading, lines }) => html`<h4>${heading}</h4>${listHtml(lines)}`);
  return [
    part("Read this first", conclusion.cautions),
    part("What was found", conclusion.found),
    part("What remains hard", conclusion.hard),
    part("What to do next", conclusion.next),
    part("Limits", conclusion.limits),
    html`<h3>Model card</h3><div class="rows">${card}</div>`,
  ];
}
