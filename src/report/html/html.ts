/** HTML as template literals in which everything is escaped that is not HTML already. */
import { printable } from "../../text/printable.ts";

/** A piece of HTML. Only the `html` tag, a chart and the frame of a page make one from text that is markup already. */
export class Html {
  /** The markup. */
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
