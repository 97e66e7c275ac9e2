/** Chapter 10: the conclusion in words, and the model card. */

import type { StudyReport } from "../../../study/study-report.ts";
import { bullets } from "../../html/components.ts";
import { type HtmlValue, html } from "../../html/html.ts";

/** The chapter's body. */
export function conclusionChapter({ conclusion, modelCard }: StudyReport): HtmlValue {
  const part = (title: string, lines: readonly string[]) =>
    lines.length > 0 && html`<h3>${title}</h3>${bullets(lines)}`;
  const card = modelCard.sections.map(({ heading, lines }) => html`<h4>${heading}</h4>${bullets(lines)}`);
  return [
    part("Read this first", conclusion.cautions),
    part("Findings", conclusion.found),
    part("Difficulties", conclusion.hard),
    part("Next steps", conclusion.next),
    part("Limits", conclusion.limits),
    html`<h3>Model card</h3>${card}`,
  ];
}
