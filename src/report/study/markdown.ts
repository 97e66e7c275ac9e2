/** Markdown as template literals in which everything is escaped: names of classes and files are shown as they are, and mean nothing. */
import { printable } from "../../text/printable.ts";

/**
 * Signs that begin markup within a line, or end a table's cell. An underscore does so only at the edge of a word; a colon or full stop
 * where an address would become a link by itself.
 */
const markup = /[\\`*[\]<>|~&$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|:(?=\/\/)|(?<=\bwww)\./giu;

/** What begins a heading, a list or a line across the page at the beginning of a text; no signed or decimal number. */
const opening = /(?<=^ ?)(?=[-+#](?!\d))|(?<=^ ?\d+)(?=[.)]( |$))/;

/** One line of text for a table's cell or a list's item. */
export const markdownText = (text: string): string =>
  printable(text)
    .replace(/[\n\t ]+/g, " ")
    .replace(markup, (sign) => `\\${sign}`)
    .replace(opening, "\\");

/** Template tag: markdown`- ${name}` with `name` escaped, on one line. */
export const markdown = (strings: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  strings.map((part, i) => part + (i < values.length ? markdownText(String(values[i])) : "")).join("");
